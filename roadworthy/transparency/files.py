"""The published log: a folder of tiles and one checkpoint, each file whole and on the disk, or not there."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from roadworthy.kernel.errors import Broken, Malformed
from roadworthy.transparency.tiles import WIDTH, Tile, decode_bundle, encode_bundle
from roadworthy.transparency.tree import HashTree, MemoryTree

CHECKPOINT = "checkpoint"


@contextmanager
def only_writer(log_dir: Path) -> Iterator[None]:
    """Wait until nobody else writes into `log_dir`, and keep others out; a dead process lets go by itself."""
    log_dir.mkdir(parents=True, exist_ok=True)
    with (log_dir / ".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_all(log_dir: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their paths below `log_dir`: after a crash each of them is whole or as it was before.

    Everything is written first and then put on the disk: a file system that keeps a journal flushes once for all.
    """
    unfinished = {log_dir / path: (log_dir / path).with_name(f"{Path(path).name}.unfinished") for path in files}
    for (path, waiting), data in zip(unfinished.items(), files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting.write_bytes(data)
    for waiting in unfinished.values():
        _sync(waiting)
    for path, waiting in unfinished.items():
        waiting.replace(path)
    folders = {folder for path in unfinished for folder in path.parents if folder.is_relative_to(log_dir)}
    for folder in sorted(folders, reverse=True):
        _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def drop_partials(log_dir: Path, tile: Tile) -> None:
    """Delete the narrower forms of a full tile, which C2SP tlog-tiles allows once the full one is there."""
    folder = log_dir / (tile.path + ".p")
    if folder.is_dir():
        for file in sorted(folder.iterdir()):
            file.unlink(missing_ok=True)
        folder.rmdir()


def read_checkpoint(log_dir: Path) -> str | None:
    """Give the published checkpoint note, or None when nothing is published yet."""
    try:
        return (log_dir / CHECKPOINT).read_text("utf-8")
    except FileNotFoundError:
        return None


def read_tile(log_dir: Path, tile: Tile) -> bytes | None:
    """Give the content of a tile or entry bundle, or None when it is not there.

    A narrower tile is deleted when it has become full: then the beginning of the full one is given.
    """
    path, full = log_dir / tile.path, log_dir / Tile(tile.level, tile.index).path
    if path.is_file():
        return path.read_bytes()
    if not full.is_file():
        return None
    data = full.read_bytes()
    if tile.level is not None:
        return data[: 32 * tile.width]
    with suppress(Malformed):
        return encode_bundle(decode_bundle(data, WIDTH)[: tile.width])
    return data


class TileTree(HashTree):
    """The tree of `size` leaves as it lies in a folder: a proof reads about two tiles a level of 256."""

    def __init__(self, log_dir: Path, size: int) -> None:
        """Look into `log_dir`, where a checkpoint of `size` has been published."""
        self._size = size
        self._tile = lru_cache(maxsize=256)(lambda tile: _subtree(log_dir, tile))

    def __len__(self) -> int:
        """Give the number of leaves."""
        return self._size

    def node(self, level: int, index: int) -> bytes:
        """Give a node, from the tile in which its complete subtree begins.

        Raises Broken when the tile is missing or damaged.
        """
        tile_level, height = divmod(level, 8)
        start = index << height
        there = self._size >> (8 * tile_level)
        number = start // WIDTH
        tile = self._tile(Tile(tile_level, number, min(WIDTH, there - number * WIDTH)))
        return tile.node(height, start % WIDTH >> height)


def _subtree(log_dir: Path, tile: Tile) -> MemoryTree:
    data = read_tile(log_dir, tile)
    if data is None or len(data) != 32 * tile.width:
        raise Broken(f"the log's file {tile.path} is missing or damaged; restore the log folder.")
    return MemoryTree(data[at : at + 32] for at in range(0, len(data), 32))
