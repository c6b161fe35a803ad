"""What a logged gate decision allows: which package, on which hardware, from when until when.

Both signer processes read the same `gate.decided` event through here and trust nothing else about it. Pure: the
event comes from a receipt that the process has opened itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadworthy.kernel.errors import Malformed, Refused
from roadworthy.kernel.time import parse_instant, to_text

DECIDED = "gate.decided"
CLOSED = "gate.closed"

_GATE = re.compile(r"GTE-[0-7][0-9A-HJKMNP-TV-Z]{25}")


class NotCleared(Refused):
    """No valid gate decision covers this."""

    code = "gate.not_cleared"


@dataclass(frozen=True)
class Lease:
    """A gate decision as far as signing goes. Valid while not_before <= now < not_after."""

    gate: str
    decision: str
    campaign: str
    wave: int
    release: str
    path: str
    sha256: str
    length: int
    hardware_ids: frozenset[str]
    release_counter: int
    not_before: datetime
    not_after: datetime
    max_vehicles: int
    author: str
    approver: str

    def require_live(self, now: datetime) -> None:
        """Refuse unless the decision is open, made by two people, and `now` lies in the lease.

        Raises NotCleared with what to do.
        """
        if self.decision != "open":
            raise NotCleared(f"{self.gate} is {self.decision}, not open; supply what its findings ask for.")
        if not self.author or not self.approver or self.author == self.approver:
            raise NotCleared(f"{self.gate} has the same author and approver; let another person approve.")
        if now < self.not_before:
            raise NotCleared(f"{self.gate} is valid only from {to_text(self.not_before)}; wait until then.")
        if now >= self.not_after:
            raise NotCleared(f"{self.gate} expired at {to_text(self.not_after)}; decide the gate again.")


def lease_of(event: Mapping[str, Any]) -> Lease:
    """Read the lease out of a `gate.decided` event.

    Raises NotCleared for an event of another kind, Malformed when a field is missing or of the wrong type.
    """
    if event.get("kind") != DECIDED:
        raise NotCleared(f"The receipt proves {str(event.get('kind'))[:64]!r}, not {DECIDED}; send the gate's receipt.")
    try:
        data, package = event["data"], event["data"]["package"]
        return Lease(
            gate=gate_id(event["subject"]),
            decision=_text(data["decision"]),
            campaign=_text(data["campaign"]),
            wave=_number(data["wave"]),
            release=_text(data["release"]),
            path=_text(package["path"]),
            sha256=_text(package["sha256"]),
            length=_number(package["length"]),
            hardware_ids=frozenset(_text(h) for h in data["hardware_ids"]),
            release_counter=_number(data["release_counter"]),
            not_before=parse_instant(data["not_before"]),
            not_after=parse_instant(data["not_after"]),
            max_vehicles=_number(data["max_vehicles"]),
            author=_text(data["author"]),
            approver=_text(data["approver"]),
        )
    except (KeyError, TypeError) as error:
        raise Malformed(f"The gate decision lacks or misspells a field: {error}.") from error


def closed_gate(event: Mapping[str, Any]) -> str:
    """Give the id of the gate decision that a `gate.closed` event ends.

    Raises NotCleared for an event of another kind.
    """
    if event.get("kind") != CLOSED:
        raise NotCleared(
            f"The receipt proves {str(event.get('kind'))[:64]!r}, not {CLOSED}; send the closing's receipt."
        )
    return gate_id(event.get("subject"))


def gate_id(value: object) -> str:
    """Read the id of a gate decision.

    Raises Malformed when it is none.
    """
    if not isinstance(value, str) or not _GATE.fullmatch(value):
        raise Malformed(f"{str(value)[:80]!r} is no gate decision id; it begins with GTE-.")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is no text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{str(value)[:40]!r} is no whole number")
    return value
