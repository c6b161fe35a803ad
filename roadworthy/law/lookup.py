"""The way from each name a condition may use to its value, found once for the rules in force and then only walked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from roadworthy.law.calendar import WorkingDay
from roadworthy.law.compiled import UNKNOWN, Check, OneOf, Value
from roadworthy.law.condition import AnyOf, Condition
from roadworthy.law.due import moved as moved_day
from roadworthy.law.model import UPGRADE, OutcomeRule, Rule, TierRule
from roadworthy.law.packs import Program
from roadworthy.law.places import ABSENT, Places, Raw, Sheet, walk
from roadworthy.law.vocabulary import Derived, Fact

NO_TIER = "none"

R = TypeVar("R", bound=Rule)
T = TypeVar("T")


def once(make: Callable[[Program], T]) -> Callable[[Program], T]:
    """Make something of a program once and keep it beside the program's own cached properties."""
    key = f"{make.__module__}.{make.__qualname__}"

    def get(program: Program) -> T:
        held = vars(program)
        if key not in held:
            held[key] = make(program)
        found: T = held[key]
        return found

    return get


class Values(dict[str, Any]):
    """What each name is in one situation: plain facts read at once, all others worked out when first asked for.

    `changes` replace input facts, `readings` the cautious assumption on an unknown one; `assumed` collects the facts
    on which an assumption was used.
    """

    def __init__(
        self,
        program: Program,
        top: Mapping[str, Any],
        subject: Mapping[str, Any],
        part: Mapping[str, Any] | None,
        changes: Mapping[str, Any],
        readings: Mapping[str, Any],
    ) -> None:
        self.ways = ways_in_whole(program) if part is None else ways_in_part(program)
        super().__init__(self.ways.absent)
        self.top = top
        self.subject = subject
        self.part = part
        self.readings = readings
        self.assumed: set[str] = set()
        sheets = self.ways.sheets
        self._read(top, sheets["top"])
        self._read(subject, sheets["subject"])
        if part is not None:
            self._read(part, sheets["part"])
        if changes:
            self.update({name: value for name, value in changes.items() if name in program.vocabulary.facts})

    def _read(self, place: Mapping[str, Any], sheet: Sheet) -> None:
        names, below = sheet
        for key, value in place.items():
            if key in names:
                self[names[key]] = UNKNOWN if value is None else value
            elif key in below:  # null for an object leaves all of it unknown
                inner = below[key]
                self._read(dict.fromkeys((*inner.names, *inner.below)) if value is None else value, inner)

    def __missing__(self, name: str) -> Any:
        found = self[name] = self.ways[name](self)
        return found

    def settle(self, fact: Fact, raw: Any) -> Any:
        """Turn what stands in the file (or does not) into a value or UNKNOWN."""
        value = fact.absent if raw is ABSENT else raw
        if value is None and raw is not ABSENT:
            value = UNKNOWN
        if fact.unknown_word and value == fact.unknown_word:
            value = UNKNOWN
        if value is UNKNOWN and fact.assume is not UNKNOWN:
            self.assumed.add(fact.name)
            return self.readings.get(fact.name, fact.assume)
        return value


Way = Callable[[Values], Any]


