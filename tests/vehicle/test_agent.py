"""One vehicle and a genuine server: what is gated gets installed, attested, and survives restarts."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from roadworthy.kernel.errors import Broken
from roadworthy.kernel.event import canonical
from roadworthy.vehicle.agent import Agent, Moment, Status
from roadworthy.vehicle.slots import InstallFailed

VIN, SERIAL, PATH = "LSVAA4187E0000001", "SN-0001", "acme/adcu/4.2.1.img"
MANIFEST = f"vehicle/{VIN}/director/manifest"
NEW = b"the next image " * 100


def booted(agent, serial=SERIAL):
    slot = agent.state.ecus[serial].slot
    return (agent._folder / "slots" / serial / f"{slot}.img").read_bytes()


def public_key(serial) -> Ed25519PublicKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(serial.encode()).digest()).public_key()


def check_signature(envelope, serial):
    (signature,) = envelope["signatures"]
    assert signature["method"] == "ed25519"
    assert signature["keyid"] == sha256(public_key(serial).public_bytes_raw()).hexdigest()
    public_key(serial).verify(bytes.fromhex(signature["sig"]), canonical(envelope["signed"]))


def test_gated_image_is_installed_and_attested(world, agent):
    world.release()
    world.assign()
    outcome = agent.cycle()
    assert (outcome.status, outcome.reason) == (Status.ATTESTED, f"{SERIAL}: {PATH}")
    image = world.files[f"image/targets/acme/adcu/{agent.state.ecus[SERIAL].sha256}.4.2.1.img"]
    assert booted(agent) == image
    (sent,) = world.manifests
    assert sent.ecu()["installed_image"] == {
        "filepath": PATH,
        "fileinfo": {"length": len(image), "hashes": {"sha256": sha256(image).hexdigest()}},
    }
    assert sent.report == {
        "correlation_id": "urn:roadworthy:campaign:CMP-1",
        "assignment": "ASG-1",
        "result": {"success": True, "code": "OK", "description": ""},
    }


def test_manifest_has_the_agreed_fields_and_every_signature_verifies(world, pool, tmp_path):
    world.release()
    world.assign()
    Agent(world.vehicle(second_ecu=True), tmp_path / VIN, pool=pool).cycle()
    (sent,) = world.manifests
    assert set(sent.body) == {"signatures", "signed"}
    assert set(sent.body["signed"]) == {"vin", "primary_ecu_serial", "ecu_version_manifests", "installation_report"}
    assert (sent.body["signed"]["vin"], sent.body["signed"]["primary_ecu_serial"]) == (VIN, SERIAL)
    fields = {"ecu_serial", "hardware_id", "attacks_detected", "report_counter", "installed_image", "time"}
    assert set(sent.ecu()) == fields
    check_signature(sent.body, SERIAL)
    for serial in (SERIAL, "SN-0002"):
        check_signature(sent.body["signed"]["ecu_version_manifests"][serial], serial)
    sent.body["signed"]["vin"] = "LSVAA4187E0000002"
    with pytest.raises(InvalidSignature):
        check_signature(sent.body, SERIAL)


def test_an_ecu_never_updated_reports_noimage(world, pool, tmp_path):
    world.release()
    world.assign()
    Agent(world.vehicle(second_ecu=True), tmp_path / VIN, pool=pool).cycle()
    assert world.manifests[0].ecu("SN-0002")["installed_image"] == {
        "filepath": "noimage",
        "fileinfo": {"length": 0, "hashes": {"sha256": sha256(b"").hexdigest()}},
    }


def test_nothing_assigned_sends_nothing_and_asks_no_image_repository(world, agent):
    world.assign(path=None)
    assert agent.cycle().status is Status.NOTHING_NEW
    assert not world.manifests
    assert not any("/image/" in request or " image/" in request for request in world.requests)


def test_a_finished_assignment_is_not_installed_again(world, agent):
    world.release()
    world.assign()
    agent.cycle()
    world.assign(assignment="ASG-1")
    assert agent.cycle().status is Status.NOTHING_NEW
    assert len(world.manifests) == 1


def test_update_goes_to_the_other_slot_and_keeps_the_old_image(world, agent):
    world.release()
    world.assign()
    agent.cycle()
    old = agent.state.ecus[SERIAL]
    world.release(data=NEW, counter=2)
    world.assign(data=NEW, counter=2)
    assert agent.cycle().status is Status.ATTESTED
    new = agent.state.ecus[SERIAL]
    assert {old.slot, new.slot} == {"a", "b"}
    assert booted(agent) == NEW
    assert sha256((agent._folder / "slots" / SERIAL / f"{old.slot}.img").read_bytes()).hexdigest() == old.sha256


def test_new_assignment_of_the_same_image_is_attested_without_another_download(world, agent):
    world.release()
    world.assign()
    agent.cycle()
    world.requests.clear()
    world.assign()
    assert agent.cycle().status is Status.ATTESTED
    assert world.manifests[-1].report["result"]["code"] == "ALREADY_INSTALLED"
    assert not any("image/targets" in request for request in world.requests)


def test_two_ecus_are_switched_together(world, pool, tmp_path):
    agent = Agent(world.vehicle(second_ecu=True), tmp_path / VIN, pool=pool)
    world.release(hardware=("adcu-hw3", "brake-hw1"))
    world.assign(ecus={SERIAL: "adcu-hw3", "SN-0002": "brake-hw1"})
    assert agent.cycle().status is Status.ATTESTED
    assert set(agent.state.ecus) == {SERIAL, "SN-0002"}
    assert booted(agent) == booted(agent, "SN-0002")


def test_report_counter_strictly_increases_across_restarts(world, pool, tmp_path):
    for counter in range(1, 5):
        data = b"%d" % counter * 1000
        world.release(data=data, counter=counter)
        world.assign(data=data, counter=counter)
        assert Agent(world.vehicle(), tmp_path / VIN, pool=pool).cycle().status is Status.ATTESTED
    counters = [sent.ecu()["report_counter"] for sent in world.manifests]
    assert counters == sorted(set(counters))
    assert len(counters) == 4


def test_come_back_is_given_on_and_nothing_is_reported(world, agent):
    world.answers[f"vehicle/{VIN}/director/metadata/timestamp.json"] = (503, {"Retry-After": "7"}, b"")
    outcome = agent.cycle()
    assert (outcome.status, outcome.seconds) == (Status.COME_BACK, 7.0)
    assert not world.manifests
    world.answers.clear()
    world.release()
    world.assign()
    assert agent.cycle().status is Status.ATTESTED


def test_what_could_not_be_reported_is_reported_before_anything_else(world, agent):
    world.release()
    world.assign()
    world.answers[MANIFEST] = (500, {}, b"")
    assert agent.cycle().status is Status.UNREACHABLE
    world.release(data=NEW, counter=2)
    world.assign(data=NEW, counter=2)
    world.requests.clear()
    assert agent.cycle().status is Status.UNREACHABLE
    assert world.requests == [f"PUT {MANIFEST}"]
    world.answers.clear()
    assert agent.cycle().status is Status.ATTESTED
    assert [sent.report["assignment"] for sent in world.manifests] == ["ASG-1", "ASG-2"]
    assert world.manifests[0].ecu()["installed_image"]["fileinfo"]["length"] != len(NEW)


def test_failed_install_is_reported_keeps_the_old_image_and_is_not_retried(world, agent):
    world.release()
    world.assign()
    agent.cycle()
    before = agent.state.ecus

    def fail(moment, _path):
        if moment is Moment.DOWNLOADED:
            raise InstallFailed("no power")

    agent._watch = fail
    world.release(data=NEW, counter=2)
    world.assign(data=NEW, counter=2)
    assert agent.cycle().status is Status.FAILED
    assert agent.state.ecus == before
    result = world.manifests[-1].report["result"]
    assert (result["success"], result["code"], result["description"]) == (False, "INSTALL_FAILED", "no power")
    assert world.manifests[-1].ecu()["installed_image"]["filepath"] == PATH
    assert agent.cycle().status is Status.NOTHING_NEW
    agent._watch = lambda *_: None
    world.assign(data=NEW, counter=2)
    assert agent.cycle().status is Status.ATTESTED


def test_a_full_disk_is_a_failed_install(world, agent, monkeypatch):
    world.release()
    world.assign()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("roadworthy.vehicle.slots.flush", full)
    outcome = agent.cycle()
    assert outcome.status is Status.FAILED
    assert "No space left" in outcome.reason
    assert world.manifests[-1].report["result"]["success"] is False


def test_wrong_token_is_unreachable_and_says_what_the_server_said(world, agent):
    agent._fetcher._headers["Authorization"] = "TargetToken stolen"
    world.assign()
    outcome = agent.cycle()
    assert outcome.status is Status.UNREACHABLE
    assert "HTTP 401 (wrong token)" in outcome.reason
    assert not world.manifests


def test_no_server_is_unreachable_not_an_attack(world, pool, tmp_path):
    agent = Agent(replace(world.vehicle(), server="http://127.0.0.1:9"), tmp_path / VIN, pool=pool)
    assert agent.cycle().status is Status.UNREACHABLE


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"ecus":{},"surprise":1}', '{"ecus":{"s":{"slot":"a"}}}'])
def test_damaged_state_is_refused_not_forgotten(agent, text):
    agent._folder.mkdir()
    (agent._folder / "state.json").write_text(text)
    with pytest.raises(Broken, match="restore"):
        agent.cycle()


def test_state_file_holds_everything_the_vehicle_remembers(world, agent):
    world.release()
    world.assign()
    agent.cycle()
    document = json.loads((agent._folder / "state.json").read_bytes())
    assert document["finished"] == "ASG-1"
    assert document["report_counter"] == 1
    assert document["owed"] is None
    assert document["ecus"][SERIAL]["release_counter"] == 1
