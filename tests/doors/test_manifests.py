"""Vehicle manifests at the door: what is believed, and that nothing else is, not even in part."""

import copy
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadworthy.fleet import store
from roadworthy.kernel.event import canonical
from roadworthy.vehicle.manifest import NO_IMAGE, vehicle_manifest
from roadworthy.vehicle.state import Installed, State
from tests.doors.house import Car, House, writes

PROBLEM = "application/problem+json"
OTHER = Installed("other.img", "5" * 64, 7, 1, "a")


def manifest(house: House, car: Car, counter: int, *, report: Any = None, **software: Installed) -> dict[str, Any]:
    """Give what the car's own library would send; `software` by the beginning of the ECU's serial."""
    vehicle = car.provisioning
    ecus = {e.serial: what for e in vehicle.ecus for start, what in software.items() if e.serial.startswith(start)}
    body = vehicle_manifest(vehicle, State(report_counter=counter, ecus=ecus), report, "", house.time.now())
    found: dict[str, Any] = json.loads(body)
    return found


def sign(envelope: dict[str, Any], key: Ed25519PrivateKey) -> None:
    """Sign what now stands in the envelope."""
    envelope["signatures"][0]["sig"] = key.sign(canonical(envelope["signed"])).hex()


def put(car: Car, body: Any):
    return car.send("PUT", f"{car.uptane}/manifest", json=body)


def ivi(house: House) -> Installed:
    package = house.release["package"]
    return Installed(package["path"], package["sha256"], package["length"], package["release_counter"], "a")


def attested(house: House, car: Car) -> set[str | None]:
    with house.database.read() as view:
        return {unit.attested.sha256 for unit in store.units_of(view, car.document["vehicle"])}


def refused(house: House, car: Car, body: Any, status: int = 400) -> dict[str, Any]:
    """Put a manifest that must be refused as a whole; give the problem."""
    before = house.event_count(), attested(house, car)
    answer = put(car, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert (house.event_count(), attested(house, car)) == before
    problem: dict[str, Any] = answer.json()
    assert problem["detail"]
    return problem


def test_a_car_that_was_never_updated_reports_noimage(house: House, car):
    assert put(car, manifest(house, car, 1)).status_code == 200
    assert attested(house, car) == {NO_IMAGE.sha256}
    with house.statements() as sent:
        assert put(car, manifest(house, car, 2)).status_code == 200
    assert writes(sent) == []


def test_the_expected_hash_attests_the_action_and_another_does_not(house: House, offered):
    car, number = offered
    assert put(car, manifest(house, car, 1, ivi=OTHER)).status_code == 200
    assert house.status(number) == "offered"
    assert put(car, manifest(house, car, 2, ivi=ivi(house))).status_code == 200
    assert house.status(number) == "attested"


def test_the_right_hash_on_another_ecu_attests_nothing(house: House, offered):
    car, number = offered
    assert put(car, manifest(house, car, 1, adcu=ivi(house))).status_code == 200
    assert house.status(number) == "offered"


def test_a_reported_action_is_attested_by_a_later_manifest(house: House, offered):
    car, number = offered
    car.tell(number, "closed", "success").raise_for_status()
    assert put(car, manifest(house, car, 1, ivi=ivi(house))).status_code == 200
    assert house.status(number) == "attested"


def failure(assignment: str) -> dict[str, Any]:
    result = {"success": False, "code": "INSTALL_FAILED", "description": "flash is worn"}
    return {"correlation_id": "urn:x", "assignment": assignment, "result": result}


def assignment_of(house: House, number: int) -> str:
    with house.database.read() as view:
        return str(
            view.connection.exec_driver_sql(f"SELECT assignment_id FROM action WHERE number = {number}").scalar()
        )


def test_a_failure_fails_its_own_action_and_a_replay_of_it_no_later_one(house: House, offered):
    car, number = offered
    report = manifest(house, car, 1, report=failure(assignment_of(house, number)))
    assert put(car, report).status_code == 200
    assert house.status(number) == "failed"
    house.ship(car)
    car.links()
    house.tick()
    following = car.action()
    assert put(car, report).status_code == 200
    assert house.status(following) == "offered"


def test_an_old_counter_is_refused_when_it_tells_of_other_software(house: House, car):
    assert put(car, manifest(house, car, 5, ivi=OTHER)).status_code == 200
    for counter in (5, 4, 0):
        problem = refused(house, car, manifest(house, car, counter, ivi=ivi(house)), 409)
        assert problem["code"] == "manifest.old"
    assert put(car, manifest(house, car, 6, ivi=ivi(house))).status_code == 200


def resigned(car: Car, body: dict[str, Any]) -> dict[str, Any]:
    """Sign the whole again, as the Primary would."""
    sign(body, car.provisioning.primary.private_key)
    return body


def test_wrong_signatures_are_refused_whole(house: House, car):
    good = manifest(house, car, 1)
    stranger = Ed25519PrivateKey.generate()
    by_stranger = copy.deepcopy(good)
    sign(by_stranger, stranger)
    assert refused(house, car, by_stranger)["code"] == "manifest.refused"
    other = next(house.cars)
    by_another_ecu = copy.deepcopy(good)
    secondary = next(e for e in car.provisioning.ecus if not e.primary)
    sign(by_another_ecu, secondary.private_key)
    refused(house, car, by_another_ecu)
    inner = copy.deepcopy(good)
    sign(inner["signed"]["ecu_version_manifests"][secondary.serial], stranger)
    refused(house, car, resigned(car, inner), 409)
    foreign = manifest(house, other, 1)
    refused(house, car, foreign)
    foreign["signed"]["vin"] = car.vin
    refused(house, car, resigned(car, foreign))
    assert attested(house, car) == {None}


def test_unknown_missing_and_exchanged_ecus_are_refused(house: House, car):
    serials = [ecu.serial for ecu in car.provisioning.ecus]
    unknown = manifest(house, car, 1)
    unknown["signed"]["ecu_version_manifests"]["stranger"] = unknown["signed"]["ecu_version_manifests"][serials[1]]
    assert "stranger" in refused(house, car, resigned(car, unknown))["detail"]
    missing = manifest(house, car, 1)
    del missing["signed"]["ecu_version_manifests"][serials[1]]
    assert serials[1] in refused(house, car, resigned(car, missing))["detail"]
    exchanged = manifest(house, car, 1)
    reports = exchanged["signed"]["ecu_version_manifests"]
    reports[serials[0]], reports[serials[1]] = reports[serials[1]], reports[serials[0]]
    refused(house, car, resigned(car, exchanged))
    empty = manifest(house, car, 1)
    empty["signed"]["ecu_version_manifests"] = {}
    refused(house, car, resigned(car, empty))
    no_primary = manifest(house, car, 1)
    no_primary["signed"]["primary_ecu_serial"] = "stranger"
    refused(house, car, resigned(car, no_primary))


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400), (b"{", 400), (b"null", 400), (b"[]", 400), (b'"x"', 400), (b"\xff", 400),
        (b'{"signed": NaN}', 400),
        (b'{"signed":{"x":1.5},"signatures":[]}', 400), (b"[" * 100_000, 400),
        (b'{"a":' * 900 + b"1" + b"}" * 900, 400),
        (b'{"signed":{"vin":"' + b"x" * 1_000_000 + b'"}}', 413),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_problem_with_a_next_step(house: House, car, content, status):
    with house.statements() as sent:
        answer = car.send(
            "PUT", f"{car.uptane}/manifest", content=content, headers={"Content-Type": "application/json"}
        )
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert writes(sent) == []


