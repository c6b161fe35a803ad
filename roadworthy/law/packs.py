"""A set of packs with the vocabulary and calendar they speak with, and the part of it in force on a day."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property, lru_cache
from typing import Any, TypeVar

from roadworthy.kernel.errors import Unusable
from roadworthy.law.calendar import Calendar
from roadworthy.law.model import (
    Ambiguity,
    Clause,
    Deferral,
    Duty,
    FollowUp,
    Gate,
    Instrument,
    LabelRule,
    OutcomeRule,
    Pack,
    Rule,
    TierRule,
    WarningRule,
)
from roadworthy.law.vocabulary import Vocabulary

R = TypeVar("R", bound=Rule)

HOME = "cn"
APPROVED, SHADOW = "approved", "shadow"


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
    duties: tuple[Duty, ...]
    follow_ups: tuple[FollowUp, ...]

    @cached_property
    def rules_of_label(self) -> Mapping[str, tuple[LabelRule, ...]]:
        """The rules of each label, labels in pack order."""
        names = dict.fromkeys(rule.label for rule in self.labels)
        return {name: tuple(r for r in self.labels if r.label == name) for name in names}


@dataclass(frozen=True)
class Texts:
    """The legal texts that all packs, whatever their question, cite."""

    instruments: Mapping[str, Instrument]
    clauses: Mapping[str, Clause]


@dataclass(frozen=True)
class Packs:
    """What one question is decided by. Made by `load_packs`, which has checked it."""

    vocabulary: Vocabulary
    calendars: Mapping[str, Calendar]
    packs: tuple[Pack, ...]
    choices: Mapping[str, str]
    texts: Texts

    @property
    def calendar(self) -> Calendar:
        """The calendar of the country whose law the gate obeys."""
        return self.calendars[HOME]

    @property
    def clauses(self) -> Mapping[str, Clause]:
        """Every citable clause."""
        return self.texts.clauses

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Every legal text."""
        return self.texts.instruments

    @cached_property
    def ambiguities(self) -> Mapping[str, Ambiguity]:
        """Every open question of the law that these packs name."""
        return {a.id: a for pack in self.packs for a in pack.ambiguities.values()}

    @cached_property
    def all(self) -> Program:
        """Every rule whatever its dates and the status of its pack, for checks over the whole."""
        return self._program(self.packs, None)

    def program(self, day: date) -> Program:
        """Give the rules of approved packs in force on `day` (Beijing)."""
        return self._programs(day)

    def shadow(self, day: date) -> Program | None:
        """Give the program of `day` with the gates and warnings of shadow packs alone, whenever they begin.

        None when no pack is in shadow.
        """
        return self._shadows(day)

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
        """Give id, version and digest of everything that decides: packs, vocabulary, calendars."""
        deciding = [p for p in self.packs if p.status in (APPROVED, SHADOW)]
        rows = [{"id": p.id, "version": p.version, "digest": p.digest} for p in deciding]
        rows.append({"id": self.vocabulary.id, "version": self.vocabulary.version, "digest": self.vocabulary.digest})
        for name in sorted({HOME, *(duty.due.calendar for p in deciding for duty in p.duties)}):
            calendar = self.calendars[name]
            last = str(max((y for y, data in calendar.years.items() if data.published), default=0))
            rows.append({"id": f"{name}.calendar", "version": last, "digest": calendar.digest})
        return tuple(rows)

    @cached_property
    def pack_of(self) -> Mapping[str, Pack]:
        """The pack of each duty, by the duty's id."""
        return {duty.id: pack for pack in self.packs for duty in pack.duties}

    def doubt(self, rule: Rule) -> dict[str, Any]:
        """Say how well a rule is evidenced: the weakest grade it rests on, and whether its texts are authentic."""
        return dict(self._doubts(rule.cites))

    def verified(self, rule: Rule) -> bool:
        """Whether a person compared every text that the rule rests on with its authentic copy."""
        texts = [self.instruments[self.clauses[c].instrument] for c in rule.cites]
        return all(text.authentic and text.verified_by is not None for text in texts)

    @cached_property
    def _doubts(self) -> Callable[[tuple[str, ...]], Mapping[str, Any]]:
        def doubt(cites: tuple[str, ...]) -> Mapping[str, Any]:
            clauses = [self.clauses[c] for c in cites]
            authentic = all(self.instruments[c.instrument].authentic for c in clauses)
            return {"grade": max((c.grade for c in clauses), key="PSMIC".index), "authentic": authentic}

        return cache(doubt)

    @cached_property
    def _shadows(self) -> Callable[[date], Program | None]:
        shadows = [p for p in self.packs if p.status == SHADOW]
        ahead = self._program(shadows, None)

        def program(day: date) -> Program | None:
            now = self.program(day)
            return replace(now, gates=ahead.gates, warnings=ahead.warnings, duties=ahead.duties) if shadows else None

        return lru_cache(maxsize=8)(program)

    @cached_property
    def _programs(self) -> Callable[[date], Program]:
        approved = [p for p in self.packs if p.status == APPROVED]
        return lru_cache(maxsize=8)(lambda day: self._program(approved, day))

    def _program(self, packs: Iterable[Pack], day: date | None) -> Program:
        chosen = list(packs)

        def picked(rules: Iterable[R]) -> tuple[R, ...]:
            return tuple(r for r in rules if day is None or r.in_force(day))

        return Program(
            self.vocabulary,
            self.calendar,
            self.choices,
            picked(r for p in chosen for r in p.outcomes),
            picked(r for p in chosen for r in p.labels),
            picked(r for p in chosen for r in p.tiers),
            picked(r for p in chosen for r in p.gates),
            picked(r for p in chosen for r in p.deferrals),
            picked(r for p in chosen for r in p.warnings),
            picked(r for p in chosen for r in p.duties),
            picked(r for p in chosen for r in p.follow_ups),
        )
