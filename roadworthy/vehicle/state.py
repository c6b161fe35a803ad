"""What a vehicle remembers between two polls: one JSON file, replaced in one rename."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from roadworthy.kernel.errors import Broken
from roadworthy.kernel.event import canonical
from roadworthy.vehicle.durable import write_atomically

SLOTS = ("a", "b")


@dataclass(frozen=True)
class Installed:
    """What an ECU boots: the image, its release counter, and the slot (`a` or `b`) that holds it."""

    path: str
    sha256: str
    length: int
    release_counter: int
    slot: str


@dataclass(frozen=True)
class State:
    """The whole memory. `ecus` is also the boot pointer, so the switch and its record are the same rename.

    `report_counter` was used by the last manifest. `finished` is the last assignment that was installed or failed.
    `owed` is an installation report (JSON) that no server has confirmed yet. `told` is the last refusal that a server
    has confirmed, so that a poll every few seconds does not repeat it.
    """

    report_counter: int = 0
    ecus: Mapping[str, Installed] = field(default_factory=dict)
    finished: str = ""
    owed: Mapping[str, Any] | None = None
    told: str = ""

    @property
    def release_counters(self) -> dict[str, int]:
        """Give the release counter of what each ECU runs, by serial."""
        return {serial: installed.release_counter for serial, installed in self.ecus.items()}

    def spare_slot(self, serial: str) -> str:
        """Give the slot that `serial` does not boot from."""
        installed = self.ecus.get(serial)
        return SLOTS[0] if installed is None or installed.slot == SLOTS[1] else SLOTS[1]


def load_state(path: Path) -> State:
    """Read the state; a vehicle fresh from the plant has none.

    Raises Broken when the file is damaged: a vehicle must not forget its release counters silently.
    """
    try:
        document = json.loads(path.read_bytes())
        ecus = {serial: Installed(**fields) for serial, fields in document.pop("ecus").items()}
        return State(ecus=ecus, **document)
    except FileNotFoundError:
        return State()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Broken(f"{path} is damaged ({error}); restore it from a copy, or provision the vehicle again.") from error


def save_state(path: Path, state: State) -> None:
    """Write the state durably and atomically."""
    document = {**asdict(state), "ecus": {serial: asdict(installed) for serial, installed in state.ecus.items()}}
    write_atomically(path, canonical(document))