def test_a_number_with_a_point_is_refused_even_when_signed(house: House, car):
    def signing(body: dict[str, Any]) -> None:
        message = json.dumps(body["signed"], sort_keys=True, separators=(",", ":")).encode()
        body["signatures"][0]["sig"] = car.provisioning.primary.private_key.sign(message).hex()

    body = manifest(house, car, 1)
    body["signed"]["installation_report"] = {"result": {"success": True}, "seconds": 1.5}
    signing(body)
    refused(house, car, body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def nodes(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, child in inner for place in nodes(child, (*at, key)))]


def replaced(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = copy.deepcopy(body)
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    return changed


@pytest.fixture(scope="module")
def target(house: House) -> Car:
    return next(house.cars)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), sign_again=st.booleans())
def test_no_manifest_makes_the_server_fail_or_half_believe(house: House, target, data, sign_again):
    report = failure("ASG-01ARZ3NDEKTSV4RRFFQ69G5FAV")
    good = manifest(house, target, 1, report=report, ivi=OTHER)
    place = data.draw(st.sampled_from(nodes(good)))
    body = replaced(good, place, data.draw(JSON))
    if sign_again and isinstance(body, dict) and isinstance(body.get("signed"), dict) and body.get("signatures"):
        try:
            for ecu in target.provisioning.ecus:
                sign(body["signed"]["ecu_version_manifests"][ecu.serial], ecu.private_key)
            sign(body, target.provisioning.primary.private_key)
        except Exception:  # noqa: BLE001 - what cannot be signed is sent as it is
            sign_again = False
    before = house.event_count()
    answer = put(target, body)
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
    if answer.status_code != 200:
        assert house.event_count() == before
        assert answer.headers["content-type"] == PROBLEM
