"""One situation seen through a program: what each fact is for one model, given or computed, or not known."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain
from typing import Any

from roadworthy.law.calendar import YearUnknown
from roadworthy.law.condition import UNKNOWN, Condition, Facts, OneOf, missing
from roadworthy.law.due import moved
from roadworthy.law.lookup import NO_TIER, Values, possible
from roadworthy.law.model import OutcomeRule, TierRule
from roadworthy.law.packs import Program
from roadworthy.law.places import ABSENT
from roadworthy.law.vocabulary import Derived, Fact


class View:
    """The facts of one model (`subject`), or of one part of a mixed package for that model.

    `changes` replace input facts (for "what if"); `readings` replace the cautious assumption on an unknown fact.
    `value` gives the value of any fact a condition may name.
    """

    def __init__(
        self,
        program: Program,
        top: Mapping[str, Any],
        subject: Mapping[str, Any],
        *,
        part: Mapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
        readings: Mapping[str, Any] | None = None,
    ) -> None:
        self.program = program
        self.top = top
        self.subject = subject
        self.changes = changes or {}
        self.values = Values(program, top, subject, part, self.changes, readings or {})
        self.value = self.values.__getitem__

    @property
    def assumed(self) -> set[str]:
        """The facts on which an assumption was used so far."""
        return self.values.assumed

    def condition_of(self, name: str) -> Condition | None:
        """Give the condition of a computed yes/no fact or of a label."""
        return self.values.ways.conditions[name]

    def alternatives(self, name: str) -> tuple[Any, ...]:
        """Give the domain of an input fact when it is small."""
        fact = self.program.vocabulary.facts.get(name)
        return fact.domain if fact else ()

    def reach(self, name: str, value: Any) -> list[tuple[str, Any]]:
        """Give the missing dates, with values, that bring the computed date `name` to `value`."""
        if self.value(name) is not UNKNOWN:
            return []
        derived = self.program.vocabulary.derived.get(name)
        if derived is None:
            return [(name, value)]
        if derived.shift:
            try:
                back = moved(self.program.calendar, date.fromisoformat(value), -derived.by, derived.unit)
            except YearUnknown:
                return []  # no advice for a year we do not know; the fact stays listed as missing
            return self.reach(derived.shift, back.day.isoformat())
        return [step for source in derived.latest for step in self.reach(source, value)]

    def unknown(self, name: str) -> frozenset[str]:
        """Give the input facts missing for `name`."""
        if self.value(name) is not UNKNOWN and not isinstance(self.value(name), OneOf):
            return frozenset()
        if name in self.program.vocabulary.facts:
            return frozenset({name})
        if name in self.program.vocabulary.derived:
            return self._unknown_behind(self.program.vocabulary.derived[name])
        if name in ("outcome", "tier"):
            rules: tuple[OutcomeRule | TierRule, ...] = getattr(self.program, f"{name}s")
            return _joined(missing(rule.when, self) for rule in possible(rules, self.value))
        behind = self.condition_of(name)
        return missing(behind, self) if behind else frozenset()

    def stated(self, fact: Fact) -> Any:
        """Give what the file (or a change) says, None when it says nothing."""
        if fact.name in self.changes:
            return self.changes[fact.name]
        raw = self.values.ways.places[fact.name](self.values)
        return None if raw is ABSENT else raw

    def entries(self, name: str) -> list["Entry"] | None:
        """Give the entries of a list fact, None when the list is not known."""
        value = self.value(name)
        return None if value is UNKNOWN else [Entry(self, name, entry) for entry in value or []]

    def _unknown_behind(self, derived: Derived) -> frozenset[str]:
        if derived.when is not None:
            return missing(derived.when, self)
        if derived.list:
            entries = self.entries(derived.list)
            if entries is None:
                return frozenset({derived.list})
            return _joined(missing(derived.where, entry) for entry in entries)
        names = derived.latest or (derived.shift or derived.provisional,)
        return _joined(self.unknown(name) for name in names)


def _joined(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(chain.from_iterable(sets))


class Entry(Facts):
    """One entry of a list fact; names outside the list are those of the model."""

    def __init__(self, view: View, name: str, entry: Mapping[str, Any]) -> None:
        self._view = view
        self._prefix = f"{name}[]."
        self._value = view.values.ways.of_entry(view.values, name, entry)

    def value(self, name: str) -> Any:
        """Give a fact of the entry, or of the model."""
        return self._value(name)

    def unknown(self, name: str) -> frozenset[str]:
        """Give `name` itself when the entry lacks it."""
        if not name.startswith(self._prefix):
            return self._view.unknown(name)
        return frozenset({name}) if self.value(name) is UNKNOWN else frozenset()

    def condition_of(self, name: str) -> Condition | None:
        """Give what the model gives."""
        return self._view.condition_of(name)

    def alternatives(self, name: str) -> tuple[Any, ...]:
        """Give what the model gives."""
        return self._view.alternatives(name)

    def reach(self, name: str, value: Any) -> list[tuple[str, Any]]:
        """Give what the model gives."""
        return self._view.reach(name, value)


__all__ = ["NO_TIER", "Entry", "View"]
