"""Check a facts file against the vocabulary: every name declared, every value of its type."""

import difflib
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.kernel.event import digest_of
from roadworthy.kernel.time import parse_date, parse_instant
from roadworthy.law.vocabulary import Fact, Node, Vocabulary

_DAY = re.compile(r"20\d{2}-\d{2}-\d{2}", re.ASCII)


class UnknownFact(Unusable):
    """There is no fact of this name; correct the spelling."""

    code = "facts.unknown_name"


class WrongValue(Unusable):
    """This fact cannot have such a value; correct it, or leave it out when it is not known."""

    code = "facts.wrong_value"


def check_facts(facts: Mapping[str, Any], vocabulary: Vocabulary) -> None:
    """Refuse unknown names (UnknownFact, with the nearest known one) and values of the wrong type (WrongValue)."""
    _check_object(facts, vocabulary.tree, "", vocabulary)


def digest_of_facts(facts: Mapping[str, Any]) -> str:
    """Give the SHA-256 of the facts in canonical JSON, key order aside; decimals are written as text."""
    return digest_of(_without_floats(facts))


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return {"decimal": repr(value)}
    if isinstance(value, Mapping):
        return {key: _without_floats(item) for key, item in value.items()}
    return [_without_floats(item) for item in value] if isinstance(value, list) else value


def _check_object(raw: Mapping[str, Any], node: Node, at: str, vocabulary: Vocabulary) -> None:
    for key, value in raw.items():
        name = f"{at}{key}"
        child = node.children.get(key)
        if child is None:
            raise UnknownFact(f"{name} is no known fact{_nearest(name, vocabulary)}; correct the name.", at=name)
        if value is not None:
            _check_value(value, child, name, vocabulary)


def _check_value(value: Any, node: Node, name: str, vocabulary: Vocabulary) -> None:
    fact = node.fact
    kind = fact.type if fact else "object"
    if kind == "list":
        if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
            raise WrongValue(f"{name} must be a list of objects.", at=name)
        for entry in value:
            _check_object(entry, node, f"{name}[].", vocabulary)
    elif kind == "object":
        if not isinstance(value, Mapping):
            raise WrongValue(f"{name} is {value!r}; it must be an object.", at=name)
        _check_object(value, node, f"{name}.", vocabulary)
    elif fact is not None:
        problem = _CHECKS[kind](value, fact)
        if problem:
            raise WrongValue(f"{name} is {value!r}; it must be {problem}.", at=name)


def _nearest(name: str, vocabulary: Vocabulary) -> str:
    names = [*vocabulary.facts]
    names += [f"{vocabulary.subjects}[].{n}" for n, fact in vocabulary.facts.items() if fact.per_model]
    last = name.rsplit(".", 1)[-1]  # the right word in the wrong place is nearer than a similar word
    close = [n for n in names if n.rsplit(".", 1)[-1] == last] or difflib.get_close_matches(name, names, 1, 0.5)
    return f"; the nearest is {close[0]}" if close else ""


def _bool(value: Any, _: Fact) -> str:
    return "" if isinstance(value, bool) else "true or false"


def _int(value: Any, fact: Fact) -> str:
    low, high = fact.low, fact.high
    good = isinstance(value, int) and not isinstance(value, bool)
    if good and (low is None or value >= low) and (high is None or value <= high):
        return ""
    return "a whole number" + (f" from {low}" if low is not None else "") + (f" to {high}" if high is not None else "")


def _number(value: Any, _: Fact) -> str:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return "" if good else "a finite number"


def _text(value: Any, _: Fact) -> str:
    return "" if isinstance(value, str) and value.strip() else "text"


def _enum(value: Any, fact: Fact) -> str:
    return "" if isinstance(value, str) and value in fact.values else "one of " + ", ".join(fact.values)


def _date(value: Any, _: Fact) -> str:
    # fromisoformat also reads 20260301, which would not sort as text; far years would overflow the arithmetic
    good = isinstance(value, str) and _DAY.fullmatch(value) and _reads(parse_date, value)
    return "" if good else "a date YYYY-MM-DD between 2000 and 2099"


def _instant(value: Any, _: Fact) -> str:
    good = isinstance(value, str) and _DAY.match(value) and _reads(parse_instant, value)
    return "" if good else "an instant from 2000 to 2099 with its offset, such as 2026-03-01T08:00:00+08:00"


def _any(value: Any, _: Fact) -> str:
    return "" if _finite(value) else "plain JSON with finite numbers"


def _reads(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except Malformed:
        return False
    return True


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(_finite(item) for item in value.values())
    return all(map(_finite, value)) if isinstance(value, list) else True


_CHECKS: Mapping[str, Callable[[Any, Fact], str]] = {
    "bool": _bool,
    "int": _int,
    "number": _number,
    "text": _text,
    "enum": _enum,
    "date": _date,
    "instant": _instant,
    "any": _any,
}
