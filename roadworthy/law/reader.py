"""Read the part of YAML that a law file may use: plain data, nothing implied, nothing twice.

Booleans are only `true` and `false`, nothing but `null` is null, whole numbers are numbers, and everything else,
dates and versions above all, stays text. Anchors, aliases, tags, merge keys, a doubled key, a second document and
a number with a point are refused with the line they stand on. Mappings remember their lines, so that whoever finds a
mistake in their meaning can say where it stands.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Malformed

MAX_BYTES = 1_000_000
MAX_DEPTH = 40

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_POINTED = re.compile(r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?|[-+]?\d+[eE][-+]?\d+")
_FIXED = {"true": True, "false": False, "null": None}


class LawFileUnreadable(Malformed):
    """This file of the law cannot be read; correct it at the line given."""

    code = "law.unreadable"

    def __init__(self, place: str, en: str, zh: str) -> None:
        """Say in both languages what stands at `place` and what to write instead; `message` is the English."""
        super().__init__(f"{place}: {en}.", at=place)
        self.text = Text(f"{place}:{zh}。", self.message)


class Located(dict[str, Any]):
    """A mapping that remembers on which line of its file it and each of its keys stand."""

    def __init__(self, line: int) -> None:
        """Begin an empty mapping at `line`, counted from 1."""
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


def read_yaml(text: str, name: str) -> Any:
    """Give the plain value in `text`: dicts with text keys, lists, str, int, bool, None.

    Raises LawFileUnreadable, naming `name` and the line.
    """
    if len(text.encode()) > MAX_BYTES:
        size = f"{MAX_BYTES:,}"
        raise LawFileUnreadable(
            name, f"larger than {size} bytes; split it into several packs", f"超过{size}字节,请拆分"
        )
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Walk(yaml.parse(text, Loader=loader), name).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name} line {mark.line + 1}" if mark else name
        problem = getattr(error, "problem", None) or str(error)
        raise LawFileUnreadable(
            place, f"{problem}; correct the YAML there", f"不是有效的YAML,请改正({problem})"
        ) from error


class _Walk:
    """Builds the value from parser events, so that no YAML type resolution ever runs."""

    def __init__(self, events: Iterator[Any], name: str) -> None:
        self._events = events
        self._name = name

    def document(self) -> Any:
        next(self._events)  # stream start
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise LawFileUnreadable(self._name, "is empty; write the pack or remove the file", "文件为空,请写入或删除")
        value = self._value(next(self._events), 0)
        next(self._events)  # document end
        if not isinstance(next(self._events), yaml.StreamEndEvent):
            en, zh = "holds a second document; put it into a file of its own", "含有第二个文档,请另存为一个文件"
            raise LawFileUnreadable(self._name, en, zh)
        return value

    def _value(self, event: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise self._refuse(
                event, f"nested deeper than {MAX_DEPTH} levels; flatten it", f"嵌套超过{MAX_DEPTH}层,请展平"
            )
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            en, zh = "anchors and aliases are not allowed; write the value out", "不允许锚点和别名,请写出值"
            raise self._refuse(event, en, zh)
        if event.tag is not None:
            raise self._refuse(
                event, f"the tag {event.tag} is not allowed; write plain data", "不允许标签,请写普通数据"
            )
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        return self._mapping(event, depth) if isinstance(event, yaml.MappingStartEvent) else self._sequence(depth)

    def _sequence(self, depth: int) -> list[Any]:
        values = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            values.append(self._value(event, depth + 1))
        return values

    def _mapping(self, start: Any, depth: int) -> Located:
        values = Located(_line(start))
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refuse(start, "a key is not plain text; write a word before the colon", "键不是文本,请写词")
            self._value(event, depth + 1)
            key = event.value
            if key in values:
                raise self._refuse(event, f"the key {key!r} stands twice; keep one", f"键{key!r}重复,请保留一个")
            if key == "<<":
                raise self._refuse(event, "merge keys are not allowed; write the values out", "不允许合并键,请写出值")
            values.lines[key] = _line(event)
            values[key] = self._value(next(self._events), depth + 1)
        return values

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:  # quoted or block text
            return text
        if text in _FIXED:
            return _FIXED[text]
        if text == "":
            raise self._refuse(event, "a value is missing; write it, or null", "缺少值,请写出值或null")
        if _WHOLE.fullmatch(text):
            return int(text)
        if _POINTED.fullmatch(text):
            en, zh = f"{text} has a point; quote it, law files hold whole numbers only", f"{text}带小数点,请加引号"
            raise self._refuse(event, en, zh)
        return text

    def _refuse(self, event: Any, en: str, zh: str) -> LawFileUnreadable:
        return LawFileUnreadable(f"{self._name} line {_line(event)}", en, zh)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
