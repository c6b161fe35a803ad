"""The nouns: vehicle types, variants, ECUs, parameter definitions."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.kernel.ids import Id


class TypId(Id, prefix="TYP"):
    """Names a vehicle type (one announced model)."""


class VarId(Id, prefix="VAR"):
    """Names a variant of a vehicle type."""


class EcuId(Id, prefix="ECU"):
    """Names an ECU of a vehicle type (the design, not the unit in one vehicle)."""


class AnnId(Id, prefix="ANN"):
    """Names an announcement of a vehicle type."""


class AnnouncementKind(StrEnum):
    """What a batch of the ministry's announcement (公告) did with a model."""

    FIRST = "first"
    CHANGE = "change"
    EXTENSION = "extension"
    REVOCATION = "revocation"


class ClientProfile(StrEnum):
    """Which update client runs on an ECU."""

    TUF = "tuf"
    SWUPDATE = "swupdate"


class ParameterType(StrEnum):
    """What values a parameter takes; numbers are decimal text, so that bytes never differ."""

    NUMBER = "number"
    TEXT = "text"
    BOOL = "bool"
    LIST = "list"


@dataclass(frozen=True)
class VehicleType:
    """One announced model.

    `automation_level` is GB/T 40429 0..5 as admitted; `licensed_manufacturer` is null only for imported models.
    """

    id: TypId
    model_code: str
    name: str
    automation_level: int
    licensed_manufacturer: str | None
    imported: bool
    annex2_supplemented: bool
    status: str

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return asdict(self)


@dataclass(frozen=True)
class Variant:
    """A variant of a vehicle type, named by `code` within it."""

    id: VarId
    vehicle_type_id: TypId
    code: str
    name: str

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return asdict(self)


@dataclass(frozen=True)
class Announcement:
    """That a vehicle type stood in the announcement's `batch` (公告批次) of the day `announced_on` (ISO, Beijing)."""

    id: AnnId
    vehicle_type_id: TypId
    batch: int
    kind: AnnouncementKind
    announced_on: str

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {**asdict(self), "kind": str(self.kind)}


@dataclass(frozen=True)
class Ecu:
    """An ECU of a vehicle type.

    `influences` are the keys of the parameters that its software can change; None means nobody has determined it.
    `is_primary` marks the one ECU of the type that talks to the server (Uptane's Primary).
    """

    id: EcuId
    vehicle_type_id: TypId
    name: str
    hardware_id: str
    supplier: str
    client_profile: ClientProfile
    is_primary: bool
    holds_driving_automation: bool
    approval_relevant: bool
    influences: tuple[str, ...] | None

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        influences = None if self.influences is None else list(self.influences)
        return {**asdict(self), "client_profile": str(self.client_profile), "influences": influences}


@dataclass(frozen=True)
class ParameterDefinition:
    """A technical parameter. `is_main` None is unknown and counts as main; `tolerance` is decimal text in `unit`.

    `annex2` marks what Notice 45 adds for driver assistance and OTA; `needed_if` is the key of a yes/no parameter
    without which it is not needed, `needs_report` that an inspection or test report must verify it (N45-2a).
    `source` says why it is defined like this: the catalogue, or the paper that it follows.
    """

    key: str
    label: Text
    type: ParameterType
    unit: str
    is_main: bool | None
    tolerance: str | None
    annex2: bool = False
    needed_if: str | None = None
    needs_report: bool = False
    source: str = ""

    @property
    def counts_as_main(self) -> bool:
        """Whether a change of it is a change of a main technical parameter."""
        return self.is_main is not False

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {
            "key": self.key,
            "label": self.label.to_json(),
            "type": str(self.type),
            "unit": self.unit,
            "is_main": self.is_main,
            "tolerance": self.tolerance,
            "annex2": self.annex2,
            "needed_if": self.needed_if,
            "needs_report": self.needs_report,
            "source": self.source,
        }
