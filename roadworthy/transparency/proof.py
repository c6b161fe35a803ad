"""Checking proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2) and their text form (C2SP tlog-proof)."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from roadworthy.kernel.errors import Malformed
from roadworthy.kernel.merkle import node_hash, root_from_path
from roadworthy.transparency.checkpoint import Checkpoint, open_checkpoint
from roadworthy.transparency.note import MAX_NOTE_CHARACTERS, Unproved, strict_base64

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile("index (0|[1-9][0-9]{0,18})")
MAX_PATH = 64  # no tree has more levels: sizes stay below 2^63
MAX_HEAD_CHARACTERS = 256 * 1024  # header, extra data, index and at most 64 hashes


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` (a leaf hash) stands at `index` in the tree of `size` with `root`.

    Raises Unproved when the path does not lead there.
    """
    if root_from_path(leaf, index, size, path) != root:
        raise Unproved(f"the path does not prove leaf {index} in the tree of {size}; ask for a fresh receipt.")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `old` leaves is the beginning of the tree of `new` leaves.

    Everything begins with the empty tree, so `old` 0 holds with an empty proof. Raises Unproved.
    """
    if not _consistent(old, new, old_root, new_root, proof):
        raise Unproved(f"the log of {old} leaves is not proved to be the beginning of that of {new}: keep both heads.")


def _consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    if old in {new, 0}:
        return 0 <= old <= new and not proof and (old == 0 or old_root == new_root)
    if not 0 < old < new or not proof:
        return False
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = node_hash(step, first), node_hash(step, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root


@dataclass(frozen=True)
class TlogProof:
    """A receipt of one entry as text that other tools read. `extra` is not authenticated."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def to_text(self) -> str:
        """Write the proof, to be stored as `.tlog-proof`."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append("extra " + base64.b64encode(self.extra).decode("ascii"))
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(step).decode("ascii") for step in self.path]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> "TlogProof":
        """Read a proof; nothing is checked yet.

        Raises Malformed.
        """
        head, _, checkpoint = text.partition("\n\n")
        if len(head) > MAX_HEAD_CHARACTERS or len(checkpoint) > MAX_NOTE_CHARACTERS or not checkpoint:
            raise Malformed("this is no tlog-proof: too long, or without a checkpoint.")
        lines = head.split("\n")
        if lines.pop(0) != _HEADER:
            raise Malformed(f"a tlog-proof begins with the line {_HEADER}.")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = strict_base64(lines.pop(0)[6:], what="the extra data of a tlog-proof")
        found = _INDEX.fullmatch(lines.pop(0)) if lines else None
        if found is None or len(lines) > MAX_PATH:
            raise Malformed("a tlog-proof names its index, then at most 64 hashes.")
        path = tuple(strict_base64(line, what="a hash of a tlog-proof") for line in lines)
        if any(len(step) != 32 for step in path):
            raise Malformed("a hash of a tlog-proof has 32 bytes.")
        return cls(int(found[1]), path, checkpoint, extra)

    def verify(self, leaf: bytes, log_vkey: str) -> Checkpoint:
        """Check that `leaf` (a leaf hash) stands in the log and give the checkpoint that says so.

        Raises Malformed when the checkpoint cannot be read, Unproved when it proves something else.
        """
        head = open_checkpoint(self.checkpoint, log_vkey)
        verify_inclusion(leaf, self.index, head.size, self.path, head.root)
        return head
