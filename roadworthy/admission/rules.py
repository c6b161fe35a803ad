"""What an upgrade changes; pure. This decides whether a change permit is needed (N45-7b), so it never guesses.

1. Looked at are the parameters that touched ECUs can influence, and those the release declares.
2. No declared value for an influenced parameter: missing. No registered value to compare with: missing.
3. Numbers differ when they are further apart than the tolerance; without one, when they are unequal.
4. Texts differ when they differ after NFKC and with runs of blanks as one; lists are compared as sets of such texts.
5. A declared parameter that is not defined is an error of the caller, not a change.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from roadworthy.admission.model import ParameterChange
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import Json
from roadworthy.products.model import ParameterDefinition, ParameterType
from roadworthy.products.rules import parse_value


def diff(
    registered: Mapping[str, Json],
    declared: Mapping[str, Json],
    definitions: Mapping[str, ParameterDefinition],
    touched: Iterable[str],
) -> tuple[tuple[ParameterChange, ...], tuple[str, ...]]:
    """Compare registered with declared values; `touched` are the keys that touched ECUs can influence.

    Give the changes, and the keys of which it is unknown whether they change, both in the order of keys.
    Raises Unusable for a declared key that is not defined and for values of a wrong type.
    """
    if unknown := sorted(set(declared) - set(definitions)):
        raise Unusable(
            f"Unknown parameter: {', '.join(unknown[:5])}; define it in products or correct the key.",
            code="parameter.unknown",
            at=unknown[0],
        )
    changes: list[ParameterChange] = []
    missing: list[str] = []
    for key in sorted({*touched, *declared}):
        before, after, definition = registered.get(key), declared.get(key), definitions.get(key)
        if before is None or after is None or definition is None:
            missing.append(key)
        elif not same_value(definition, before, after):
            kept = parse_value(definition, after)
            changes.append(ParameterChange(key, definition.is_main, before, kept, definition.unit))
    return tuple(changes), tuple(missing)


def same_value(definition: ParameterDefinition, one: Json, other: Json) -> bool:
    """Whether two values of a parameter count as equal.

    Raises Unusable for values of a wrong type.
    """
    first, second = parse_value(definition, one), parse_value(definition, other)
    if definition.type is ParameterType.NUMBER:
        return _within(first, second, definition.tolerance or "0")
    if definition.type is ParameterType.TEXT:
        return _normal(first) == _normal(second)
    if definition.type is ParameterType.LIST:
        return {_normal(item) for item in first} == {_normal(item) for item in second}
    return bool(first == second)


def _within(first: str, second: str, tolerance: str) -> bool:
    """Compare in whole numbers of the smallest place: decimal arithmetic would round to its context's digits."""
    places = max(len(number.partition(".")[2]) for number in (first, second, tolerance))
    one, other, most = (_scaled(number, places) for number in (first, second, tolerance))
    return abs(one - other) <= most


def _scaled(number: str, places: int) -> int:
    whole, _, fraction = number.partition(".")
    return int(f"{whole}{fraction.ljust(places, '0')}")


def _normal(text: Any) -> str:
    return " ".join(unicodedata.normalize("NFKC", str(text)).split())
