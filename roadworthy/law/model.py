"""The nouns of a rule pack, frozen. Where they come from is `parse`, what they mean together is `judge`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from roadworthy.kernel.decision import Text
from roadworthy.law.condition import Condition
from roadworthy.law.fields import Place

UPGRADE = "upgrade"  # the outcome word inside conditions when no outcome applies; null in answers


@dataclass(frozen=True)
class Instrument:
    """One legal text. `authentic`: a person compared our wording with the official copy; `verified_by`: who.

    `source_sha256` names the bytes of that copy, None while none was obtained.
    """

    id: str
    kind: str
    number: str
    title: Text
    issuer: str
    issued: date
    in_force: date
    until: date | None
    url: str
    source_sha256: str | None
    authentic: bool
    verified_by: str | None


@dataclass(frozen=True)
class Clause:
    """One citable place with what it demands and how well it is evidenced (P, S, M, I or C)."""

    id: str
    instrument: str
    grade: str
    text: Text
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Ambiguity:
    """An open question of the law (Q-nn), its readings by name, the strictest first, and the reading we take."""

    id: str
    question: Text
    options: Mapping[str, Text]
    default: str
    selectable: bool
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Rule:
    """What every rule has: an id, its clauses, when it is in force, a title in both languages."""

    id: str
    cites: tuple[str, ...]
    since: date
    until: date | None
    title: Text
    when: Condition
    place: Place = field(compare=False)

    def in_force(self, day: date) -> bool:
        """Whether the rule counts on `day`."""
        return self.since <= day and (self.until is None or day < self.until)

    @property
    def citation(self) -> str:
        """The clauses, as answers cite them."""
        return ", ".join(self.cites)


@dataclass(frozen=True)
class OutcomeRule(Rule):
    """When true, the upgrade is no labelled upgrade at all; the first in pack order wins."""

    outcome: str


@dataclass(frozen=True)
class LabelRule(Rule):
    """When true, the label applies; labels accumulate unless `alone`."""

    label: str
    alone: bool


@dataclass(frozen=True)
class TierRule(Rule):
    """The first in order that is true gives the tier; `tier` None means that no tier applies."""

    tier: str | None


@dataclass(frozen=True)
class Gate(Rule):
    """`when` adds it, `open` satisfies it, `hold` tells a hold from a block; `under` are outcomes it exists in."""

    token: str
    under: tuple[str, ...]
    open: Condition
    hold: Condition | None
    reason: Text
    hold_reason: Text
    fix: Text


@dataclass(frozen=True)
class Deferral(Rule):
    """When true, the named gates count as open, marked deferred."""

    tokens: tuple[str, ...]


@dataclass(frozen=True)
class WarningRule(Rule):
    """Said beside the decision, never part of it."""

    text: Text


@dataclass(frozen=True)
class Every:
    """Again and again: each `amount` `unit` (day, month or calendar quarter) from the base, the base's own excluded.

    It ends before the base `until`, or after `times`; one of the two is given.
    """

    amount: int
    unit: str
    until: str
    times: int


@dataclass(frozen=True)
class Due:
    """When a duty falls due: `amount` `unit` after (negative: before) a base, or on a fixed day.

    Units: hour (exact, through holidays), day, working_day, month (end of that day in the calendar's zone) and
    day_of_next_month (`amount` is the day). `roll` moves a day that is not worked to the next or previous one.
    """

    basis: str
    amount: int
    unit: str
    on: date | None
    calendar: str
    roll: str
    every: Every | None


@dataclass(frozen=True)
class Reminder:
    """Who is told when: `at` is a share of the time ("50%"), a span before the end ("-4h"), or "due"."""

    at: str
    roles: tuple[str, ...]
    escalate: bool


@dataclass(frozen=True)
class Duty(Rule):
    """When true, `report` is owed to the `recipients` by its due time, again and again if `due.every` says so."""

    report: str
    recipients: tuple[str, ...]
    due: Due
    reminders: tuple[Reminder, ...]


@dataclass(frozen=True)
class FollowUp(Rule):
    """When true, what was reported needs a further step, a correction for instance."""

    follow_up: str


@dataclass(frozen=True)
class Example:
    """A worked situation inside the pack: changes to the specimen, the readings chosen, and what must come out."""

    name: str
    as_of: date
    given: Mapping[str, object]
    absent: tuple[str, ...]
    readings: Mapping[str, str]
    expect: Mapping[str, object]
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Pack:
    """One pack about one question: immutable once used; a change of law is a new version with a new digest."""

    id: str
    version: str
    digest: str
    about: str
    title: Text
    jurisdiction: str
    status: str
    author: str | None
    supersedes: str | None
    verified_by: str | None
    calendar: str
    instruments: Mapping[str, Instrument]
    clauses: Mapping[str, Clause]
    ambiguities: Mapping[str, Ambiguity]
    outcomes: tuple[OutcomeRule, ...]
    labels: tuple[LabelRule, ...]
    tiers: tuple[TierRule, ...]
    gates: tuple[Gate, ...]
    deferrals: tuple[Deferral, ...]
    warnings: tuple[WarningRule, ...]
    duties: tuple[Duty, ...]
    follow_ups: tuple[FollowUp, ...]
    examples: tuple[Example, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of whatever kind."""
        return (
            *self.outcomes,
            *self.labels,
            *self.tiers,
            *self.gates,
            *self.deferrals,
            *self.warnings,
            *self.duties,
            *self.follow_ups,
        )
