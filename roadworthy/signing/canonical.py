"""The bytes that get signed: canonical JSON in printable ASCII, and the file around them.

Three canonical JSONs are in use among TUF and Uptane clients; they differ on everything outside printable ASCII
(OLPC writes UTF-8 and raw newlines, aktualizr writes escapes). Inside it they agree, so nothing else is signed.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import Json, canonical

# In canonical ASCII JSON a backslash that escapes anything but a quote or a backslash stands for a character
# outside printable ASCII.
_HIDDEN = re.compile(rb'(?<!\\)(?:\\\\)*\\[^"\\]|\x7f')


class Unprintable(Unusable):
    """Signed metadata holds printable ASCII only; write this name in A-Z, 0-9 and signs."""

    code = "signing.unprintable"


@dataclass(frozen=True)
class Signature:
    """One signature over a signed portion: TUF key id (64 hex digits) and signature (hex)."""

    keyid: str
    sig: str

    def to_json(self) -> dict[str, str]:
        """Give the object that stands in a TUF file."""
        return {"keyid": self.keyid, "sig": self.sig}


def signable(value: Json) -> bytes:
    """Give the canonical bytes of `value` for signing.

    Raises Unprintable when any text in it leaves printable ASCII (0x20-0x7E), Broken for floats.
    """
    body = canonical(value)
    if (b"\\" in body or b"\x7f" in body) and (found := _HIDDEN.search(body)):
        start = max(0, found.start() - 40)
        raise Unprintable(f"{Unprintable.__doc__} Found near: {body[start : found.end() + 20].decode('ascii')}")
    return body


def envelope(signed: bytes, signatures: Sequence[Signature]) -> bytes:
    """Give the TUF file for a signed portion, equal byte for byte to python-tuf's compact form."""
    shown = json.dumps([s.to_json() for s in signatures], separators=(",", ":"))
    return b'{"signatures":' + shown.encode("ascii") + b',"signed":' + signed + b"}"
