"""One vehicle and a server that is wrong, late or taken over: refused, reported, and the old image stays."""

from datetime import timedelta
from hashlib import sha256

import pytest

from roadworthy.kernel.time import SetTime, SystemTime
from roadworthy.vehicle.agent import Agent, Moment, Status

VIN, OTHER_VIN, SERIAL, PATH = "LSVAA4187E0000001", "LSVAA4187E0000002", "SN-0001", "acme/adcu/4.2.1.img"
IMAGE = b"roadworthy image " * 300
HOUR = timedelta(hours=1)


def refused(world, agent, name, words, *, order=True):
    """One cycle is refused as `name` with `words`; nothing changes; a manifest says so."""
    before, sent = agent.state.ecus, len(world.manifests)
    outcome = agent.cycle()
    assert outcome.status is Status.REFUSED, outcome
    assert outcome.reason.startswith(f"{name}: "), outcome.reason
    assert words in outcome.reason
    assert agent.state.ecus == before
    assert len(world.manifests) == sent + 1
    manifest = world.manifests[-1]
    assert manifest.ecu()["attacks_detected"] == outcome.reason
    if order:
        result = manifest.report["result"]
        assert (result["success"], result["code"]) == (False, name.upper())
    else:
        assert manifest.report is None


@pytest.mark.parametrize("signers", [("release",), ("gate",)])
def test_image_without_both_signatures(world, agent, signers):
    world.release(signers=signers)
    world.assign()
    refused(world, agent, "arbitrary_software", "released was signed by 1/2 keys")
    assert not any("image/targets" in request for request in world.requests)


def test_delegation_weakened_to_one_key(world, agent):
    world.release(signers=("release",), threshold=1)
    world.assign()
    refused(world, agent, "arbitrary_software", "needed 1 signatures")


def test_image_listed_by_the_top_level_targets_key_alone(world, agent):
    world.release()
    world.publish_images(top=world.released)
    world.assign()
    refused(world, agent, "arbitrary_software", "needed 1 signatures")


def test_image_that_the_image_repository_does_not_release(world, agent):
    world.assign()
    refused(world, agent, "arbitrary_software", "does not release")


def test_other_hash_in_the_director(world, agent):
    world.release()
    world.assign(data=IMAGE[::-1])
    refused(world, agent, "mix_and_match", "sha256 differs")


def test_other_length_in_the_director(world, agent):
    world.release()
    world.assign(data=IMAGE + b"!")
    refused(world, agent, "mix_and_match", "bytes in the Director")


def test_hardware_the_image_was_not_made_for(world, agent):
    world.release(hardware=("brake-hw1",))
    world.assign()
    refused(world, agent, "mix_and_match", "was not made for hardware adcu-hw3")


def test_hardware_the_ecu_is_not(world, agent):
    world.release(hardware=("adcu-hw3", "adcu-hw4"))
    world.assign(hardware="adcu-hw4")
    refused(world, agent, "wrong_ecu", "SN-0001 is adcu-hw3")


def test_ecu_of_another_vehicle(world, agent):
    world.release()
    world.assign(serial="SN-9999")
    refused(world, agent, "wrong_ecu", "does not have")


def test_one_ecu_named_for_two_images(world, agent):
    from tuf.api.metadata import TargetFile

    world.release()
    named = {"ecuIdentifiers": {SERIAL: {"hardwareId": "adcu-hw3", "releaseCounter": 1}}}
    second = TargetFile(1, {"sha256": "00"}, "acme/adcu/other.img", {"custom": named})
    world.assign(more={"acme/adcu/other.img": second})
    refused(world, agent, "mix_and_match", "is to get both", order=False)


def test_other_vin(world, agent):
    world.release()
    world.assign(named_vin=OTHER_VIN)
    refused(world, agent, "wrong_vehicle", "another VIN", order=False)


def test_genuine_metadata_of_another_vehicle_does_not_lock_this_one_out(world, agent):
    world.release()
    world.assign(OTHER_VIN, version=1000)
    mine = {name: data for name, data in world.files.items() if not name.startswith("vehicle/")}
    for name, data in list(world.files.items()):
        world.files[name.replace(OTHER_VIN, VIN)] = data
    refused(world, agent, "wrong_vehicle", "another VIN", order=False)
    world.files = mine
    world.assign(VIN, version=2)
    assert agent.cycle().status is Status.ATTESTED


def test_empty_targets_of_another_vehicle(world, agent):
    world.assign(path=None, named_vin=OTHER_VIN)
    refused(world, agent, "wrong_vehicle", "another VIN", order=False)


def test_replayed_older_director_metadata(world, agent):
    world.release()
    world.assign()
    old = {name: data for name, data in world.files.items() if name.startswith("vehicle/")}
    world.assign(path=None)
    assert agent.cycle().status is Status.NOTHING_NEW
    world.files |= old
    refused(world, agent, "rollback", "timestamp", order=False)


