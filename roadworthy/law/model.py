"""The nouns of a rule pack, frozen. Where they come from is `parse`, what they mean together is `judge`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from roadworthy.kernel.decision import Text
from roadworthy.law.condition import Condition

UPGRADE = "upgrade"  # the outcome word inside conditions when no outcome applies; null in answers


@dataclass(frozen=True)
class Instrument:
    """One legal text. `authentic`: a person compared our wording with the official copy; `verified_by`: who."""

    id: str
    kind: str
    number: str
    title: Text
    issuer: str
    issued: date
    in_force: date
    until: date | None
    url: str
    authentic: bool
    verified_by: str | None


@dataclass(frozen=True)
class Clause:
    """One citable place with what it demands and how well it is evidenced (P, S, M, I or C)."""

    id: str
    instrument: str
    grade: str
    text: Text


@dataclass(frozen=True)
class Ambiguity:
    """An open question of the law (Q-nn), its readings by name, and the reading we take."""

    id: str
    question: Text
    options: Mapping[str, Text]
    default: str
    selectable: bool


@dataclass(frozen=True)
class Rule:
    """What every rule has: an id, its clauses, when it is in force, a title in both languages."""

    id: str
    cites: tuple[str, ...]
    since: date
    until: date | None
    title: Text
    when: Condition

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
class TimerRule(Rule):
    """A duty that follows: `by` `unit` after fact `start`; with `recur`, again and again before fact `end`."""

    start: str
    by: int
    unit: str
    recur: bool
    end: str


@dataclass(frozen=True)
class Example:
    """A worked situation inside the pack: changes to the specimen, and what must come out."""

    name: str
    as_of: date
    given: Mapping[str, object]
    absent: tuple[str, ...]
    expect: Mapping[str, object]


@dataclass(frozen=True)
class Pack:
    """One pack: immutable once used; a change of law is a new version with a new digest."""

    id: str
    version: str
    digest: str
    title: Text
    jurisdiction: str
    status: str
    verified_by: str | None
    instruments: Mapping[str, Instrument]
    clauses: Mapping[str, Clause]
    ambiguities: Mapping[str, Ambiguity]
    outcomes: tuple[OutcomeRule, ...]
    labels: tuple[LabelRule, ...]
    tiers: tuple[TierRule, ...]
    gates: tuple[Gate, ...]
    deferrals: tuple[Deferral, ...]
    warnings: tuple[WarningRule, ...]
    timers: tuple[TimerRule, ...]
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
            *self.timers,
        )
