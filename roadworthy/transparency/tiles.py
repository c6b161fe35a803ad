"""Tiles: the log as files that never change (C2SP tlog-tiles).

`tile/<level>/<n>` holds 256 hashes of the tree's level 8 * `level`, `tile/entries/<n>` the 256 entries below a
tile of level 0, each after its length as two big-endian bytes. At the right edge a tile is narrower and its
path ends in `.p/<width>`. Numbers stand in groups of three digits, all but the last with an x: x001/x234/067.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from roadworthy.kernel.errors import Broken, Malformed

WIDTH = 256
MAX_ENTRY = 65_535
_PATH = re.compile(r"tile/(entries|0|[1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True)
class Tile:
    """One file of the log: `level` 0 to 63, or None for an entry bundle; `index` from 0; `width` 1 to 256."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Give the path below the log's prefix."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        kind = "entries" if self.level is None else str(self.level)
        return f"tile/{kind}/{number}" + ("" if self.width == WIDTH else f".p/{self.width}")

    @property
    def first(self) -> int:
        """Give the number of its first hash within its level, or of its first entry."""
        return self.index * WIDTH

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """Read a path as a client asks for it; there is one spelling only.

        Raises Malformed.
        """
        found = _PATH.fullmatch(path) if len(path) <= 80 else None
        if found is None:
            raise Malformed(f"{path[:80]!r} is no tile; see C2SP tlog-tiles for how a path is written.")
        level = None if found[1] == "entries" else int(found[1])
        tile = cls(level, int(found[2].replace("x", "").replace("/", "")), int(found[3] or WIDTH))
        if tile.path != path:
            raise Malformed(f"{path[:80]!r} is no tile; it would be written {tile.path}.")
        return tile


def tiles_of(size: int, *, since: int = 0) -> Iterator[Tile]:
    """Give the tiles and bundles of a tree of `size` that a tree of `since` leaves does not have, lowest first."""
    level, now, before = 0, size, since
    while now:
        for index in range(before // WIDTH, -(-now // WIDTH)):
            width = min(WIDTH, now - index * WIDTH)
            if index * WIDTH + width > before:  # wider than it was: a new file
                if level == 0:
                    yield Tile(None, index, width)
                yield Tile(level, index, width)
        level, now, before = level + 1, now // WIDTH, before // WIDTH


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Write an entry bundle.

    Raises Broken for an entry longer than 65,535 bytes.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise Broken(f"a log entry has at most {MAX_ENTRY} bytes, not {len(entry)}; log its digest.")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """Read an entry bundle of exactly `width` entries.

    Raises Malformed.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < width:
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise Malformed("the entry bundle is cut short; fetch it again.")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data) or len(entries) != width:
        raise Malformed(f"the entry bundle does not hold {width} entries; fetch it again.")
    return entries
