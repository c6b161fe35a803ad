"""A set of packs with the vocabulary and calendar they speak with, and the part of it in force on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from roadworthy.kernel.errors import Unusable
from roadworthy.law.calendar import Calendar
from roadworthy.law.model import (
    Ambiguity,
    Clause,
    Deferral,
    Gate,
    Instrument,
    LabelRule,
    OutcomeRule,
    Pack,
    Rule,
    TierRule,
    TimerRule,
    WarningRule,
)
from roadworthy.law.vocabulary import Vocabulary

R = TypeVar("R", bound=Rule)


class OptionUnknown(Unusable):
    """There is no such reading; choose one that the pack names."""

    code = "law.option_unknown"


@dataclass(frozen=True)
class Program:
    """Every rule in force on one day, ready to be asked."""

    vocabulary: Vocabulary
    calendar: Calendar
    choices: Mapping[str, str]
    outcomes: tuple[OutcomeRule, ...]
    labels: tuple[LabelRule, ...]
    tiers: tuple[TierRule, ...]
    gates: tuple[Gate, ...]
    deferrals: tuple[Deferral, ...]
    warnings: tuple[WarningRule, ...]
    timers: tuple[TimerRule, ...]

    @cached_property
    def rules_of_label(self) -> Mapping[str, tuple[LabelRule, ...]]:
        """The rules of each label, labels in pack order."""
        names = dict.fromkeys(rule.label for rule in self.labels)
        return {name: tuple(r for r in self.labels if r.label == name) for name in names}


@dataclass(frozen=True)
class Packs:
    """What `classify` decides by. Made by `load_packs`, which has checked it."""

    vocabulary: Vocabulary
    calendar: Calendar
    packs: tuple[Pack, ...]
    choices: Mapping[str, str]

    @cached_property
    def clauses(self) -> Mapping[str, Clause]:
        """Every citable clause."""
        return {clause.id: clause for pack in self.packs for clause in pack.clauses.values()}

    @cached_property
    def instruments(self) -> Mapping[str, Instrument]:
        """Every legal text."""
        return {i.id: i for pack in self.packs for i in pack.instruments.values()}

    @cached_property
    def ambiguities(self) -> Mapping[str, Ambiguity]:
        """Every open question of the law."""
        return {a.id: a for pack in self.packs for a in pack.ambiguities.values()}

    @cached_property
    def all(self) -> Program:
        """Every rule whatever its dates, for checks over the whole."""
        return self._program(None)

    def program(self, day: date) -> Program:
        """Give the rules in force on `day` (Beijing)."""
        return self._program(day)

    def reading(self, choices: Mapping[str, str]) -> "Packs":
        """Give the same packs with other readings of ambiguities, as {Q-nn: option}.

        Raises OptionUnknown for a question or option no pack names, or a question that has one reading only.
        """
        for question, option in choices.items():
            found = self.ambiguities.get(question)
            if found is None or not found.selectable or option not in found.options:
                can = ", ".join(sorted(a.id for a in self.ambiguities.values() if a.selectable))
                raise OptionUnknown(f"{question}={option} is no selectable reading; questions with a choice: {can}.")
        return replace(self, choices={**self.choices, **choices})

    @cached_property
    def identities(self) -> tuple[dict[str, str], ...]:
        """Give id, version and digest of everything that decides: packs, vocabulary, calendar."""
        rows = [{"id": p.id, "version": p.version, "digest": p.digest} for p in self.packs]
        rows.append({"id": self.vocabulary.id, "version": self.vocabulary.version, "digest": self.vocabulary.digest})
        last = str(max((y for y, data in self.calendar.years.items() if data.published), default=0))
        rows.append({"id": f"{self.calendar.id}.calendar", "version": last, "digest": self.calendar.digest})
        return tuple(rows)

    def doubt(self, rule: Rule) -> dict[str, Any]:
        """Say how well a rule is evidenced: the weakest grade it rests on, and whether its texts are authentic."""
        clauses = [self.clauses[c] for c in rule.cites]
        return {
            "grade": max((c.grade for c in clauses), key="PSMIC".index),
            "authentic": all(self.instruments[c.instrument].authentic for c in clauses),
        }

    def _program(self, day: date | None) -> Program:
        def picked(rules: Iterable[R]) -> tuple[R, ...]:
            return tuple(r for r in rules if day is None or r.in_force(day))

        return Program(
            self.vocabulary,
            self.calendar,
            self.choices,
            picked(r for p in self.packs for r in p.outcomes),
            picked(r for p in self.packs for r in p.labels),
            picked(r for p in self.packs for r in p.tiers),
            picked(r for p in self.packs for r in p.gates),
            picked(r for p in self.packs for r in p.deferrals),
            picked(r for p in self.packs for r in p.warnings),
            picked(r for p in self.packs for r in p.timers),
        )
