"""How fast the log is, as ratios of one run: `python bench/log.py [--full]`.

1. append in memory   leaf hashes put into `MemoryTree`, against hashing the same leaves with hashlib alone
2. durable append     `Sequencer` on SQLite (WAL, synchronous=FULL; reads the events, writes tables, tiles, a signed
                      checkpoint a batch), against bare sqlite3 that inserts the same bytes from memory: same pragmas
                      and batches, one commit a batch. Staff lane: the very rows of log_entry and log_place. Fleet
                      lane: each event's bytes and leaf hash as a row, which a batch saves. Must be >= 0.25x.
3. proof              an inclusion path from tiles and its check, against one leaf hash

Each at 1x, 10x and 100x of a size, with the growth of the cost per leaf. Exit code 1 when 2 is below its floor.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from roadworthy.database import FLEET, STAFF, Actor, Database, metadata
from roadworthy.database.schema import event
from roadworthy.kernel.merkle import leaf_hash
from roadworthy.kernel.time import SetTime
from roadworthy.transparency.files import TileTree, write_all
from roadworthy.transparency.proof import verify_inclusion
from roadworthy.transparency.sequencer import Sequencer
from roadworthy.transparency.store import log_entry, log_place
from roadworthy.transparency.tiles import tiles_of
from roadworthy.transparency.tree import MemoryTree

FLOOR = 0.25
BATCH = 4096


class BenchSigner:
    name = "log.example/bench"

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        self.public = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)


def main() -> int:
    sizes = [4096, 40_960, 409_600] if "--full" in sys.argv else [250, 2500, 25_000]
    print("append in memory (against hashlib alone)")
    show([(size, *in_memory(size)) for size in sizes])
    ratios = []
    for lane in (STAFF, FLEET):
        print(f"durable append, {lane} lane (against bare sqlite3 inserting the same bytes)")
        measured = [(size, *durable(size, lane)) for size in sizes]
        show(measured)
        ratios += [bare / ours for _, ours, bare in measured]
    print("inclusion path from tiles, and its check (against one leaf hash)")
    show([(size, *proofs(size)) for size in sizes])
    if min(ratios) < FLOOR:
        print(f"durable append is below {FLOOR}x: {min(ratios):.2f}x")
        return 1
    return 0


def show(measured: list[tuple[int, float, float]]) -> None:
    first = measured[0][1] / measured[0][0]
    for size, ours, bare in measured:
        growth = ours / size / first
        print(f"  {size:>8} leaves  {size / ours:>10,.0f}/s  {bare / ours:5.2f}x  per leaf {growth:4.2f} of the first")


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def in_memory(size: int) -> tuple[float, float]:
    entries = [b"%0300d" % n for n in range(size)]

    def ours() -> None:
        tree = MemoryTree()
        for entry in entries:
            tree.append(leaf_hash(entry))
        tree.root()

    return timed(ours), timed(lambda: [sha256(b"\x00" + entry).digest() for entry in entries])


def durable(size: int, lane: str) -> tuple[float, float]:
    """Time both in turns and take the best of three: a disk shared with others is not the log's fault."""
    runs = [durable_once(size, lane) for _ in range(3)]
    return min(ours for ours, _ in runs), min(bare for _, bare in runs)


def durable_once(size: int, lane: str) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(f"sqlite:///{folder / 'log.db'}", SetTime(datetime(2026, 3, 1, tzinfo=UTC)))
        metadata.create_all(database.engine)
        fill(database, size, lane)
        log = Sequencer(database, folder / "log", BenchSigner(), BATCH)

        def ours() -> None:
            while log.tick():
                pass

        took = timed(ours)
        with database.read() as view:
            if lane == FLEET:
                bodies = view.execute(select(event.c.body).order_by(event.c.seq)).scalars().all()
                entries = [(n, body, leaf_hash(body.encode()), lane) for n, body in enumerate(bodies)]
                places = []
            else:
                entries = [tuple(row) for row in view.all(log_entry.select())]
                places = [tuple(row) for row in view.all(log_place.select())]
        database.close()
        return took, timed(lambda: bare_inserts(folder, entries, places))


def fill(database: Database, size: int, lane: str) -> None:
    for start in range(0, size, 5000):
        with database.begin(Actor("system:bench")) as work:
            for n in range(start, min(size, start + 5000)):
                work.record("vehicle.reported", f"VEH-{n:026}", {"sha256": f"{n:064x}", "ok": True}, lane=lane)


def bare_inserts(folder: Path, entries: list[tuple], places: list[tuple]) -> None:
    with closing(sqlite3.connect(folder / "log.db")) as connection:
        query = "SELECT sql FROM sqlite_master WHERE tbl_name IN ('log_entry', 'log_place') AND sql IS NOT NULL"
        schema = [row[0] for row in connection.execute(query)]
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", *schema):
            connection.execute(statement)
        for n in range(0, len(entries), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO log_entry VALUES (?, ?, ?, ?)", entries[n : n + BATCH])
            connection.executemany("INSERT INTO log_place VALUES (?, ?, ?, ?, ?)", places[n : n + BATCH])
            connection.execute("COMMIT")


def proofs(size: int) -> tuple[float, float]:
    memory = MemoryTree(leaf_hash(b"%d" % n) for n in range(size))
    root = memory.root()
    with tempfile.TemporaryDirectory() as name:
        tiles = [tile for tile in tiles_of(size) if tile.level is not None]
        content = {t.path: memory.nodes(8 * (t.level or 0), t.first, t.first + t.width) for t in tiles}
        write_all(Path(name), content)
        tree = TileTree(Path(name), size)
        chosen = [n * size // 400 for n in range(400)]

        def ours() -> None:
            for index in chosen:
                verify_inclusion(leaf_hash(b"%d" % index), index, size, tree.inclusion(index, size), root)

        scale = size / len(chosen)  # so that the table's rate is proofs a second
        return timed(ours) * scale, timed(lambda: [leaf_hash(b"%d" % n) for n in chosen]) * scale


if __name__ == "__main__":
    sys.exit(main())
