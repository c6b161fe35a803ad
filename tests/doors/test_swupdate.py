"""Debian's SWUpdate, unmodified, over DDI: a real signed image after the gate opened, and nothing before."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from roadworthy.campaigns import store
from roadworthy.cli.demo import story
from roadworthy.fleet import store as fleet_store
from tests.doors.house import MODEL, Car, House, cleared_release
from tests.doors.swu import Signer, make_signer, make_swu

PATIENCE = 40.0


def swupdate() -> str:
    """The program; missing it is a failure in CI, where the real client must not be skipped."""
    found = shutil.which("swupdate") or shutil.which("swupdate", path="/usr/bin:/usr/sbin:/sbin")
    if found is None:
        reason = "swupdate is not installed; tools/system_packages.sh installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def client(car: Car, url: str, signer: Signer, folder: Path, *confirm: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run SWUpdate as the daemon of one car; it is killed at the end."""
    program = swupdate()
    runtime = folder / "run"  # its sockets and drafts
    runtime.mkdir(exist_ok=True)
    config = folder / "swu.cfg"
    config.write_text(
        f'globals: {{ verbose = true; public-key-file = "{signer.certificate}"; }};\n'
        f'suricatta: {{ tenant = "DEFAULT"; id = "{car.vin}"; url = "{url}"; polldelay = 1; retry = 1; retrywait = 1;\n'
        f'  targettoken = "{car.document["token"]}"; }};\n'
        f'identify: ( {{ name = "vin"; value = "{car.vin}"; }}, {{ name = "hwRevision"; value = "1.0"; }} );\n',
        encoding="ascii",
    )
    server = ["-t", "DEFAULT", "-i", car.vin, "-u", url, *confirm]
    with (folder / "swupdate.log").open("ab") as log:
        running = subprocess.Popen(
            [program, "-f", str(config), "-H", "board:1.0", "-u", " ".join(server)],
            env={"PATH": os.environ["PATH"], "TMPDIR": str(runtime), "RUNTIME_DIRECTORY": str(runtime)},
            cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield running
    finally:
        os.killpg(running.pid, 9)  # it and its helper processes, which are all in the session we gave it
        running.wait(10)


@contextmanager
def working(house: House) -> Iterator[None]:
    """Let the worker run by itself inside the block."""
    stop = threading.Event()
    thread = threading.Thread(target=house.worker.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_for(what: str, condition: Callable[[], object], folder: Path, deadline: float) -> None:
    while not condition():
        told = (folder / "swupdate.log").read_text(errors="replace")[-2500:]
        assert time.monotonic() < deadline, f"SWUpdate did not get to: {what}. Its log ends:\n{told}"
        time.sleep(0.1)


def words(house: House, car: Car) -> list[str]:
    """What the car has said on its newest action, newest first."""
    with house.database.read() as view:
        ((action, _),) = store.open_actions(view, car.document["vehicle"])
        return store.newest_details(view, action.number, 100)


def test_swupdate_installs_after_the_gate_opens_and_its_report_attests_nothing(house: House, tmp_path: Path):
    swupdate()
    company, car, slot = house.company, next(house.cars), tmp_path / "slot" / "installed.bin"
    slot.parent.mkdir()
    company.as_("Shen Yu").patch(f"/api/v1/ecus/{company.ecus[f'{MODEL}/IVI']}", {"client_profile": "swupdate"})
    signer = make_signer(tmp_path)
    payload = tmp_path / "adas.bin"
    payload.write_bytes(Random(7).randbytes(2_000_000))
    swu = make_swu(tmp_path, payload, slot, "1.0.1", signer)
    release = cleared_release(house, "adas-fw", "1.0.1", swu, filed=False)
    campaign = story.campaign(company, "SWUpdate", release, [100], vins=[car.vin])
    deadline = time.monotonic() + PATIENCE
    with working(house):
        with client(car, house.url, signer, tmp_path):
            told = lambda: "configData" not in car.links()  # noqa: E731
            wait_for("its first polls", told, tmp_path, deadline)
            status, problem = company.as_("Zhao Min").attempt("POST", f"/api/v1/campaigns/{campaign}/start")
            assert (status, problem["code"]) == (409, "gate.closed")
            time.sleep(2.5)  # two polls and more with the gate closed
            assert not slot.exists()
            assert car.links() == {}

            story.file_release(company, release)
            house.manage(campaign, "start")
            wait_for("installed", lambda: slot.exists() and installed(house, car), tmp_path, deadline)
            assert slot.read_bytes() == payload.read_bytes()
            number = car.action()
            assert house.status(number) == "installing"  # it waits for its restart
        first = slot.stat().st_mtime_ns
        with client(car, house.url, signer, tmp_path, "-c", "2"):
            wait_for("reported", lambda: house.status(number) == "reported", tmp_path, deadline)
            time.sleep(2.5)
        assert slot.stat().st_mtime_ns == first, "it installed again what it had reported"
    assert house.status(number) == "reported"
    assert words(house, car)[0] == "Update Installed."
    assert set(car.links()) <= {"installedBase", "configData"}
    with house.database.read() as view:
        assert [unit.attested.sha256 for unit in fleet_store.units_of(view, car.document["vehicle"])] == [None, None]


def installed(house: House, car: Car) -> bool:
    return "All Chunks Installed." in words(house, car)
