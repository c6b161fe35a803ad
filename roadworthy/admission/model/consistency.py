"""Production consistency: what was built, compared with what is registered."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from roadworthy.kernel.event import Json
from roadworthy.kernel.ids import Id
from roadworthy.kernel.time import to_text
from roadworthy.products.model import TypId


class ChkId(Id, prefix="CHK"):
    """Names one check: one batch of build records."""


class FndId(Id, prefix="FND"):
    """Names a finding."""


class BldId(Id, prefix="BLD"):
    """Names one build record."""


class Verdict(StrEnum):
    """How a built value stands to the registered one; `unregistered` when there is none to compare with."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNREGISTERED = "unregistered"


@dataclass(frozen=True)
class BuildRecord:
    """The value that one vehicle was built with, as the plant reports it."""

    vin: str
    vehicle_type_id: TypId
    parameter_key: str
    built: Json


@dataclass(frozen=True)
class Comparison:
    """A build record beside the registered value."""

    record: BuildRecord
    registered: Json
    verdict: Verdict


@dataclass(frozen=True)
class Check:
    """One import of build records: how many values of how many parameters were compared, and when."""

    id: ChkId
    source: str
    file_sha256: str
    values: int
    different: int
    unregistered: int
    checked_by: str
    checked_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {**asdict(self), "checked_at": to_text(self.checked_at)}


@dataclass(frozen=True)
class Finding:
    """That vehicles of a type were built with another value of a parameter than is registered.

    It holds production and upgrades of the model until another person explained it, or saw it corrected.
    """

    id: FndId
    check_id: ChkId
    vehicle_type_id: TypId
    parameter_key: str
    registered: Json
    built: tuple[Json, ...]
    vehicles: int
    status: str
    opened_by: str
    opened_at: datetime
    closed_by: str | None
    remark: str | None

    @property
    def holds(self) -> bool:
        """Whether production and upgrades of the model wait for it."""
        return self.status in ("open", "confirmed")

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        plain = {**asdict(self), "built": list(self.built), "holds": self.holds}
        return {**plain, "opened_at": to_text(self.opened_at)}


@dataclass(frozen=True)
class ModelConsistency:
    """How production of one vehicle type stands to the registry.

    `checked` is the fact of the law: False while a finding holds, None while a main parameter was never compared since
    its value was registered, else True.
    """

    checked: bool | None
    findings: tuple[str, ...]
    unchecked: tuple[str, ...]

    @property
    def released(self) -> bool:
        """Whether production may go on: no finding holds it (N45-2d)."""
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        lists = {"findings": list(self.findings), "unchecked": list(self.unchecked)}
        return {"production_consistency_checked": self.checked, "production_released": self.released, **lists}
