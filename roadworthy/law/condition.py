"""Conditions as data and their three-valued truth (Kleene): true, false, or None when a needed fact is not known.

    {all: [...]}   {any: [...]}   {not: {...}}   {fact: {op: value}}   {fact: {op: {fact: other}}}

There are no expressions to parse, so nothing can be injected and a pack can be shown as a table.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from roadworthy.law.compiled import (
    OPERATORS,
    UNKNOWN,
    Check,
    OneOf,
    Truth,
    comparison,
    comparison_of_facts,
    fold,
    opposite,
)


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

    @cached_property
    def check(self) -> Check:
        """The comparison, ready to be asked."""
        if isinstance(self.operand, FactRef):
            return comparison_of_facts(self.fact, self.op, self.operand.fact)
        return comparison(self.fact, self.op, self.operand)

    @cached_property
    def key(self) -> tuple[str, str, str]:
        """What tells this comparison from another; 1 and true differ."""
        return self.fact, self.op, repr(self.operand)


@dataclass(frozen=True)
class AllOf:
    """True when every part is."""

    parts: tuple["Condition", ...]

    @cached_property
    def check(self) -> Check:
        """All parts, ready to be asked."""
        return fold(tuple(part.check for part in self.parts), stop=False)


@dataclass(frozen=True)
class AnyOf:
    """True when at least one part is."""

    parts: tuple["Condition", ...]

    @cached_property
    def check(self) -> Check:
        """Any part, ready to be asked."""
        return fold(tuple(part.check for part in self.parts), stop=True)


@dataclass(frozen=True)
class Not:
    """The opposite; not known stays not known."""

    part: "Condition"

    @cached_property
    def check(self) -> Check:
        """The opposite, ready to be asked."""
        return opposite(self.part.check)


Condition = Test | AllOf | AnyOf | Not
ALWAYS: Condition = AllOf(())


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
    return condition.check(facts.value)


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
            return frozenset(name for part in parts for name in missing(part, facts, to_hold=to_hold))


def _missing_in_test(test: Test, facts: Facts) -> frozenset[str]:
    if truth(test, facts) is not None:
        return frozenset()
    if isinstance(test.operand, FactRef):
        return facts.unknown(test.fact) | facts.unknown(test.operand.fact)
    return facts.unknown(test.fact)


def decisive(condition: Condition, facts: Facts) -> list[Test]:
    """Give the comparisons that made the result what it is, looked through computed yes/no facts."""
    if isinstance(condition, Test):
        inner = facts.condition_of(condition.fact)
        return [condition] if inner is None else decisive(inner, facts)
    if isinstance(condition, Not):
        return decisive(condition.part, facts)
    result = truth(condition, facts)
    return [test for part in condition.parts if truth(part, facts) is result for test in decisive(part, facts)]


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


__all__ = [
    "ALWAYS",
    "OPERATORS",
    "UNKNOWN",
    "AllOf",
    "AnyOf",
    "Condition",
    "FactRef",
    "Facts",
    "Not",
    "OneOf",
    "Test",
    "Truth",
    "decisive",
    "facts_in",
    "missing",
    "operand_of",
    "steps",
    "tests_of",
    "truth",
]
