"""Decision tables over finite facts, compared by solving instead of walking every combination.

A table is split by one fact at a time, and only while its outcome is not settled; a comparison of two tables stops
wherever what is left of both is the same. Values of a fact that leave the same rest behind stay together. What comes
out are cubes: disjoint situations, each by the few facts that matter, with the number of full combinations it covers.

1. `closed`       puts computed facts into a condition and gives every comparison a fact with few values (`domains_of`)
2. `rest_of`      Kleene truth under a partial assignment: True, False, or what is still to be decided
3. `situations`   what one table says where; so a rule that never fires, or what no rule covers
4. `differences`  where two tables say different things
5. `witness`      one situation in which a condition holds, or none: two gates that can never both open

Only the combination of facts is looked at, each fact known. What a missing fact does is the evaluator's matter.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from math import prod
from typing import Any

from roadworthy.law.condition import OPERATORS, AllOf, AnyOf, Condition, FactRef, Not, Test, tests_of

ANOTHER = "(another)"  # any text that no rule names
Rest = bool | Condition
Domains = Mapping[str, tuple[Any, ...]]
Meanings = Callable[[Test], Condition | None]

_OPPOSITE = {"ne": "eq", "lt": "ge", "gt": "le"}  # so that a comparison and its opposite are one free yes/no
_ORDERED = ("ge", "gt", "le", "lt")


@dataclass(frozen=True)
class Table:
    """Rows (word, condition) over closed conditions.

    With `first`, the word of the first true row counts, `otherwise` when there is none; without, the words of all
    true rows do, sorted.
    """

    rows: tuple[tuple[str, Rest], ...]
    first: bool = True
    otherwise: str = ""

    @property
    def outcome(self) -> str | tuple[str, ...] | None:
        """What the table says once it is settled, else None."""
        if not self.first:
            return tuple(sorted({w for w, _ in self.rows})) if all(rest is True for _, rest in self.rows) else None
        if not self.rows:
            return self.otherwise
        word, rest = self.rows[0]
        return word if rest is True else None


@dataclass(frozen=True)
class Cube:
    """Every combination in which each fact of `given` has one of the values listed; `size` counts them."""

    given: Mapping[str, tuple[Any, ...]]
    size: int
    outcomes: tuple[str | tuple[str, ...], ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether a full combination lies in it."""
        return all(values[fact] in allowed for fact, allowed in self.given.items())


