"""Checkpoints: the signed head of the log (C2SP tlog-checkpoint): origin, size, root.

The log signs each one twice with its one key: plainly (0x01), which every verifier knows, and with the time
(0x04, cosignature/v1), so that the moment of sealing is part of what was signed.
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from roadworthy.kernel.errors import Malformed
from roadworthy.transparency.note import (
    COSIGNATURE,
    NoteSigner,
    Unproved,
    Verifier,
    cosign_note,
    open_note,
    sign_note,
    strict_base64,
)

_SIZE = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: `size` leaves with the root hash `root` (32 bytes). `at` is the signed time, if any."""

    origin: str
    size: int
    root: bytes
    at: datetime | None = None

    @property
    def text(self) -> str:
        """Write the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> str:
    """Sign `checkpoint`, and with its time when it has one; whole seconds are signed."""
    note = sign_note(checkpoint.text, signer)
    return note if checkpoint.at is None else cosign_note(note, signer, int(checkpoint.at.timestamp()))


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint. Extension lines are passed over: nothing we rely on stands there.

    Raises Malformed.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or not all(lines):
        raise Malformed("a checkpoint has an origin, a size and a root, one line each.")
    origin, size, root = lines[:3]
    if not _SIZE.fullmatch(size) or int(size) >= 2**63:
        raise Malformed(f"{size[:40]!r} is no tree size.")
    digest = strict_base64(root, what="the root of a checkpoint")
    if len(digest) != 32:
        raise Malformed("the root of a checkpoint has 32 bytes.")
    return Checkpoint(origin, int(size), digest)


def open_checkpoint(note: str, log_vkey: str) -> Checkpoint:
    """Check that the log named by `log_vkey` signed `note` and give the checkpoint.

    Raises Malformed when it cannot be read, Unproved when another log or nobody signed it.
    """
    log = Verifier.parse(log_vkey)
    timed = Verifier(log.name, COSIGNATURE, log.public)
    opened = open_note(note, [log_vkey, timed.vkey])
    signatures = {signature.key_id: signature for signature in opened.signatures}
    found = parse_checkpoint(opened.text)
    if found.origin != log.name or log.key_id not in signatures:
        raise Unproved(f"this checkpoint is of {found.origin[:80]!r}, not signed as a head of {log.name}.")
    stamp = signatures.get(timed.key_id)
    return Checkpoint(found.origin, found.size, found.root, _moment(stamp.at) if stamp and stamp.at else None)


def _moment(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(f"{seconds} is no time in seconds since 1970.") from error
