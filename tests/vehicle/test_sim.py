"""The fleet simulator: many vehicles, bounded runs, repeatable faults, a clean stop."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.vehicle.agent import Status
from roadworthy.vehicle.sim import run

ROOT = str(Path(__file__).parents[2])


def fleet(world, folder, size, *, data=b"image " * 1000):
    """Write `size` provisioning files and assign one image to all."""
    folder.mkdir()
    world.release(data=data)
    for number in range(size):
        vin = f"LSVAA4187E{number:07d}"
        (folder / f"{vin}.json").write_text(json.dumps(world.document(vin)))
        world.assign(vin, data=data)
    return folder


def drive(folder, **how):
    lines = []
    summary = run(folder, **({"rounds": 1, "interval": 0.0, "workers": 4, "say": lines.append} | how))
    return summary, lines


def test_every_vehicle_attests_and_the_summary_says_so(world, tmp_path):
    summary, lines = drive(fleet(world, tmp_path / "fleet", 12), rounds=2)
    assert summary.outcomes == {Status.ATTESTED: 12, Status.NOTHING_NEW: 12}
    assert {sent.vin for sent in world.manifests} == {f"LSVAA4187E{n:07d}" for n in range(12)}
    assert lines[-2].startswith("12 vehicles, 24 polls")
    assert "attested 12" in lines[-1]


def test_a_second_run_goes_on_where_the_first_ended(world, tmp_path):
    folder = fleet(world, tmp_path / "fleet", 3)
    drive(folder)
    assert drive(folder)[0].outcomes == {Status.NOTHING_NEW: 3}


def test_tampering_vehicles_refuse_by_themselves(world, tmp_path):
    summary, lines = drive(fleet(world, tmp_path / "fleet", 4), tamper_rate=1.0)
    assert summary.outcomes == {Status.REFUSED: 4}
    assert lines[-1].startswith("4 x refused: arbitrary_software: ")
    assert all(sent.report["result"]["success"] is False for sent in world.manifests)


def test_injected_failures_are_reported_and_repeat_with_the_seed(world, tmp_path):
    folder = fleet(world, tmp_path / "fleet", 12)
    first = drive(folder, failure_rate=0.5, seed=3, state_dir=tmp_path / "one")[0]
    second = drive(folder, failure_rate=0.5, seed=3, state_dir=tmp_path / "two")[0]
    assert first.outcomes == second.outcomes
    assert 0 < first.outcomes[Status.FAILED] < 12
    assert first.outcomes[Status.FAILED] + first.outcomes[Status.ATTESTED] == 12


def test_come_back_does_not_use_up_a_round_but_ends_some_time(world, tmp_path):
    folder = fleet(world, tmp_path / "fleet", 1)
    name = "vehicle/LSVAA4187E0000000/director/metadata/timestamp.json"
    world.answers[name] = (503, {"Retry-After": "0"}, b"")
    summary, _ = drive(folder)
    assert summary.outcomes == {Status.COME_BACK: 21}


def test_only_the_first_vehicles_and_another_server(world, tmp_path):
    folder = fleet(world, tmp_path / "fleet", 5)
    world.url, real = "http://127.0.0.1:9", world.url
    summary, _ = drive(folder, vehicles=2, server=real + "/", share_metadata=True)
    assert summary.outcomes == {Status.ATTESTED: 2}


def test_a_vehicle_with_damaged_state_stops_alone(world, tmp_path):
    folder = fleet(world, tmp_path / "fleet", 3)
    car = folder / "state" / "LSVAA4187E0000001"
    car.mkdir(parents=True)
    (car / "state.json").write_text("{")
    summary, lines = drive(folder)
    assert (summary.broken, summary.outcomes[Status.ATTESTED]) == (1, 2)
    assert any("restore it" in line for line in lines)


def test_stop_ends_an_endless_run(world, tmp_path):
    stop = Event()
    thread = Thread(target=lambda: drive(fleet(world, tmp_path / "fleet", 2), rounds=None, interval=0.05, stop=stop))
    thread.start()
    while len(world.manifests) < 2:
        time.sleep(0.01)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_two_simulators_cannot_share_a_fleet(world, tmp_path):
    folder, stop = fleet(world, tmp_path / "fleet", 1), Event()
    thread = Thread(target=lambda: drive(folder, rounds=None, interval=0.05, stop=stop))
    thread.start()
    while not world.manifests:
        time.sleep(0.01)
    with pytest.raises(Refused, match="another simulator"):
        drive(folder)
    stop.set()
    thread.join(5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"interval": -1.0},
        {"failure_rate": 1.5},
        {"tamper_rate": -0.1},
        {"workers": 0},
        {"vehicles": 0},
    ],
)
def test_numbers_that_make_no_sense_are_refused(world, tmp_path, wrong):
    with pytest.raises(Unusable):
        drive(fleet(world, tmp_path / "fleet", 1), **wrong)


def test_an_empty_fleet_is_refused(tmp_path):
    with pytest.raises(Unusable, match="no provisioning file"):
        drive(tmp_path)


def command(*arguments):
    line = [sys.executable, "-m", "roadworthy.vehicle", *arguments]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_command_line_runs_until_sigterm_and_then_sums_up(world, tmp_path):
    folder = fleet(world, tmp_path / "fleet", 3)
    with command("--fleet", str(folder), "--interval", "0.2", "--workers", "2") as process:
        while len(world.manifests) < 3:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert "attested 3" in out


def test_command_line_says_what_is_wrong(tmp_path):
    with command("--fleet", str(tmp_path)) as process:
        _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "export the fleet" in err


@pytest.mark.long
def test_five_hundred_vehicles_update_well_under_two_minutes(world, tmp_path):
    folder = fleet(world, tmp_path / "fleet", 500, data=b"x" * 200_000)
    summary, lines = drive(folder, workers=16)
    assert summary.outcomes == {Status.ATTESTED: 500}, lines
    assert summary.seconds < 60, lines