def closed(condition: Condition, meanings: Meanings) -> Condition:
    """Put the meaning of computed facts in place of their names, and free yes/no facts where values are endless.

    `meanings` gives the condition behind a comparison of a computed fact, None for a fact that is given.
    """
    match condition:
        case AllOf(parts):
            return AllOf(tuple(closed(part, meanings) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(closed(part, meanings) for part in parts))
        case Not(part):
            return Not(closed(part, meanings))
        case Test():
            meant = meanings(condition)
            return _plain(condition) if meant is None else closed(meant, meanings)


def _plain(test: Test) -> Condition:
    if test.op in _OPPOSITE and isinstance(test.operand, FactRef):
        return Not(_plain(Test(test.fact, _OPPOSITE[test.op], test.operand)))
    if test.op == "empty":
        free = Test(f"({test.fact} empty)", "eq", operand=True)
        return free if test.operand else Not(free)
    if isinstance(test.operand, FactRef):
        return Test(f"({test.fact} {test.op} {test.operand.fact})", "eq", operand=True)
    if test.op == "intersects":
        return Test(f"({test.fact} intersects {test.operand})", "eq", operand=True)
    return test


def domains_of(conditions: Iterable[Condition], known: Domains) -> dict[str, tuple[Any, ...]]:
    """Give the values worth telling apart of every fact in closed conditions: `known` ones, else by what is asked.

    Around each number or day that a rule names stand one below and one above it; texts are those named, and ANOTHER.
    """
    named: dict[str, list[Test]] = {}
    for condition in conditions:
        for test in tests_of(condition):
            named.setdefault(test.fact, []).append(test)
    return {fact: known.get(fact) or _values(tests) for fact, tests in sorted(named.items())}


def _values(tests: Sequence[Test]) -> tuple[Any, ...]:
    operands = {value for t in tests for value in (t.operand if t.op == "in" else (t.operand,))}
    if all(isinstance(value, bool) for value in operands):
        return (False, True)
    if all(isinstance(value, int | float) for value in operands):
        return tuple(sorted({value + step for value in operands for step in (-1, -0.5, 0, 0.5, 1)}))
    if any(t.op in _ORDERED for t in tests):
        days = {date.fromisoformat(value) + timedelta(days=step) for value in operands for step in (-1, 0, 1)}
        return tuple(day.isoformat() for day in sorted(days))
    return (*sorted(operands), ANOTHER)


def rest_of(condition: Rest, given: Mapping[str, Any]) -> Rest:
    """Give True or False where the facts `given` settle it, else the condition without what they settle."""
    match condition:
        case bool():
            return condition
        case Test(fact, op, operand):
            return condition if fact not in given else OPERATORS[op](given[fact], operand)
        case Not(part):
            rest = rest_of(part, given)
            return not rest if isinstance(rest, bool) else (rest.part if isinstance(rest, Not) else Not(rest))
        case AllOf(parts):
            return _joined(parts, given, stop=False)
        case AnyOf(parts):
            return _joined(parts, given, stop=True)


def _joined(parts: Sequence[Condition], given: Mapping[str, Any], *, stop: bool) -> Rest:
    left: dict[Condition, None] = {}
    kind = AnyOf if stop else AllOf
    for part in parts:
        rest = rest_of(part, given)
        if rest is stop:
            return stop
        if not isinstance(rest, bool):
            left |= dict.fromkeys(rest.parts if isinstance(rest, kind) else (rest,))
    if not left:
        return not stop
    return next(iter(left)) if len(left) == 1 else kind(tuple(left))


def situations(table: Table, domains: Domains) -> Iterator[Cube]:
    """Give disjoint cubes that cover every combination, each with the one thing the table says there."""
    return _split((rest_of_table(table, {}),), domains, {}, same=False)


def differences(old: Table, new: Table, domains: Domains) -> Iterator[Cube]:
    """Give disjoint cubes of all combinations in which the two say different things, `outcomes` = (old, new).

    Of tables whose words add up, only the words that the two do not share are named.
    """
    return _split((rest_of_table(old, {}), rest_of_table(new, {})), domains, {}, same=True)


def witness(condition: Condition, domains: Domains) -> Cube | None:
    """Give one cube in which a closed condition holds, None when it never does."""
    table = Table((("yes", condition),), otherwise="no")
    return next((cube for cube in situations(table, domains) if cube.outcomes == ("yes",)), None)


def listed(cubes: Iterator[Cube], limit: int) -> tuple[list[Cube], bool]:
    """Take at most `limit` cubes; also say whether these are all."""
    taken = list(islice(cubes, limit + 1))
    return taken[:limit], len(taken) <= limit


def rest_of_table(table: Table, given: Mapping[str, Any]) -> Table:
    """Give what is left of a table: rows that cannot be true are gone, and those behind a certain first one."""
    rows: dict[tuple[str, Rest], None] = {}
    for word, condition in table.rows:
        rest = rest_of(condition, given)
        if rest is not False:
            rows[word, rest] = None
        if rest is True and table.first:
            break
    kept = tuple(rows)
    if table.first:
        while kept and kept[-1][0] == table.otherwise:  # says what is said without it
            kept = kept[:-1]
        return Table(kept, first=True, otherwise=table.otherwise)
    certain = {word for word, rest in kept if rest is True}
    kept = tuple(row for row in kept if row[1] is True or row[0] not in certain)
    return Table(tuple(sorted(kept, key=lambda row: (row[0], repr(row[1])))), first=False)


def _split(
    tables: tuple[Table, ...], domains: Domains, given: dict[str, tuple[Any, ...]], *, same: bool
) -> Iterator[Cube]:
    if same:
        tables = _without_shared(tables)
        if tables[0] == tables[1]:
            return
    said = tuple(table.outcome for table in tables)
    settled = tuple(word for word in said if word is not None)
    if len(settled) == len(tables):
        if not same or settled[0] != settled[1]:
            yield Cube(dict(given), _size(domains, given), settled)
        return
    fact = _next_fact(tables)
    branches: dict[tuple[Table, ...], list[Any]] = {}
    for value in domains[fact]:
        rest = tuple(rest_of_table(table, {fact: value}) for table in tables)
        branches.setdefault(rest, []).append(value)
    for rest, values in branches.items():
        # A fact all of whose values come to the same does not matter here.
        more = given if len(branches) == 1 else {**given, fact: tuple(values)}
        yield from _split(rest, domains, more, same=same)


def _without_shared(tables: tuple[Table, ...]) -> tuple[Table, ...]:
    old, new = tables
    if old.first or new.first:
        return tables
    shared = {word for word in {w for w, _ in old.rows} if _of(old, word) == _of(new, word)}
    return tuple(Table(tuple(row for row in t.rows if row[0] not in shared), first=False) for t in tables)


def _of(table: Table, word: str) -> frozenset[Rest]:
    return frozenset(rest for w, rest in table.rows if w == word)


def _next_fact(tables: tuple[Table, ...]) -> str:
    """Choose what the first undecided rows speak of most; names break ties, so that the order never changes."""
    counts: Counter[str] = Counter()
    for table in tables:
        if table.outcome is None:
            undecided = [rest for _, rest in table.rows if not isinstance(rest, bool)]
            for place, rest in enumerate(undecided):
                for test in tests_of(rest):
                    counts[test.fact] += 1 if place else 4
    return min(counts, key=lambda fact: (-counts[fact], fact))


def _size(domains: Domains, given: Mapping[str, tuple[Any, ...]]) -> int:
    return prod(len(given.get(fact, values)) for fact, values in domains.items())
