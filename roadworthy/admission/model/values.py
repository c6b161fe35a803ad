"""Registered values and the changes an upgrade would make to them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from roadworthy.kernel.event import Json
from roadworthy.kernel.ids import Id
from roadworthy.kernel.time import to_text
from roadworthy.products.model import TypId


class ValId(Id, prefix="VAL"):
    """Names one registration of one value."""


class Ground(StrEnum):
    """Why a value is registered; each needs a reference (batch number, filing id)."""

    ANNOUNCEMENT = "announcement"
    SUPPLEMENT = "annex2_supplement"
    CHANGE_PERMIT = "change_permit"


@dataclass(frozen=True)
class RegisteredValue:
    """The value of a parameter of a vehicle type as registered; `current` until the next replaces it."""

    id: ValId
    vehicle_type_id: TypId
    parameter_key: str
    value: Json
    ground: Ground
    reference: str
    registered_by: str
    registered_at: datetime
    current: bool

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {
            "id": self.id,
            "vehicle_type_id": self.vehicle_type_id,
            "parameter": self.parameter_key,
            "value": self.value,
            "ground": str(self.ground),
            "reference": self.reference,
            "registered_by": self.registered_by,
            "registered_at": to_text(self.registered_at),
            "current": self.current,
        }


@dataclass(frozen=True)
class ParameterChange:
    """One parameter that would differ after an upgrade; `is_main` None is unknown and counts as main (Q-08)."""

    name: str
    is_main: bool | None
    before: Json
    after: Json
    unit: str

    @property
    def counts_as_main(self) -> bool:
        """Whether it counts as a change of a main technical parameter."""
        return self.is_main is not False

    def to_json(self) -> dict[str, Any]:
        """Give it in the vocabulary of the facts (`changed_parameters[]`)."""
        return {
            "name": self.name,
            "is_main": self.is_main,
            "before": self.before,
            "after": self.after,
            "unit": self.unit,
        }


@dataclass(frozen=True)
class Difference:
    """One parameter in which two states of the registry differ; a side without a value is None."""

    key: str
    is_main: bool | None
    before: Json
    after: Json
    unit: str

    @property
    def word(self) -> str:
        """Whether it was added, removed or changed."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {
            "parameter": self.key,
            "is_main": self.is_main,
            "before": self.before,
            "after": self.after,
            "unit": self.unit,
            "difference": self.word,
        }
