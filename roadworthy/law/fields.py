"""Read the fields of a pack strictly: each is taken by name and type, and what is left over is refused."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.kernel.time import parse_date
from roadworthy.law.condition import ALWAYS, OPERATORS, AllOf, AnyOf, Condition, FactRef, Not, Test

_REQUIRED = object()
_TYPES = {
    str: ("text", "文本"),
    dict: ("a mapping", "映射"),
    list: ("a list", "列表"),
    int: ("a whole number", "整数"),
    bool: ("true or false", "true或false"),
}


@dataclass(frozen=True)
class Place:
    """Where something stands: file, line (0 when it is not known), and the rule or part it belongs to."""

    file: str
    line: int = 0
    what: str = ""

    def __str__(self) -> str:
        line = f" line {self.line}" if self.line else ""
        return f"{self.file}{line}" + (f": {self.what}" if self.what else "")

    def at(self, raw: Any, key: str = "") -> "Place":
        """Give the same place at the line of `raw` (a mapping of `reader`), or of its key."""
        line = getattr(raw, "lines", {}).get(key) if key else getattr(raw, "line", 0)
        return replace(self, line=line or self.line)

    def of(self, what: str) -> "Place":
        """Give the same place for another rule or part."""
        return replace(self, what=what)


class PackRefused(Unusable):
    """This pack is not fit to decide anything; correct what the message names."""

    code = "law.pack_refused"

    def __init__(self, place: Place | str, en: str, zh: str) -> None:
        """Say in both languages what stands at `place` and what to write instead; `message` is the English."""
        super().__init__(f"{place}: {en}.", at=str(place))
        self.text = Text(f"{place}:{zh}。", self.message)


class Fields:
    """One mapping of a pack; `place` says where it stands (file, line, rule) in every message."""

    def __init__(self, raw: Any, place: Place) -> None:
        if not isinstance(raw, Mapping):
            raise PackRefused(place, f"is {raw!r}, not a mapping; write its fields", f"是{raw!r},应为映射,请写出字段")
        self.raw = raw
        self._left = dict(raw)
        self.place = place.at(raw)

    def where(self, key: str) -> Place:
        """Give the place of one field."""
        return self.place.at(self.raw, key)

    def refuse(self, key: str, en: str, zh: str) -> PackRefused:
        """Make the refusal of one field."""
        return PackRefused(self.where(key), f"{key} {en}", f"{key} {zh}")

    def take(self, key: str, kind: type, default: Any = _REQUIRED) -> Any:
        """Give field `key` of `kind` (bool is no int); raises PackRefused when absent or of another kind."""
        value = self._left.pop(key, _REQUIRED)
        if value is _REQUIRED:
            if default is _REQUIRED:
                raise self.refuse(key, "is missing; add it", "缺失,请补上")
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            name, zh = _TYPES[kind]
            raise self.refuse(key, f"is {_short(value)}; it must be {name}", f"是{_short(value)},应为{zh}")
        return value

    def number(self, key: str, low: int, high: int) -> int:
        """Give a whole number from `low` to `high`."""
        value: int = self.take(key, int)
        if not low <= value <= high:
            raise self.refuse(key, f"is {value}; write {low} to {high}", f"是{value},应为{low}至{high}")
        return value

    def inner(self, key: str, default: Any = _REQUIRED) -> "Fields":
        """Give the mapping under `key` as fields of their own."""
        return Fields(self.take(key, dict, default), self.where(key))

    def one_of(self, key: str, words: tuple[str, ...], default: str = "") -> str:
        """Give one word of a closed list."""
        value: str = self.take(key, str, default or _REQUIRED)
        if value not in words:
            listed = ", ".join(words)
            raise self.refuse(key, f"is {value!r}; use one of {listed}", f"是{value!r},应为其中之一:{listed}")
        return value

    def words(self, key: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        """Give a list of texts."""
        values = self.take(key, list, default)
        if not all(isinstance(v, str) for v in values):
            raise self.refuse(key, "holds something that is no text; quote it", "含有非文本的值,请加引号")
        return tuple(values)

    def text(self, key: str, default: Text | None = None) -> Text:
        """Give a sentence in both languages; one language alone is refused."""
        if key not in self._left and default is not None:
            return default
        inner = self.inner(key)
        inner.place = inner.place.of(f"{self.place.what}: {key}")
        text = Text(inner.take("zh", str), inner.take("en", str))
        inner.done()
        if not text.zh.strip() or not text.en.strip():
            raise self.refuse(key, "lacks its Chinese or its English text; write both", "缺少中文或英文,请两种都写")
        hidden = [
            char for char in text.zh + text.en if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char != "\n"
        ]
        if hidden:
            en = f"holds the invisible character U+{ord(hidden[0]):04X}; type the text anew"
            raise self.refuse(key, en, f"含有不可见字符U+{ord(hidden[0]):04X},请重新输入")
        return text

    def day(self, key: str, default: Any = _REQUIRED) -> str | None:
        """Give a date as text YYYY-MM-DD, or the default."""
        value = self._left.pop(key, None)
        if value is None:
            if default is _REQUIRED:
                raise self.refuse(key, "is missing; add the date", "缺失,请补上日期")
            return default  # type: ignore[no-any-return]  # the caller's own default
        try:
            return parse_date(value).isoformat()
        except Malformed as error:
            en, zh = f"is wrong: {error.message.rstrip('.')}", f"是{value!r},应为日期,如2026-03-01"
            raise self.refuse(key, en, zh) from error

    def nullable(self, key: str) -> str | None:
        """Give a text that may be null but must be written."""
        if key not in self._left:
            raise self.refuse(key, "is missing; write null when there is none", "缺失,没有时请写null")
        value = self._left.pop(key)
        if value is not None and not isinstance(value, str):
            raise self.refuse(key, f"is {value!r}; write text or null", f"是{value!r},请写文本或null")
        return value

    def condition(self, key: str, default: Condition | None = None) -> Condition:
        """Give a condition; absent without a default is refused."""
        if key not in self._left and default is not None:
            return default
        return read_condition(self.take(key, dict), self.where(key), key)

    def maybe_condition(self, key: str) -> Condition | None:
        """Give a condition or None when the field is absent."""
        return self.condition(key) if key in self._left else None

    def names(self) -> tuple[str, ...]:
        """Give the fields not taken yet."""
        return tuple(self._left)

    def has(self, key: str) -> bool:
        """Whether the field stands there."""
        return key in self._left

    def done(self) -> None:
        """Refuse fields nobody asked for."""
        if self._left:
            names = ", ".join(sorted(self._left))
            en, zh = f"unknown field {names}; remove or correct it", f"未知字段{names},请删除或改正"
            raise PackRefused(self.where(next(iter(self._left))), en, zh)


def _short(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= 80 else f"{said[:80]}..."


def read_condition(raw: Any, place: Place, key: str) -> Condition:
    """Read one condition; raises PackRefused for an unknown operator or an empty list (nothing passes by silence)."""
    place = place.at(raw)
    if not isinstance(raw, Mapping) or len(raw) != 1:
        en = f"{key}: {raw!r} is no condition; write one of all, any, not, or a fact with its test"
        raise PackRefused(place, en, f"{key}:{raw!r}不是条件,请写all、any、not之一,或事实及其检验")
    [(word, value)] = raw.items()
    if word in ("all", "any"):
        if not isinstance(value, list) or not value:
            en, zh = f"{key}: {word} needs a list with at least one condition", f"{key}:{word}须列出至少一个条件"
            raise PackRefused(place, en, zh)
        parts = tuple(read_condition(part, place, key) for part in value)
        return AllOf(parts) if word == "all" else AnyOf(parts)
    if word == "not":
        return Not(read_condition(value, place, key))
    return _read_test(word, value, place)


def _read_test(fact: str, raw: Any, place: Place) -> Test:
    if not isinstance(raw, Mapping) or len(raw) != 1:
        en, zh = f"{fact} needs exactly one test such as {{eq: true}}", f"{fact}须有且仅有一个检验,如{{eq: true}}"
        raise PackRefused(place, en, zh)
    [(op, operand)] = raw.items()
    if op not in OPERATORS:
        listed = ", ".join(OPERATORS)
        en, zh = f"unknown operator {op!r} on {fact}; use one of {listed}", f"{fact}的运算符{op!r}未知,应为:{listed}"
        raise PackRefused(place, en, zh)
    if isinstance(operand, Mapping):
        if set(operand) != {"fact"} or not isinstance(operand["fact"], str):
            en, zh = f"{fact} {op}: write a value, or {{fact: NAME}}", f"{fact} {op}:请写值或{{fact: 名称}}"
            raise PackRefused(place, en, zh)
        return Test(fact, op, FactRef(operand["fact"]))
    return Test(fact, op, tuple(operand) if isinstance(operand, list) else operand)


__all__ = ["ALWAYS", "Fields", "PackRefused", "Place", "read_condition"]
