"""The update client of one vehicle: one call, one poll."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from tuf.api.exceptions import DownloadError
from urllib3 import PoolManager

from roadworthy.kernel.time import SystemTime, Time
from roadworthy.vehicle.attack import Attack, Detected, Order
from roadworthy.vehicle.fetcher import ComeBack, Fetcher, SharedFiles, http_pool
from roadworthy.vehicle.manifest import installation_report, vehicle_manifest
from roadworthy.vehicle.provisioning import Provisioning
from roadworthy.vehicle.slots import InstallFailed, Slots
from roadworthy.vehicle.state import Installed, State, load_state, save_state
from roadworthy.vehicle.trust import Trust
from roadworthy.vehicle.verify import Plan, verify


class Status(StrEnum):
    """How a cycle ended."""

    NOTHING_NEW = "nothing_new"
    ATTESTED = "attested"
    FAILED = "failed"
    REFUSED = "refused"
    COME_BACK = "come_back"
    UNREACHABLE = "unreachable"


class Moment(StrEnum):
    """Points of a cycle that a watcher hears of: the simulator breaks things there, the crash tests die there."""

    DOWNLOADED = "downloaded"
    FILLED = "filled"
    SWITCHED = "switched"
    COUNTED = "counted"
    SENT = "sent"
    SETTLED = "settled"


# Called with the moment and the image's path (DOWNLOADED) or the vehicle's folder. May raise InstallFailed at
# DOWNLOADED, as a flash memory would.
Watch = Callable[[Moment, Path], None]


@dataclass(frozen=True)
class Outcome:
    """What one cycle did. `reason` for people; `seconds` to wait when the status is COME_BACK."""

    status: Status
    reason: str = ""
    seconds: float = 0.0


class Agent:
    """One vehicle and its folder. One process and one thread at a time may use a folder.

    Folder: state.json (boot pointer, counters, what is owed), slots/SERIAL/a.img and b.img, director/ and image/
    (verified metadata).
    """

    def __init__(
        self,
        vehicle: Provisioning,
        folder: Path,
        *,
        time: Time | None = None,
        pool: PoolManager | None = None,
        shared: SharedFiles | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Prepare a vehicle; nothing is read or sent before `cycle`."""
        self._vehicle = vehicle
        self._folder = folder
        self._time = time or SystemTime()
        self._fetcher = Fetcher(pool or http_pool(), vehicle.token, shared=shared)
        self._trust = Trust(vehicle, folder, self._fetcher)
        self._slots = Slots(folder / "slots")
        self._watch = watch or _look_away

    @property
    def state(self) -> State:
        """Give what the vehicle remembers. Raises Broken when it is damaged."""
        return load_state(self._folder / "state.json")

    def cycle(self) -> Outcome:
        """Poll once: report what is owed, verify, download, install, report.

        A server that does not answer gives UNREACHABLE or COME_BACK; the next cycle goes on from there. Raises Broken
        when the vehicle's own memory is damaged, OSError when it cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            state = self.state
            if state.owed is not None:
                state = self._settle(state)
            verdict = verify(self._vehicle, self._trust, state, self._time.now())
            if isinstance(verdict, Attack):
                return self._refuse(state, verdict)
            return self._rest(state) if verdict is None else self._carry_out(state, verdict)
        except ComeBack as later:
            return Outcome(Status.COME_BACK, str(later), later.seconds)
        except DownloadError as error:
            return Outcome(Status.UNREACHABLE, str(error))

    def _rest(self, state: State) -> Outcome:
        """Do nothing; but from now on the attack reported last, should it come back, is news again."""
        if state.told:
            self._save(replace(state, told=""), Moment.SETTLED)
        return Outcome(Status.NOTHING_NEW)

    def _carry_out(self, state: State, plan: Plan) -> Outcome:
        try:
            filled = self._fill(state, plan)
        except Detected as detected:
            return self._refuse(state, replace(detected.attack, order=plan.order))
        except InstallFailed as failure:
            self._finish(state, plan.order, success=False, code="INSTALL_FAILED", description=failure.message)
            return Outcome(Status.FAILED, failure.message)
        unchanged = all(state.ecus.get(serial) == installed for serial, installed in filled.items())
        code = "ALREADY_INSTALLED" if unchanged else "OK"
        switched = replace(state, ecus={**state.ecus, **filled})
        self._finish(switched, plan.order, success=True, code=code, description="")
        return Outcome(Status.ATTESTED, ", ".join(f"{i.serial}: {i.path}" for i in plan.installs))

    def _fill(self, state: State, plan: Plan) -> dict[str, Installed]:
        """Fill the spare slots of all ECUs of the plan; what boots is not touched."""
        filled: dict[str, Installed] = {}
        for install in plan.installs:
            booted = state.ecus.get(install.serial)
            if booted is not None and self._slots.holds(booted, install):
                filled[install.serial] = replace(booted, release_counter=install.release_counter)
                continue
            slot = state.spare_slot(install.serial)
            filled[install.serial] = self._slots.fill(
                install, slot, plan.images, lambda path: self._watch(Moment.DOWNLOADED, path)
            )
        self._watch(Moment.FILLED, self._folder)
        return filled

    def _finish(self, state: State, order: Order, *, success: bool, code: str, description: str) -> None:
        """Switch, and owe the report, in one rename; then report."""
        report = installation_report(order, success=success, code=code, description=description)
        state = replace(state, finished=order.assignment, owed=report, told="")
        self._save(state, Moment.SWITCHED)
        self._settle(state)

    def _settle(self, state: State) -> State:
        """Send the owed report. A crash in between sends it again, under a higher counter."""
        state = self._report(state, state.owed)
        state = replace(state, owed=None)
        self._save(state, Moment.SETTLED)
        return state

    def _refuse(self, state: State, attack: Attack) -> Outcome:
        """Report an attack, unless the server has confirmed the same report already."""
        text = attack.to_text()
        told = f"{attack.order.assignment if attack.order else ''} {text}"
        if told != state.told:
            report = None
            if attack.order is not None:
                report = installation_report(attack.order, success=False, code=attack.name.upper(), description=text)
            state = self._report(state, report, attacks=text)
            self._save(replace(state, told=told), Moment.SETTLED)
        return Outcome(Status.REFUSED, text)

    def _report(self, state: State, report: Any, attacks: str = "") -> State:
        """Sign and PUT a manifest. The counter is on the disk before it is used, so it is never used twice."""
        state = replace(state, report_counter=state.report_counter + 1)
        self._save(state, Moment.COUNTED)
        body = vehicle_manifest(self._vehicle, state, report, attacks, self._time.now())
        self._fetcher.put_json(self._vehicle.director_url + "manifest", body)
        self._watch(Moment.SENT, self._folder)
        return state

    def _save(self, state: State, moment: Moment) -> None:
        save_state(self._folder / "state.json", state)
        self._watch(moment, self._folder)


def _look_away(_moment: Moment, _path: Path) -> None:
    """Watch nothing."""
