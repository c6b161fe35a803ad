"""Read the part of YAML that a law file may use: plain data, nothing implied, nothing twice.

Booleans are only `true` and `false`, nothing but `null` is null, whole numbers are numbers, and everything else,
dates and versions above all, stays text. Anchors, aliases, tags, merge keys, a doubled key, a second document and
a number with a point are refused with the line they stand on.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from roadworthy.kernel.errors import Malformed

MAX_BYTES = 1_000_000
MAX_DEPTH = 40

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_POINTED = re.compile(r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?|[-+]?\d+[eE][-+]?\d+")
_FIXED = {"true": True, "false": False, "null": None}


class LawFileUnreadable(Malformed):
    """This file of the law cannot be read; correct it at the line given."""

    code = "law.unreadable"


def read_yaml(text: str, name: str) -> Any:
    """Give the plain value in `text`: dicts with text keys, lists, str, int, bool, None.

    Raises LawFileUnreadable, naming `name` and the line.
    """
    if len(text.encode()) > MAX_BYTES:
        raise LawFileUnreadable(f"{name}: larger than {MAX_BYTES:,} bytes; split it into several packs.")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Walk(yaml.parse(text, Loader=loader), name).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise LawFileUnreadable(f"{name}: {line}{problem}; correct the YAML there.") from error


class _Walk:
    """Builds the value from parser events, so that no YAML type resolution ever runs."""

    def __init__(self, events: Iterator[Any], name: str) -> None:
        self._events = events
        self._name = name

    def document(self) -> Any:
        next(self._events)  # stream start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise LawFileUnreadable(f"{self._name}: is empty; write the pack or remove the file.")
        value = self._value(next(self._events), 0)
        next(self._events)  # document end
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            raise LawFileUnreadable(f"{self._name}: holds a second document; put it into a file of its own.")
        return value

    def _value(self, event: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"nested deeper than {MAX_DEPTH} levels; flatten it")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._refuse(event, "anchors and aliases are not allowed; write the value out")
        if event.tag is not None:
            raise self._refuse(event, f"the tag {event.tag} is not allowed; write plain data")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        return self._mapping(event, depth) if isinstance(event, yaml.MappingStartEvent) else self._sequence(depth)

    def _sequence(self, depth: int) -> list[Any]:
        values = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            values.append(self._value(event, depth + 1))
        return values

    def _mapping(self, start: Any, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refuse(start, "a key is not plain text; write a word before the colon")
            self._value(event, depth + 1)
            key = event.value
            if key in values:
                raise self._refuse(event, f"the key {key!r} stands twice; keep one")
            if key == "<<":
                raise self._refuse(event, "merge keys are not allowed; write the values out")
            values[key] = self._value(next(self._events), depth + 1)
        return values

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:  # quoted or block text
            return text
        if text in _FIXED:
            return _FIXED[text]
        if text == "":
            raise self._refuse(event, "a value is missing; write it, or null")
        if _WHOLE.fullmatch(text):
            return int(text)
        if _POINTED.fullmatch(text):
            raise self._refuse(event, f"{text} has a point; quote it, law files hold whole numbers only")
        return text

    def _refuse(self, event: Any, problem: str) -> LawFileUnreadable:
        return LawFileUnreadable(f"{self._name}: line {event.start_mark.line + 1}: {problem}.")
