"""Plans of clocks, clocks, timers, messages and notices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.kernel.event import Json
from roadworthy.kernel.ids import Id
from roadworthy.kernel.time import to_text

DUE = "due"  # the kind of the reminder at the end of the time


class ClkId(Id, prefix="CLK"):
    """Names one clock."""


class NtcId(Id, prefix="NTC"):
    """Names one notice."""


class Standing(StrEnum):
    """How a clock stands at a moment; `running` and `met` are the only ones without a worry."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MET = "met"
    MET_LATE = "met_late"
    UNKNOWN_PROVISIONAL = "unknown_provisional"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Reminder:
    """Tell the holders of `roles` at `fire_at`. `kind` is unique within a clock: 50%, -4h, due, +1d."""

    kind: str
    fire_at: datetime
    roles: tuple[str, ...]
    escalate: bool = False

    def to_json(self) -> dict[str, Json]:
        """Give the reminder as plain JSON values."""
        return {
            "escalate": self.escalate,
            "fire_at": to_text(self.fire_at),
            "kind": self.kind,
            "roles": list(self.roles),
        }


@dataclass(frozen=True)
class Plan:
    """Everything about a duty that its clock keeps: whose it is, why, from when, until when, whom to remind.

    `subject_type` and `subject_id` name the thing (an id, never a VIN), `duty` the rule, `occasion` tells several
    clocks of one duty apart. `recipe` is what a due day is computed from again when a calendar is published; it may be
    empty only for a due time that is final. Instants are UTC.
    """

    subject_type: str
    subject_id: str
    duty: str
    report: str
    recipients: tuple[str, ...]
    citation: str
    title: Text
    profile: str
    pack_id: str
    pack_digest: str
    started_at: datetime
    basis: str
    due_at: datetime
    calendar_digest: str
    reminders: tuple[Reminder, ...]
    occasion: str = ""
    occurred_at: datetime | None = None
    known_at: datetime | None = None
    alternative_due_at: datetime | None = None
    late_at_knowledge: bool = False
    provisional: bool = False
    recipe: Mapping[str, Json] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Name the duty: subject type, subject, rule, occasion."""
        return self.subject_type, self.subject_id, self.duty, self.occasion

    @property
    def facts(self) -> tuple[Any, ...]:
        """Give what the duty rests on: the same facts are the same clock, however its due time was computed."""
        return *self.key, self.basis, self.started_at, self.occurred_at, self.known_at


@dataclass(frozen=True)
class Clock:
    """One running or ended clock. `satisfied_at` is when the authority acknowledged, not when it was entered."""

    id: ClkId
    plan: Plan
    generation: int
    status: str
    created_at: datetime
    satisfied_at: datetime | None = None
    satisfied_by: str | None = None
    reason: str | None = None
    superseded_by: ClkId | None = None


@dataclass(frozen=True)
class Timer:
    """One reminder of a clock and whether it has fired."""

    clock_id: ClkId
    kind: str
    fire_at: datetime
    roles: tuple[str, ...]
    escalate: bool
    status: str
    fired_at: datetime | None

    @property
    def dedupe_key(self) -> str:
        """Name the message of this timer, the same at every attempt to deliver it."""
        return f"{self.clock_id}:{self.kind}"

    @property
    def topic(self) -> str:
        """Say what this reminder is."""
        if self.escalate:
            return "clock.escalated"
        if self.kind == DUE:
            return "clock.due"
        return "clock.overdue" if self.kind.startswith("+") else "clock.reminded"


@dataclass(frozen=True)
class Message:
    """What is to be told; `payload` holds ids and words of the law only. `attempts` counts this one too."""

    dedupe_key: str
    topic: str
    payload: Mapping[str, Json]
    roles: tuple[str, ...]
    created_at: datetime
    attempts: int


@dataclass(frozen=True)
class Notice:
    """What the holders of one role were told, and which of them saw it first."""

    id: NtcId
    dedupe_key: str
    clock_id: ClkId
    kind: str
    topic: str
    role: str
    given_at: datetime
    seen_at: datetime | None
    seen_by: str | None
