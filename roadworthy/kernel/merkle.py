"""The hash tree of RFC 6962 / RFC 9162 section 2.1, pure.

In the kernel, below `transparency`, because three houses need the same twenty lines: the database hashes the
rows of an event, the log hashes events, and a vehicle checks both without knowing the server.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Hash a leaf: SHA-256(0x00 || entry)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the Merkle tree hash of leaf hashes (32 bytes each); the empty tree has SHA-256 of nothing.

    Level by level, a last node without a neighbour moving up as it is: the same tree as the split of RFC 9162.
    """
    level = list(leaves) or [EMPTY_ROOT]
    while len(level) > 1:
        single = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs] + single
    return level[0]


def path_to(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Give the inclusion path of leaf `index`, leaf end first (RFC 9162, 2.1.3.1).

    Raises IndexError when `index` is outside.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root_of(leaves[middle:high]))
            high = middle
        else:
            path.append(root_of(leaves[low:middle]))
            low = middle
    return path[::-1]


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Compute the root that `path` proves for `leaf` at `index` of `size`; None when lengths do not fit.

    RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    fn, sn, result = index, size - 1, leaf
    for step in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            result = node_hash(step, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, step)
        fn, sn = fn >> 1, sn >> 1
    return result if sn == 0 else None


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)
