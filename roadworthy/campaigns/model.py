"""The nouns of a campaign."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from roadworthy.kernel.event import Json
from roadworthy.kernel.ids import Id

# An action in one of these states is not over; in one of TO_DO its vehicle has still something to do (states.ACTION).
TO_DO = frozenset({"offered", "retrieved", "downloading", "installing"})
ACTIVE = TO_DO | {"reported", "cancelling"}


class CmpId(Id, prefix="CMP"):
    """Names a campaign."""


class GteId(Id, prefix="GTE"):
    """Names a gate decision."""


class AsgId(Id, prefix="ASG"):
    """Names an assignment."""


@dataclass(frozen=True)
class Campaign:
    """One release on its way to a target set. `filter` is empty when a VIN list stands in the target rows."""

    id: CmpId
    name: str
    release_id: str
    status: str
    filter: Mapping[str, Json]
    target_digest: str
    vehicles: int
    author_id: str
    approver_id: str | None
    created_at: datetime
    hold_reason: str = ""
    ended_at: datetime | None = None

    @property
    def by_list(self) -> bool:
        """Whether the target set is a VIN list."""
        return not self.filter


@dataclass(frozen=True)
class Wave:
    """A share of the target set: the vehicles whose stable hash lies in [from_share, to_share) of 10,000."""

    campaign_id: CmpId
    number: int
    name: str
    from_share: int
    to_share: int
    vehicles: int
    status: str
    opened_at: datetime | None = None

    def holds(self, share: int) -> bool:
        """Whether a vehicle with this share (0..9999) belongs to the wave."""
        return self.from_share <= share < self.to_share


@dataclass(frozen=True)
class GateDecision:
    """What the gate said for one campaign, wave and vehicle type, and until when an open one counts (the lease).

    The whole answer and the facts stand beside it: `store.decision_basis`.
    """

    id: GteId
    campaign_id: CmpId
    wave: int
    vehicle_type_id: str
    release_id: str
    decision: str
    labels: tuple[str, ...]
    tier: str | None
    filing_ids: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Assignment:
    """This vehicle's ECU shall install this package, by this gate decision. Never changed once made."""

    id: AsgId
    campaign_id: CmpId
    wave: int
    vehicle_id: str
    vin: str
    decision_id: GteId
    release_id: str
    ecu_serial: str
    hardware_id: str
    path: str
    sha256: str
    length: int
    salt: str
    made_at: datetime


@dataclass(frozen=True)
class Action:
    """How far a vehicle is with its assignment; `number` is its DDI id (below 2^31)."""

    number: int
    assignment_id: AsgId
    campaign_id: CmpId
    wave: int
    vehicle_id: str
    status: str
    detail: str
    changed_at: datetime

    @property
    def is_over(self) -> bool:
        """Whether nothing that the vehicle says can move it any more."""
        return self.status not in ACTIVE


@dataclass(frozen=True)
class Said:
    """A vehicle's word on an action (a DDI feedback): execution, finished, an optional code, free text lines."""

    execution: str
    finished: str
    details: tuple[str, ...] = ()
    code: int | None = None
