"""The log's hash tree: roots and proofs over stored nodes (RFC 9162 section 2.1).

`HashTree` knows the algorithms, its children where the nodes lie: `MemoryTree` here, `TileTree` in `files`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from hashlib import sha256

from roadworthy.kernel.merkle import EMPTY_ROOT, node_hash


class HashTree(ABC):
    """A tree of `len(self)` leaves whose complete subtrees can be looked up."""

    @abstractmethod
    def __len__(self) -> int:
        """Give the number of leaves."""

    @abstractmethod
    def node(self, level: int, index: int) -> bytes:
        """Give the hash over leaves index * 2^level to (index + 1) * 2^level; all of them are there."""

    def root(self, size: int | None = None) -> bytes:
        """Give the root over the first `size` leaves (all by default).

        Raises IndexError when there are fewer.
        """
        size = len(self) if size is None else size
        self._check(0, size)
        return self._hash(0, size) if size else EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Give the path of leaf `index` in the tree of `size`, leaf end first (RFC 9162, 2.1.3.1).

        Raises IndexError when there is no such leaf.
        """
        self._check(0, index)
        self._check(index + 1, size)
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._hash(middle, high))
                high = middle
            else:
                path.append(self._hash(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Give the proof that the tree of `old` leaves is the beginning of the tree of `new` (RFC 9162, 2.1.4.1).

        Empty when `old` is 0 or `new`. Raises IndexError when there are fewer leaves.
        """
        self._check(old, new)
        if old in {0, new}:
            return []
        proof: list[bytes] = []
        low, high = 0, new
        while high != old:
            middle = low + _split(high - low)
            if old <= middle:
                proof.append(self._hash(middle, high))
                high = middle
            else:
                proof.append(self._hash(low, middle))
                low = middle
        if low:  # the old tree is no complete subtree: its rightmost part must be shown (SUBPROOF with b false)
            proof.append(self._hash(low, high))
        return proof[::-1]

    def _hash(self, low: int, high: int) -> bytes:
        """Hash a range as it occurs in the tree: `low` is a multiple of the least power of two >= the width."""
        width = high - low
        if width & (width - 1) == 0:
            return self.node(width.bit_length() - 1, low // width)
        middle = low + _split(width)
        return node_hash(self._hash(low, middle), self._hash(middle, high))

    def _check(self, low: int, high: int) -> None:
        if not 0 <= low <= high <= len(self):
            raise IndexError(f"0 <= {low} <= {high} <= {len(self)} does not hold")


class MemoryTree(HashTree):
    """A tree in memory: every complete subtree's hash is kept, 64 bytes a leaf; append is amortised one hash."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        """Begin with `leaves`, leaf hashes of 32 bytes."""
        self._levels: list[bytearray] = [bytearray()]
        self._size = 0
        self.extend(leaves)

    def __len__(self) -> int:
        """Give the number of leaves."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash (32 bytes)."""
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes (32 bytes each) in order.

        Raises ValueError, having added those before it, at one of another length.
        """
        levels = self._levels
        for leaf in leaves:
            if len(leaf) != 32:
                raise ValueError(f"a leaf hash has 32 bytes, not {len(leaf)}")
            levels[0] += leaf
            self._size += 1
            level, above = 0, self._size
            while not above & 1:  # the new node is a right child: its parent is complete now
                parent = sha256(b"\x01" + levels[level][-64:]).digest()
                level, above = level + 1, above >> 1
                if level == len(levels):
                    levels.append(bytearray())
                levels[level] += parent

    def node(self, level: int, index: int) -> bytes:
        """Give a stored hash."""
        return bytes(self._levels[level][index * 32 : index * 32 + 32])

    def nodes(self, level: int, start: int, stop: int) -> bytes:
        """Give the hashes start <= i < stop of a level, 32 bytes each, one after the other."""
        return bytes(self._levels[level][start * 32 : stop * 32]) if level < len(self._levels) else b""


def _split(size: int) -> int:
    """Give the largest power of two below `size`; the last leaf is never doubled (RFC 9162, 2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)
