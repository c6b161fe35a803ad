"""How fast the log is, as ratios of one run: `python bench/log.py [--full]`.

1. append in memory   leaf hashes put into `MemoryTree`, against hashing the same leaves with hashlib alone
2. durable append     `Sequencer` on SQLite (WAL, synchronous=FULL; reads the events, writes tables, tiles, a signed
                      checkpoint a batch), against bare sqlite3 inserting from memory: same pragmas and batches, one
                      commit a batch. Two baselines for each lane, because "the same bytes" can be read in two ways:
                        rows    the very rows that the sequencer put into log_entry and log_place (the floor: 0.25x)
                        events  each event's bytes and leaf hash as one row of log_entry
3. proof              an inclusion path from tiles and its check, against one leaf hash

Each at 1x, 10x and 100x of a size, with the growth of the cost per leaf. 2 is the best of three by wall clock and,
beside it, by CPU time, which says less about the disk and more about us when the computer is shared. Exit code 1
when the wall-clock ratio to `rows` is below the floor anywhere.
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


Times = tuple[float, float]  # seconds by wall clock, seconds of CPU


def main() -> int:
    sizes = [1000, 10_000, 100_000] if "--full" in sys.argv else [250, 2500, 25_000]
    print("append in memory (against hashlib alone)")
    show([(size, *in_memory(size)) for size in sizes])
    ratios = []
    for lane in (STAFF, FLEET):
        print(f"durable append, {lane} lane (against bare sqlite3: wall clock, then CPU)")
        measured = [(size, *durable(size, lane)) for size in sizes]
        for size, ours, rows, events in measured:
            wall, cpu = (f"rows {rows[k] / ours[k]:.2f}x events {events[k] / ours[k]:.2f}x" for k in (0, 1))
            growth = ours[0] / size / (measured[0][1][0] / measured[0][0])
            print(
                f"  {size:>8} leaves {size / ours[0]:>9,.0f}/s  {wall}  CPU {cpu}  per leaf {growth:4.2f} of the first"
            )
            ratios.append(rows[0] / ours[0])
    print("inclusion path from tiles, and its check (against one leaf hash)")
    show([(size, *proofs(size)) for size in sizes])
    if min(ratios) < FLOOR:
        print(f"durable append is below {FLOOR}x: {min(ratios):.2f}x")
        return 1
    return 0


def show(measured: list[tuple[int, Times, Times]]) -> None:
    first = measured[0][1][0] / measured[0][0]
    for size, (ours, _), (bare, _) in measured:
        growth = ours / size / first
        print(f"  {size:>8} leaves {size / ours:>9,.0f}/s  {bare / ours:5.2f}x  per leaf {growth:4.2f} of the first")


def timed(act: Callable[[], object]) -> Times:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


def best(runs: list[Times]) -> Times:
    return min(wall for wall, _ in runs), min(cpu for _, cpu in runs)


def in_memory(size: int) -> tuple[Times, Times]:
    entries = [b"%0300d" % n for n in range(size)]

    def ours() -> None:
        tree = MemoryTree()
        for entry in entries:
            tree.append(leaf_hash(entry))
        tree.root()

    return timed(ours), timed(lambda: [sha256(b"\x00" + entry).digest() for entry in entries])


def durable(size: int, lane: str) -> tuple[Times, Times, Times]:
    """Time ours and both baselines in turns, three times."""
    runs = [durable_once(size, lane) for _ in range(3)]
    return best([r[0] for r in runs]), best([r[1] for r in runs]), best([r[2] for r in runs])


def durable_once(size: int, lane: str) -> tuple[Times, Times, Times]:
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
            entries = [tuple(row) for row in view.all(log_entry.select())]
            places = [tuple(row) for row in view.all(log_place.select())]
            bodies = view.execute(select(event.c.body).order_by(event.c.seq)).scalars().all()
        database.close()
        events = [(n, body, leaf_hash(body.encode()), lane) for n, body in enumerate(bodies)]
        rows = timed(lambda: bare_inserts(folder / "rows.db", folder, entries, places))
        return took, rows, timed(lambda: bare_inserts(folder / "events.db", folder, events, []))


def fill(database: Database, size: int, lane: str) -> None:
    for start in range(0, size, 5000):
        with database.begin(Actor("system:bench")) as work:
            for n in range(start, min(size, start + 5000)):
                work.record("vehicle.reported", f"VEH-{n:026}", {"sha256": f"{n:064x}", "ok": True}, lane=lane)


def bare_inserts(path: Path, folder: Path, entries: list[tuple], places: list[tuple]) -> None:
    with closing(sqlite3.connect(folder / "log.db")) as connection:
        query = "SELECT sql FROM sqlite_master WHERE tbl_name IN ('log_entry', 'log_place') AND sql IS NOT NULL"
        schema = [row[0] for row in connection.execute(query)]
    batches = -(-max(len(entries), len(places)) // BATCH)
    step = -(-len(entries) // batches)  # fleet: one entry goes with each batch of places
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", *schema):
            connection.execute(statement)
        for n in range(batches):
            connection.execute("BEGIN IMMEDIATE")
            entry_rows, place_rows = entries[n * step : (n + 1) * step], places[n * BATCH : (n + 1) * BATCH]
            connection.executemany("INSERT INTO log_entry VALUES (?, ?, ?, ?)", entry_rows)
            connection.executemany("INSERT INTO log_place VALUES (?, ?, ?, ?, ?)", place_rows)
            connection.execute("COMMIT")


def proofs(size: int) -> tuple[Times, Times]:
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
        took, one = timed(ours), timed(lambda: [leaf_hash(b"%d" % n) for n in chosen])
        return (took[0] * scale, took[1] * scale), (one[0] * scale, one[1] * scale)


if __name__ == "__main__":
    sys.exit(main())