def test_lower_release_counter_signed_by_valid_keys(world, agent):
    world.release(counter=5)
    world.assign(counter=5)
    assert agent.cycle().status is Status.ATTESTED
    world.release(data=b"old", counter=4)
    world.assign(data=b"old", counter=4)
    refused(world, agent, "rollback", "release counter 4, SN-0001 already runs 5")


def test_release_counter_that_differs_between_the_repositories(world, agent):
    world.release(counter=5)
    world.assign(counter=6)
    refused(world, agent, "mix_and_match", "6 in the Director, 5 in the Image repository")


def test_expired_director_metadata(world, agent):
    world.release()
    world.assign(expires=-HOUR)
    refused(world, agent, "freeze", "expired", order=False)


def test_director_metadata_expired_by_the_vehicles_own_time(world, pool, tmp_path):
    world.release()
    world.assign()
    late = SetTime(SystemTime().now() + timedelta(days=2))
    agent = Agent(world.vehicle(), tmp_path / VIN, pool=pool, time=late)
    refused(world, agent, "freeze", "expired", order=False)


def test_expired_image_metadata(world, agent):
    world.release(expires=-HOUR)
    world.assign()
    refused(world, agent, "freeze", "Image repository: timestamp.json is expired")


def test_director_that_delegates(world, agent):
    from tuf.api.metadata import Delegations

    world.release()
    world.assign(delegations=Delegations({}, {}))
    refused(world, agent, "malformed_metadata", "delegate", order=False)


def test_metadata_that_is_no_json(world, agent):
    world.release()
    world.assign()
    world.files[f"vehicle/{VIN}/director/metadata/timestamp.json"] = b"<html>"
    refused(world, agent, "malformed_metadata", "Director repository", order=False)


def test_metadata_longer_than_allowed(world, agent):
    world.assign()
    world.files[f"vehicle/{VIN}/director/metadata/timestamp.json"] = b" " * 20_000
    refused(world, agent, "endless_data", "16384", order=False)


def serve_instead(world, data):
    name = f"image/targets/acme/adcu/{sha256(IMAGE).hexdigest()}.4.2.1.img"
    assert name in world.files
    world.files[name] = data


def test_wrong_bytes_of_the_right_length(world, agent):
    world.release()
    world.assign()
    serve_instead(world, b"x" + IMAGE[1:])
    refused(world, agent, "arbitrary_software", PATH)


def test_image_longer_than_signed(world, agent):
    world.release()
    world.assign()
    serve_instead(world, IMAGE + b"x")
    refused(world, agent, "endless_data", str(len(IMAGE)))


def test_image_changed_between_download_and_install(world, agent):
    def tamper(moment, path):
        if moment is Moment.DOWNLOADED:
            path.write_bytes(b"x" + path.read_bytes()[1:])

    agent._watch = tamper
    world.release()
    world.assign()
    refused(world, agent, "arbitrary_software", "changed between download and install")


def test_after_a_refusal_the_corrected_update_is_installed(world, agent):
    world.release(signers=("release",))
    world.assign()
    refused(world, agent, "arbitrary_software", "1/2 keys")
    world.publish_images()
    assert agent.cycle().status is Status.ATTESTED


def test_the_same_refusal_is_reported_once_and_again_when_it_returns(world, agent):
    world.release()
    world.assign(named_vin=OTHER_VIN)
    for _ in range(3):
        assert agent.cycle().status is Status.REFUSED
    assert len(world.manifests) == 1
    world.assign(path=None)
    assert agent.cycle().status is Status.NOTHING_NEW
    world.assign(named_vin=OTHER_VIN)
    assert agent.cycle().status is Status.REFUSED
    assert len(world.manifests) == 2


def test_wrong_bytes_are_reported_once_however_often_they_are_served(world, agent):
    world.release()
    world.assign()
    serve_instead(world, b"x" + IMAGE[1:])
    for _ in range(3):
        assert agent.cycle().status is Status.REFUSED
    assert len(world.manifests) == 1


def test_a_refusal_that_could_not_be_reported_is_reported_later(world, agent):
    world.assign(named_vin=OTHER_VIN)
    world.answers[f"vehicle/{VIN}/director/manifest"] = (500, {}, b"")
    assert agent.cycle().status is Status.UNREACHABLE
    world.answers.clear()
    refused(world, agent, "wrong_vehicle", "another VIN", order=False)


def test_root_rotation_is_followed_and_the_old_key_is_worth_nothing(world, agent):
    world.release()
    world.assign()
    assert agent.cycle().status is Status.ATTESTED
    stolen = world.keys["director-online"]
    world.keys["director-online"] = world.keys["gate"]
    second = world._root("director-root", targets="director-online", online="director-online", version=2)
    world.assign()
    world.files[f"vehicle/{VIN}/director/metadata/2.root.json"] = second
    assert agent.cycle().status is Status.ATTESTED
    world.keys["director-online"] = stolen
    world.assign()
    del world.files[f"vehicle/{VIN}/director/metadata/2.root.json"]
    refused(world, agent, "arbitrary_software", "timestamp was signed by 0/1 keys", order=False)
