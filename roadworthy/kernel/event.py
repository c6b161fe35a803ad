"""Events: what happened, in bytes that hash the same on every computer.

An event's bytes are a leaf of the transparency log. They hold ids and digests, never personal data. The rows
that the event wrote are covered by `rows`: the number of rows and the RFC 6962 root over their digests.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from roadworthy.kernel.errors import Broken
from roadworthy.kernel.ids import EventId
from roadworthy.kernel.merkle import EMPTY_ROOT
from roadworthy.kernel.time import to_text

Json = Any  # None | bool | int | str | list[Json] | dict[str, Json]; no floats, so that bytes never differ


def canonical(value: Json) -> bytes:
    """Write JSON as ASCII bytes with sorted keys and no blanks; the same value gives the same bytes anywhere.

    Raises Broken for floats and other types that have no single spelling.
    """
    _refuse_ambiguous(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def digest_of(value: Json) -> str:
    """Give the SHA-256 of `canonical(value)` as 64 hex digits."""
    return sha256(canonical(value)).hexdigest()


def row_digest(table: str, key: str, row: Mapping[str, Json]) -> bytes:
    """Give the leaf hash (32 bytes) of one row under its table and key; a row's `salt` column hides it."""
    return sha256(b"\x00" + canonical({"key": key, "row": dict(row), "table": table})).digest()


@dataclass(frozen=True)
class Event:
    """One thing that happened, as it is logged. `data` holds ids, digests and words of the law only."""

    id: EventId
    kind: str
    subject: str
    actor: str
    at: datetime
    data: Mapping[str, Json]
    row_count: int = 0
    row_root: bytes = EMPTY_ROOT
    cause: str = ""

    def to_bytes(self) -> bytes:
        """Give the canonical bytes, at most 65,535 (one entry of a C2SP log bundle).

        Raises Broken when they are longer.
        """
        body = canonical(
            {
                "actor": self.actor,
                "at": to_text(self.at),
                "cause": self.cause,
                "data": dict(self.data),
                "id": str(self.id),
                "kind": self.kind,
                "rows": {"count": self.row_count, "root": self.row_root.hex()},
                "subject": self.subject,
                "type": "event/1",
            }
        )
        if len(body) > 65_535:
            raise Broken(f"event {self.kind} of {self.subject} has {len(body)} bytes; put long facts in a row.")
        return body


def _refuse_ambiguous(value: Json) -> None:
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, list | tuple):
        for item in value:
            _refuse_ambiguous(item)
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise Broken(f"canonical JSON has text keys only, not {key!r}.")
            _refuse_ambiguous(item)
        return
    raise Broken(f"canonical JSON has no {type(value).__name__}; write numbers with a point as text.")
