"""One value as a reader sees it, cleaned of signs that files cannot hold or that hide what is written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadworthy.documents.words import WORDS
from roadworthy.i18n import Language, beijing, said
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Malformed
from roadworthy.kernel.event import canonical
from roadworthy.kernel.time import parse_date, parse_instant
from roadworthy.law.form import Asked

STAND_IN = "\u3013"  # the printer's mark for a character that is not there; every Chinese font has it
# Control characters, halves of characters, noncharacters (XML holds none of them), and marks that turn the direction
# of writing, with which a text can be made to look like another one.
_STRANGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_NAMED = 12  # so many strange signs are named one by one


@dataclass(frozen=True)
class Cell:
    """A display text, and the whole number behind it when there is one."""

    text: str
    number: int | None = None


def strange(replaced: set[str]) -> tuple[Text, ...]:
    """Give the warning about signs that were replaced, none when there were none."""
    if not replaced:
        return ()
    return (
        Text(
            f"已将文件不能容纳的字符替换为{STAND_IN}:{points(replaced)}。",
            f"Signs that files cannot hold were replaced by {STAND_IN}: {points(replaced)}.",
        ),
    )


def points(signs: set[str]) -> str:
    """Name signs by their code points, the first few one by one."""
    named = [f"U+{ord(sign):04X}" for sign in sorted(signs)]
    more = f" +{len(named) - _NAMED}" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


class Reader:
    """Writes values in a language; remembers which signs it had to replace."""

    def __init__(self, language: Language) -> None:
        """Begin with nothing replaced."""
        self.language = language
        self.replaced: set[str] = set()

    def cell(self, asked: Asked, value: Any) -> Cell:
        """Write a value of a field or column; one of the wrong kind is written as it is."""
        if value is None:
            return Cell(self._word("blank"))
        if asked.type == "int" and isinstance(value, int) and not isinstance(value, bool):
            return Cell(self.clean(f"{value:,} {asked.unit}".strip()), value)
        text = self._special(asked, value)
        return self.other(value) if text is None else Cell(self.clean(text))

    def other(self, value: Any) -> Cell:
        """Write a value whatever its kind."""
        if isinstance(value, bool):
            return Cell(self._word("yes" if value else "no"))
        return Cell(self.clean(value if isinstance(value, str) else canonical(value).decode("ascii")))

    def clean(self, text: str) -> str:
        """Give the text with plain line breaks and without strange signs."""
        plain = _BREAKS.sub("\n", text).replace("\t", " ")
        self.replaced.update(_STRANGE.findall(plain))
        return _STRANGE.sub(STAND_IN, plain)

    def _word(self, key: str) -> str:
        return said(WORDS[key], self.language)

    def _special(self, asked: Asked, value: Any) -> str | None:
        match asked.type, value:
            case "number", str() | int() if not isinstance(value, bool):
                return f"{value} {asked.unit}".strip()
            case "enum", str() if value in asked.values:
                return said(asked.values[value], self.language)
            case "date", str():
                return self._day(value)
            case "instant", str():
                return self._moment(value)
            case "file", Mapping():
                return self._file(value)
        return None

    def _day(self, value: str) -> str | None:
        try:
            return _written(parse_date(value), self.language)
        except Malformed:
            return None

    def _moment(self, value: str) -> str | None:
        try:
            moment = beijing(parse_instant(value), seconds=True)
        except Malformed:
            return None
        day, _, hour = moment.partition(" ")
        return f"{_written(parse_date(day), self.language)} {hour} {self._word('beijing')}"

    def _file(self, value: Mapping[str, Any]) -> str | None:
        name, digest, size = value.get("name"), value.get("sha256"), value.get("size")
        if not isinstance(name, str) or not isinstance(digest, str):
            return None
        amount = f" ({size:,} {self._word('bytes')})" if isinstance(size, int) else ""
        return f"{name}{amount}\nSHA-256:\n{digest}"


def _written(day: date, language: Language) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if language is Language.ZH else day.isoformat()
