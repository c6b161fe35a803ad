"""One situation seen through a program: what each fact is for one model, given or computed, or not known."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from roadworthy.law.calendar import WorkingDay, YearUnknown, add_months, add_working_days
from roadworthy.law.condition import UNKNOWN, AnyOf, Condition, Facts, OneOf, missing, truth
from roadworthy.law.model import UPGRADE, OutcomeRule, TierRule
from roadworthy.law.packs import Program
from roadworthy.law.vocabulary import Derived, Fact

NO_TIER = "none"
_ABSENT = object()


class View:
    """The facts of one model (`subject`), or of one part of a mixed package for that model.

    `changes` replace input facts (for "what if"); `readings` replace the cautious assumption on an unknown fact.
    `assumed` collects the facts on which an assumption was used.
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
        self.part = part
        self.changes = changes or {}
        self.readings = readings or {}
        self.assumed: set[str] = set()
        self._known: dict[str, Any] = {}

    def value(self, name: str) -> Any:
        """Give the value of any fact a condition may name."""
        if name not in self._known:
            self._known[name] = self._compute(name)
        return self._known[name]

    def condition_of(self, name: str) -> Condition | None:
        """Give the condition of a computed yes/no fact or of a label."""
        derived = self.program.vocabulary.derived.get(name)
        if derived is not None:
            return derived.when
        if name.startswith("label."):
            return AnyOf(tuple(r.when for r in self.program.rules_of_label.get(name[6:], ())))
        return None

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
                back = shifted(self.program, date.fromisoformat(value), -derived.by, derived.unit)
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
            rules = self.program.outcomes if name == "outcome" else self.program.tiers
            return frozenset().union(*(missing(rule.when, self) for rule in self._possible(rules)))
        behind = self.condition_of(name)
        return missing(behind, self) if behind else frozenset()

    def stated(self, fact: Fact) -> Any:
        """Give what the file (or a change) says, None when it says nothing."""
        raw = self.changes.get(fact.name, self._raw(fact))
        return None if raw is _ABSENT else raw

    def entries(self, name: str) -> list["Entry"] | None:
        """Give the entries of a list fact, None when the list is not known."""
        value = self.value(name)
        return None if value is UNKNOWN else [Entry(self, name, entry) for entry in value or []]

    def input(self, fact: Fact, raw: Any) -> Any:
        """Turn what stands in the file (or does not) into a value or UNKNOWN."""
        value = fact.absent if raw is _ABSENT else raw
        if value is None and raw is not _ABSENT:
            value = UNKNOWN
        if fact.unknown_word and value == fact.unknown_word:
            value = UNKNOWN
        if value is UNKNOWN and fact.assume is not UNKNOWN:
            self.assumed.add(fact.name)
            return self.readings.get(fact.name, fact.assume)
        return value

    def _compute(self, name: str) -> Any:
        vocabulary = self.program.vocabulary
        if name in vocabulary.facts:
            return self._given(vocabulary.facts[name])
        if name in vocabulary.derived:
            return self._derive(vocabulary.derived[name])
        if name == "outcome":
            return self._first([(r, r.outcome) for r in self.program.outcomes], UPGRADE)
        if name == "tier":
            return self._first([(r, r.tier or NO_TIER) for r in self.program.tiers], NO_TIER)
        if name.startswith("option."):
            return self.program.choices[name[7:]]
        behind = self.condition_of(name)
        result = truth(behind, self) if behind else None
        return UNKNOWN if result is None else result

    def _given(self, fact: Fact) -> Any:
        if fact.name in self.changes:
            return self.changes[fact.name]
        return self.input(fact, self._raw(fact))

    def _raw(self, fact: Fact) -> Any:
        vocabulary = self.program.vocabulary
        prefix = f"{vocabulary.subjects}[]."
        if fact.name.startswith(prefix):
            return _walk(self.subject, fact.name.removeprefix(prefix).split("."))
        path = fact.name.split(".")
        places: list[Mapping[str, Any]] = [self.subject] if fact.per_model else []
        if self.part is not None:
            if path[0] in (vocabulary.parts, *vocabulary.parts_forget):
                return _ABSENT
            if f"{vocabulary.parts}[].{fact.name}" in vocabulary.facts:
                places = [self.part, *places]
        for place in (*places, self.top):
            found = _walk(place, path)
            if found is not _ABSENT:
                return found
        return _ABSENT

    def _derive(self, derived: Derived) -> Any:
        if derived.when is not None:
            result = truth(derived.when, self)
            return UNKNOWN if result is None else result
        if derived.list:
            return self._some(derived)
        if derived.latest:
            days = [self.value(name) for name in derived.latest]
            return UNKNOWN if UNKNOWN in days else max(days)
        moved = self._shifted(self.program.vocabulary.derived[derived.provisional or derived.name])
        if moved is None:
            return UNKNOWN
        return moved.provisional if derived.provisional else moved.day.isoformat()

    def _some(self, derived: Derived) -> Any:
        entries = self.entries(derived.list)
        if entries is None:
            return UNKNOWN
        results = [truth(derived.where, entry) for entry in entries]
        return True if True in results else UNKNOWN if None in results else False

    def _shifted(self, derived: Derived) -> WorkingDay | None:
        start = self.value(derived.shift)
        if start is UNKNOWN:
            return None
        return shifted(self.program, date.fromisoformat(start), derived.by, derived.unit)

    def _first(self, rules: Sequence[tuple[OutcomeRule | TierRule, str]], otherwise: str) -> Any:
        possible = self._possible([rule for rule, _ in rules])
        results = {word for rule, word in rules if rule in possible}
        if not possible or truth(possible[-1].when, self) is None:
            results.add(otherwise)
        return results.pop() if len(results) == 1 else OneOf(frozenset(results))

    def _possible(self, rules: Sequence[OutcomeRule | TierRule]) -> list[OutcomeRule | TierRule]:
        """Give the rules that may be the first true one."""
        possible: list[OutcomeRule | TierRule] = []
        for rule in rules:
            result = truth(rule.when, self)
            if result is not False:
                possible.append(rule)
            if result is True:
                break
        return possible

    def _unknown_behind(self, derived: Derived) -> frozenset[str]:
        if derived.when is not None:
            return missing(derived.when, self)
        if derived.list:
            entries = self.entries(derived.list)
            if entries is None:
                return frozenset({derived.list})
            return frozenset().union(*(missing(derived.where, entry) for entry in entries))
        names = derived.latest or (derived.shift or derived.provisional,)
        return frozenset().union(*(self.unknown(name) for name in names))


class Entry(Facts):
    """One entry of a list fact; names outside the list are those of the model."""

    def __init__(self, view: View, name: str, entry: Mapping[str, Any]) -> None:
        self._view = view
        self._prefix = f"{name}[]."
        self._entry = entry

    def value(self, name: str) -> Any:
        """Give a fact of the entry, or of the model."""
        if not name.startswith(self._prefix):
            return self._view.value(name)
        raw = _walk(self._entry, name.removeprefix(self._prefix).split("."))
        return self._view.input(self._view.program.vocabulary.facts[name], raw)

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


def shifted(program: Program, start: date, by: int, unit: str) -> WorkingDay:
    """Move a day by working days, calendar months or calendar days; raises YearUnknown."""
    if unit == "working_day":
        return add_working_days(program.calendar, start, by)
    return WorkingDay(add_months(start, by) if unit == "month" else start + timedelta(days=by), provisional=False)


def _walk(place: Mapping[str, Any], path: Sequence[str]) -> Any:
    here: Any = place
    for step in path:
        if here is None:
            return None
        if step not in here:
            return _ABSENT
        here = here[step]
    return here
