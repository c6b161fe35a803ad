"""What is sent, what a courier answers, and what every courier promises."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Protocol

from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Broken
from roadworthy.kernel.event import Json, digest_of
from roadworthy.kernel.ids import Id
from roadworthy.kernel.time import to_text

Opener = Callable[[], BinaryIO]


class PktId(Id, prefix="PKT"):
    """Names a packet; an authority that knows idempotency keys gets it as such."""


class PacketUnreadable(Broken):
    """A file of the packet cannot be read as it was put in; restore it from the backup, then send again."""

    code = "packet.unreadable"


@dataclass(frozen=True)
class PacketFile:
    """One file of a packet: `name` is its path inside (forms/... or attachments/...), `length` is in bytes."""

    name: str
    media_type: str
    sha256: str
    length: int
    opener: Opener = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Json]:
        """Give what the manifest says of it."""
        return {"length": self.length, "media_type": self.media_type, "name": self.name, "sha256": self.sha256}


@dataclass(frozen=True)
class Packet:
    """Everything that goes to one authority at once. `manifest` says the rest: forms, fields, checklist, packages."""

    id: PktId
    authority: str
    kind: str
    title: str
    files: tuple[PacketFile, ...]
    manifest: Mapping[str, Json]

    @property
    def digest(self) -> str:
        """Give the SHA-256 of the canonical manifest, which names every byte of the packet."""
        return digest_of(dict(self.manifest))


@dataclass(frozen=True)
class Evidence:
    """What shows that something was sent: `sent_*` are of the bytes as they went out.

    `answer_begins` holds the first 2,000 characters of an answer, `answer_sha256` is of all of it.
    """

    channel: str
    at: datetime
    sent_sha256: str = ""
    sent_length: int = 0
    message_id: str = ""
    answer_sha256: str = ""
    answer_begins: str = ""
    receipt: str = ""
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON, without what is empty."""
        told = {**vars(self), "at": to_text(self.at)}
        return {name: value for name, value in told.items() if value not in {"", 0}}


@dataclass(frozen=True)
class Sent:
    """The channel has it."""

    evidence: Evidence


@dataclass(frozen=True)
class Handed:
    """A person goes on from here: the bundle `evidence.sent_sha256` lies in the artifacts."""

    evidence: Evidence


@dataclass(frozen=True)
class Unsure:
    """Nobody here knows whether the channel has it; the authority does."""

    evidence: Evidence
    reason: Text


@dataclass(frozen=True)
class Failed:
    """The channel surely has it not. `again`: the same call may succeed later, not before `wait` is over."""

    evidence: Evidence
    reason: Text
    again: bool = False
    wait: timedelta = timedelta(0)


Result = Sent | Handed | Unsure | Failed


@dataclass(frozen=True)
class Scan:
    """A scan of signed and stamped paper that lies in the artifacts, and what its QR codes say."""

    sha256: str
    media_type: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """What a person says who sent a packet by hand, or who checked with the authority that it is there."""

    at: datetime
    receipt: str = ""
    receipt_again: str = ""
    scans: Sequence[Scan] = ()
    note: str = ""


class Courier(Protocol):
    """One way to an authority. Called outside any transaction; called by several processes at once."""

    @property
    def channel(self) -> str:
        """Give its kind and place, without a secret."""
        ...

    @property
    def repeatable(self) -> bool:
        """Say whether sending the same packet twice can never count as two submissions."""
        ...

    @property
    def asks(self) -> bool:
        """Say whether the channel can be asked for a packet."""
        ...

    @property
    def longest(self) -> timedelta:
        """Give how long one call takes at most, as a rule."""
        ...

    def send(self, packet: Packet, attempt: int) -> Result:
        """Send it once. Raises PacketUnreadable before anything was sent."""
        ...

    def ask(self, packet: Packet) -> Result:
        """Ask whether the channel has it: Sent, Failed (it surely has not), or Unsure."""
        ...

    def confirm(self, packet: Packet, told: Told) -> Evidence:
        """Check what a person says about having sent it. Raises Unusable."""
        ...
