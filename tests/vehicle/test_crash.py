"""SIGKILL at every point of an update: the vehicle always boots a whole image and always finishes afterwards."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from roadworthy.vehicle.agent import Agent, Moment, Status
from roadworthy.vehicle.state import load_state

SERIALS = {"SN-0001": "adcu-hw3", "SN-0002": "brake-hw1"}
OLD, NEW = b"old image " * 500, b"new image " * 500
CHILD = Path(__file__).with_name("crash_child.py")


def booted(folder):
    """Give the image each ECU would boot."""
    ecus = load_state(folder / "state.json").ecus
    return [(folder / "slots" / serial / f"{ecus[serial].slot}.img").read_bytes() for serial in SERIALS]


def test_killed_anywhere_it_boots_old_or_new_and_then_attests_the_new(world, pool, tmp_path):
    document = world.document(second_ecu=True)
    (tmp_path / "car.json").write_text(json.dumps(document))
    world.release(data=OLD, hardware=SERIALS.values())
    world.assign(data=OLD, ecus=SERIALS)
    vehicle = world.vehicle(second_ecu=True)
    assert Agent(vehicle, tmp_path / "car", pool=pool).cycle().status is Status.ATTESTED
    world.release(data=NEW, counter=2, hardware=SERIALS.values())
    world.assign(data=NEW, counter=2, ecus=SERIALS)

    world.manifests.clear()
    out = tmp_path / "out"
    arguments = [sys.executable, str(CHILD), str(tmp_path / "car.json"), str(tmp_path / "car"), str(out)]
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        arguments, check=False, capture_output=True, text=True, timeout=240, cwd=root, env={"PYTHONPATH": root}
    )
    assert done.returncode == 0, done.stderr

    places = sorted(out.iterdir(), key=lambda place: int(place.name))
    died_at = [(place / "at").read_text() for place in places]
    assert len(places) > 40
    assert {f"moment {moment}" for moment in Moment} <= set(died_at)
    assert {"replace", "fsync", "write_bytes"} <= set(died_at)
    for place, at in zip(places, died_at, strict=True):
        check(world, place, f"{place.name}: {at}")


def check(world, place, name):
    killed = load_state(place / "killed" / "state.json")
    switched = killed.finished == "ASG-2"
    assert booted(place / "killed") == ([NEW] * 2 if switched else [OLD] * 2), name
    assert booted(place / "recovered") == [NEW] * 2, name

    after = load_state(place / "recovered" / "state.json")
    assert (after.finished, after.owed) == ("ASG-2", None), name
    settled = switched and killed.owed is None
    reported_before = switched and not settled  # the first thing it does then; after it nothing is new
    expected = Status.NOTHING_NEW if settled or reported_before else Status.ATTESTED
    assert (place / "outcome").read_text() == expected, name

    sent = [manifest for manifest in world.manifests if manifest.token == f"t-{place.name}"]
    counters = [manifest.ecu()["report_counter"] for manifest in sent]
    assert counters == sorted(set(counters)), name
    assert min(counters) > 1, name
    assert sent[-1].report["result"]["success"] is True, name
    for serial in SERIALS:
        hashes = sent[-1].ecu(serial)["installed_image"]["fileinfo"]["hashes"]
        assert hashes == {"sha256": sha256(NEW).hexdigest()}, name
