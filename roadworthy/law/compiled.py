"""Conditions turned once into closures, so that asking one again costs a call and no look at its shape.

A check takes the way to a fact's value (`facts.value`) and gives true, false, or None when a needed fact is not known.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


class _Unknown(Enum):
    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown.UNKNOWN
Truth = bool | None
Value = Callable[[str], Any]
Check = Callable[[Value], Truth]


@dataclass(frozen=True)
class OneOf:
    """A computed value that is not settled yet but can only be one of these."""

    values: frozenset[Any]


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
    "in": lambda value, operand: value in operand,
    "intersects": lambda value, operand: any(item in operand for item in value),
    "empty": lambda value, operand: (value is None or value == []) == operand,
}


def comparison(fact: str, op: str, operand: Any) -> Check:
    """Compare a fact with a fixed value."""
    compare = OPERATORS[op]

    def check(value: Value) -> Truth:
        found = value(fact)
        if found is UNKNOWN or found.__class__ is OneOf:
            return _compared(compare, found, operand)
        return compare(found, operand)

    def equal(value: Value) -> Truth:  # nearly every test of the law, so worth the shortest way
        found = value(fact)
        if found == operand:
            return True
        if found is UNKNOWN or found.__class__ is OneOf:
            return _compared(compare, found, operand)
        return False

    return equal if op == "eq" else check


def comparison_of_facts(fact: str, op: str, other: str) -> Check:
    """Compare a fact with another fact."""
    compare = OPERATORS[op]

    def check(value: Value) -> Truth:
        return _compared(compare, value(fact), value(other))

    return check


def _compared(compare: Callable[[Any, Any], bool], value: Any, operand: Any) -> Truth:
    if value is UNKNOWN or operand is UNKNOWN:
        return None
    if value.__class__ is OneOf:
        results = {compare(possible, operand) for possible in value.values}
        return results.pop() if len(results) == 1 else None
    return compare(value, operand)


def fold(checks: tuple[Check, ...], *, stop: bool) -> Check:
    """All (`stop` false) or any (`stop` true): the first part that equals `stop` settles it."""
    if not checks:
        return lambda _: not stop
    if len(checks) == 1:
        return checks[0]

    def check(value: Value) -> Truth:
        settled = True
        for part in checks:
            result = part(value)
            if result is stop:
                return stop
            if result is None:
                settled = False
        return (not stop) if settled else None

    return check


def opposite(part: Check) -> Check:
    """Turn true and false round; not known stays not known."""

    def check(value: Value) -> Truth:
        result = part(value)
        return None if result is None else not result

    return check
