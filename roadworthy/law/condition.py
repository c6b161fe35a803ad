"""Conditions as data and their three-valued truth (Kleene): true, false, or None when a needed fact is not known.

    {all: [...]}   {any: [...]}   {not: {...}}   {fact: {op: value}}   {fact: {op: {fact: other}}}

There are no expressions to parse, so nothing can be injected and a pack can be shown as a table.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol


class _Unknown(Enum):
    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown.UNKNOWN
Truth = bool | None


@dataclass(frozen=True)
class OneOf:
    """A computed value that is not settled yet but can only be one of these."""

    values: frozenset[Any]


@dataclass(frozen=True)
class FactRef:
    """The value of another fact, on the right of an operator."""

    fact: str


@dataclass(frozen=True)
class Test:
    """One comparison of a fact with a value or with another fact."""

    __test__ = False  # the field's word, not a test class for pytest

    fact: str
    op: str
    operand: Any


@dataclass(frozen=True)
class AllOf:
    """True when every part is."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class AnyOf:
    """True when at least one part is."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The opposite; not known stays not known."""

    part: "Condition"


Condition = Test | AllOf | AnyOf | Not
ALWAYS: Condition = AllOf(())

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, operand: bool(value == operand),
    "ne": lambda value, operand: bool(value != operand),
    "ge": lambda value, operand: bool(value >= operand),
    "gt": lambda value, operand: bool(value > operand),
    "le": lambda value, operand: bool(value <= operand),
    "lt": lambda value, operand: bool(value < operand),
    "in": lambda value, operand: value in operand,
    "intersects": lambda value, operand: any(item in operand for item in value),
    "empty": lambda value, operand: (value is None or value == []) == operand,
}


class Facts(Protocol):
    """Whatever can say what a fact is, in one situation."""

    def value(self, name: str) -> Any:
        """Give the value, UNKNOWN, or OneOf."""
        ...

    def unknown(self, name: str) -> frozenset[str]:
        """Give the input facts that are missing for `name` to be known."""
        ...

    def condition_of(self, name: str) -> Condition | None:
        """Give the condition behind a computed yes/no fact, None for any other fact."""
        ...

    def alternatives(self, name: str) -> tuple[Any, ...]:
        """Give the values an input fact may take when they are few, else none."""
        ...

    def reach(self, name: str, value: Any) -> list[tuple[str, Any]]:
        """Give the missing input facts, with values, that would bring the computed date `name` to `value`."""
        ...


def truth(condition: Condition, facts: Facts) -> Truth:
    """Evaluate; a missing fact makes the result None only where it could change it."""
    match condition:
        case Test():
            return _test(condition, facts)
        case Not(part):
            inner = truth(part, facts)
            return None if inner is None else not inner
        case AllOf(parts):
            return _fold(parts, facts, stop=False)
        case AnyOf(parts):
            return _fold(parts, facts, stop=True)


def _fold(parts: Iterable[Condition], facts: Facts, *, stop: bool) -> Truth:
    settled = True
    for part in parts:
        result = truth(part, facts)
        if result is stop:
            return stop
        settled = settled and result is not None
    return (not stop) if settled else None


def _test(test: Test, facts: Facts) -> Truth:
    value, operand = facts.value(test.fact), operand_of(test, facts)
    if value is UNKNOWN or operand is UNKNOWN:
        return None
    compare = OPERATORS[test.op]
    if isinstance(value, OneOf):
        results = {compare(possible, operand) for possible in value.values}
        return results.pop() if len(results) == 1 else None
    return compare(value, operand)


def operand_of(test: Test, facts: Facts) -> Any:
    """Give the right side of a comparison, looked up when it is another fact."""
    return facts.value(test.operand.fact) if isinstance(test.operand, FactRef) else test.operand


def missing(condition: Condition, facts: Facts, *, to_hold: bool = False) -> frozenset[str]:
    """Give the input facts whose absence leaves `condition` open.

    With `to_hold` also those that it would need to come true although another part is already false, so that a
    person is asked once for everything.
    """
    match condition:
        case Test():
            return _missing_in_test(condition, facts)
        case Not(part):
            return missing(part, facts)
        case AllOf(parts) | AnyOf(parts):
            result = truth(condition, facts)
            if result is True or (result is False and not to_hold):
                return frozenset()
            return frozenset().union(*(missing(part, facts, to_hold=to_hold) for part in parts))


def _missing_in_test(test: Test, facts: Facts) -> frozenset[str]:
    if _test(test, facts) is not None:
        return frozenset()
    names = [test.fact] + ([test.operand.fact] if isinstance(test.operand, FactRef) else [])
    return frozenset().union(*(facts.unknown(name) for name in names))


def decisive(condition: Condition, facts: Facts) -> list[Test]:
    """Give the comparisons that made the result what it is, looked through computed yes/no facts."""
    match condition:
        case Test(fact):
            inner = facts.condition_of(fact)
            return [condition] if inner is None else decisive(inner, facts)
        case Not(part):
            return decisive(part, facts)
        case AllOf(parts) | AnyOf(parts):
            result = truth(condition, facts)
            return [test for part in parts if truth(part, facts) is result for test in decisive(part, facts)]


def steps(condition: Condition, facts: Facts, *, wanted: bool = True) -> list[tuple[str, Any]]:
    """Give the single changes of input facts, as (fact, value), that work towards `condition` being `wanted`."""
    match condition:
        case Test():
            return _steps_of_test(condition, facts, wanted=wanted)
        case Not(part):
            return steps(part, facts, wanted=not wanted)
        case AllOf(parts) | AnyOf(parts):
            behind = [part for part in parts if truth(part, facts) is not wanted]
            return [step for part in behind for step in steps(part, facts, wanted=wanted)]


def _steps_of_test(test: Test, facts: Facts, *, wanted: bool) -> list[tuple[str, Any]]:
    operand = operand_of(test, facts)
    if operand is UNKNOWN and isinstance(test.operand, FactRef) and wanted:
        left = facts.value(test.fact)
        return [] if left is UNKNOWN else facts.reach(test.operand.fact, left)
    if operand is UNKNOWN or isinstance(operand, OneOf):
        return []
    compare = OPERATORS[test.op]
    inner = facts.condition_of(test.fact)
    if inner is not None:
        value = next((v for v in (True, False) if compare(v, operand) is wanted), None)
        return [] if value is None else steps(inner, facts, wanted=value)
    known = operand if test.op == "in" else [operand]
    return [(test.fact, v) for v in (*known, *facts.alternatives(test.fact)) if _fits(test, v, operand, wanted=wanted)]


def _fits(test: Test, value: Any, operand: Any, *, wanted: bool) -> bool:
    if test.op in ("intersects", "empty"):
        return False
    return OPERATORS[test.op](value, operand) is wanted


def tests_of(condition: Condition) -> list[Test]:
    """Give every comparison in a condition."""
    match condition:
        case Test():
            return [condition]
        case Not(part):
            return tests_of(part)
        case AllOf(parts) | AnyOf(parts):
            return [test for part in parts for test in tests_of(part)]


def facts_in(condition: Condition) -> set[str]:
    """Give the names a condition reads directly."""
    tests = tests_of(condition)
    return {t.fact for t in tests} | {t.operand.fact for t in tests if isinstance(t.operand, FactRef)}