class Ways(dict[str, Way]):
    """The way to every name, for a package as a whole or (`in_part`) for one part of it."""

    def __init__(self, program: Program, *, in_part: bool) -> None:
        super().__init__()
        self.program = program
        self.places = Places(program.vocabulary, in_part=in_part)
        self.absent, self.sheets = self.places.sheets()
        self.conditions = _Conditions(program)
        self._shifts: dict[tuple[str, int, str], WorkingDay] = {}

    def __missing__(self, name: str) -> Way:
        way = self[name] = self._way(name)
        return way

    def _way(self, name: str) -> Way:
        program, vocabulary = self.program, self.program.vocabulary
        if name in vocabulary.facts:
            return _given(vocabulary.facts[name], self.places[name])
        if name in vocabulary.derived:
            return self._derived(vocabulary.derived[name])
        if name == "outcome":
            return _first([(r, r.outcome) for r in program.outcomes], UPGRADE)
        if name == "tier":
            return _first([(r, r.tier or NO_TIER) for r in program.tiers], NO_TIER)
        if name.startswith("option."):
            choice = program.choices[name[7:]]
            return lambda _: choice
        behind = self.conditions[name]
        return _truth(behind.check) if behind else lambda _: UNKNOWN

    def _derived(self, derived: Derived) -> Way:
        if derived.when is not None:
            return _truth(derived.when.check)
        if derived.list:
            return self._some(derived.list, derived.where.check)
        if derived.latest:
            return _latest(derived.latest)
        if derived.provisional:
            moved = self._shifted(self.program.vocabulary.derived[derived.provisional])
            return lambda values: UNKNOWN if (found := moved(values)) is None else found.provisional
        moved = self._shifted(derived)
        return lambda values: UNKNOWN if (found := moved(values)) is None else found.day.isoformat()

    def _some(self, name: str, where: Check) -> Way:
        def way(values: Values) -> Any:
            entries = values[name]
            if entries is UNKNOWN:
                return UNKNOWN
            results = [where(self.of_entry(values, name, entry)) for entry in entries or []]
            return True if True in results else UNKNOWN if None in results else False

        return way

    def of_entry(self, values: Values, name: str, entry: Mapping[str, Any]) -> Value:
        """Give the way to a fact of one entry of the list `name`; any other name is that of the model."""
        inside = self.places.entries[name]

        def value(wanted: str) -> Any:
            if wanted not in inside:
                return values[wanted]
            fact, path = inside[wanted]
            return values.settle(fact, walk(entry, path))

        return value

    def _shifted(self, derived: Derived) -> Callable[[Values], WorkingDay | None]:
        source, by, unit, known = derived.shift, derived.by, derived.unit, self._shifts

        def moved(values: Values) -> WorkingDay | None:
            start = values[source]
            if start is UNKNOWN:
                return None
            key = (start, by, unit)
            if key not in known:
                known[key] = moved_day(self.program.calendar, date.fromisoformat(start), by, unit)
            return known[key]

        return moved


class _Conditions(dict[str, Condition | None]):
    """The condition behind each computed yes/no fact and each label, None behind any other name."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._program = program

    def __missing__(self, name: str) -> Condition | None:
        derived, found = self._program.vocabulary.derived.get(name), None
        if derived is not None:
            found = derived.when
        elif name.startswith("label."):
            found = AnyOf(tuple(rule.when for rule in self._program.rules_of_label.get(name[6:], ())))
        self[name] = found
        return found


@once
def ways_in_whole(program: Program) -> Ways:
    """Give the ways for packages as a whole."""
    return Ways(program, in_part=False)


@once
def ways_in_part(program: Program) -> Ways:
    """Give the ways for one part of a mixed package."""
    return Ways(program, in_part=True)


def _given(fact: Fact, raw: Raw) -> Way:
    word = fact.unknown_word

    def way(values: Values) -> Any:
        found = raw(values)
        if found is None or found is ABSENT or found == word:
            return values.settle(fact, found)
        return found

    return way


def _truth(check: Check) -> Way:
    def way(values: Values) -> Any:
        result = check(values.__getitem__)
        return UNKNOWN if result is None else result

    return way


def _latest(names: tuple[str, ...]) -> Way:
    def way(values: Values) -> Any:
        days = [values[name] for name in names]
        return UNKNOWN if UNKNOWN in days else max(days)

    return way


def _first(rules: Sequence[tuple[OutcomeRule | TierRule, str]], otherwise: str) -> Way:
    """Give the word of the first true rule, OneOf while several may be the first."""
    checks = [(rule.when.check, word) for rule, word in rules]

    def way(values: Values) -> Any:
        words = set()
        for check, word in checks:
            result = check(values.__getitem__)
            if result is not False:
                words.add(word)
            if result is True:
                break
        else:
            words.add(otherwise)
        return words.pop() if len(words) == 1 else OneOf(frozenset(words))

    return way


def possible(rules: Iterable[R], value: Value) -> list[R]:
    """Give the rules that may be the first true one."""
    found: list[R] = []
    for rule in rules:
        result = rule.when.check(value)
        if result is not False:
            found.append(rule)
        if result is True:
            break
    return found
