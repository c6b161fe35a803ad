"""Typed, time-sortable ids: a prefix and 26 characters of Crockford base 32 (48 bits ms, 80 bits random).

Each noun declares its own: `class RelId(Id, prefix="REL")`. The wrong kind is refused at the door.
"""

import re
import secrets
from datetime import datetime
from typing import ClassVar, Self

from roadworthy.kernel.errors import Malformed

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BODY = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


class Id(str):
    """An id of one kind of thing; compare and store it as text."""

    __slots__ = ()
    prefix: ClassVar[str] = ""

    def __init_subclass__(cls, prefix: str) -> None:
        """Register the prefix of a kind."""
        cls.prefix = prefix

    @classmethod
    def new(cls, moment: datetime) -> Self:
        """Make a new id, sortable by `moment` (milliseconds)."""
        number = (int(moment.timestamp() * 1000) << 80) | int.from_bytes(secrets.token_bytes(10), "big")
        body = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
        return cls(f"{cls.prefix}-{body}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an id of this kind from outside.

        Raises Malformed when `text` is no id or an id of another kind.
        """
        prefix, _, body = text.partition("-")
        if prefix != cls.prefix or not _BODY.fullmatch(body):
            message = f"{text[:80]!r} is no {cls.prefix} id; copy the whole id, it begins with {cls.prefix}-."
            raise Malformed(message)
        return cls(text)


class EventId(Id, prefix="EVT"):
    """Names one event."""
