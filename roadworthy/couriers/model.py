"""A dispatch: one packet on its way to one authority, and what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadworthy.couriers.interface import PktId
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import to_text


@dataclass(frozen=True)
class Dispatch:
    """One dispatch. `attempt` counts the calls that may have happened; `next_at` is None when a person must act.

    `evidence` is of the last attempt or of the person who confirmed it, `reason` says in zh and en why it is unsure,
    waits again or failed. `lease_until` is until when nobody else takes a call for lost.
    """

    id: PktId
    subject: str
    authority: str
    kind: str
    title: str
    channel: str
    manifest: Mapping[str, Json]
    manifest_digest: str
    status: str
    attempt: int
    asked: int
    next_at: datetime | None
    lease_until: datetime | None
    reason: Mapping[str, str] | None
    evidence: Mapping[str, Json] | None
    author: str
    created_at: datetime

    @property
    def receipt(self) -> str:
        """Give the receipt number of the authority, "" when there is none yet."""
        return str((self.evidence or {}).get("receipt", ""))

    def to_json(self) -> dict[str, Any]:
        """Give what an API shows."""
        return {
            **{name: getattr(self, name) for name in _SHOWN},
            "next_at": to_text(self.next_at) if self.next_at else None,
            "created_at": to_text(self.created_at),
            "reason": dict(self.reason) if self.reason else None,
            "evidence": dict(self.evidence) if self.evidence else None,
            "files": self.manifest["files"],
        }


_SHOWN = (
    "id", "subject", "authority", "kind", "title", "channel", "manifest_digest", "status", "attempt", "author",
)  # fmt: skip
