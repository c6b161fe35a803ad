"""The register of software identification numbers (SWIN; RXSWIN in UN R156)."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from roadworthy.kernel.ids import Id
from roadworthy.products.model import TypId


class SwnId(Id, prefix="SWN"):
    """Names an entry of the register."""


class Regime(StrEnum):
    """Under which rules a number is kept."""

    GB44496 = "GB44496"
    R156 = "R156"


@dataclass(frozen=True)
class Swin:
    """The number that stands for a vehicle type's software under one regulation, from an ISO day in Beijing on.

    It counts once another person registered what the author proposed.
    """

    id: SwnId
    regime: Regime
    regulation: str
    value: str
    vehicle_type_id: TypId
    valid_from: str
    status: str
    author: str
    approver: str | None

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {**asdict(self), "regime": str(self.regime)}


@dataclass(frozen=True)
class SwinLink:
    """That the software of one release for one ECU stands under a number. One number has many, and one has many."""

    swin_id: str
    regime: str
    regulation: str
    value: str
    ecu_id: str
    release_id: str
    counts: bool
