"""How fast timers fire, against bare sqlite3, in one run: `python -m bench clocks [--full]`.

ours   `Poller` on SQLite (WAL, synchronous=FULL): claim, state, event with its openings, message; 100 a transaction
bare   sqlite3 with the same pragmas, rows and batches: select the due ones, update each, insert its outbox line

The ratio is what the compulsory event, its digest and SQLAlchemy cost. Each at 1x, 10x and 100x of a size; many
timers that are not due yet stand beside those that are. The best of three, by wall clock and by CPU time.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from roadworthy.clocks import actions
from roadworthy.clocks.model import Plan
from roadworthy.clocks.poller import BATCH, Poller
from roadworthy.clocks.rules import set_reminders
from roadworthy.database import Actor, Database
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import SetTime
from roadworthy.migrations.tables import load_tables

START = datetime(2026, 3, 2, tzinfo=UTC)
KINDS = ("50%", "due", "+365d")  # two of three are due
DUE = 2
Times = tuple[float, float]  # seconds by wall clock, seconds of CPU


def main() -> None:
    sizes = [100, 1_000, 10_000] if "--full" in sys.argv else [40, 400, 4_000]
    print(f"{'timers':>8} {'ours/s':>9} {'bare/s':>9} {'ours:bare':>10} {'by CPU':>8} {'growth per timer':>17}")
    first = 0.0
    for size in sizes:
        runs = [measure(size) for _ in range(3)]
        ours, bare = (tuple(min(run[side][k] for run in runs) for k in (0, 1)) for side in (0, 1))
        first = first or ours[0] / size
        ratio, cpu, growth = bare[0] / ours[0], bare[1] / ours[1], ours[0] / size / first
        print(f"{size:>8} {size / ours[0]:>9,.0f} {size / bare[0]:>9,.0f} {ratio:>10.3f} {cpu:>8.3f} {growth:>17.2f}")


def measure(size: int) -> tuple[Times, Times]:
    """Fire `size` timers both ways, each on a copy of the same rows."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "clocks.db"
        hour = SetTime(START)
        with closing(Database(f"sqlite:///{path}", hour)) as database:
            load_tables().create_all(database.engine)
            fill(database, size // DUE)
            with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(path.with_name("bare.db"))) as copy:
                live.backup(copy)
            hour.advance(hours=2)
            poller = Poller(database)
            ours = timed(lambda: fire(poller, size))
        return ours, timed(lambda: bare(path.with_name("bare.db"), "2026-03-02T02:00:00.000000Z", size))


def fill(database: Database, clocks: int) -> None:
    due = START + timedelta(hours=1)
    reminders = set_reminders(START, due, [(kind, ("auditor",), False) for kind in KINDS])
    one = Plan(
        "campaign", "CMP-0", "EIDC22-4c", "report", ("MIIT",), "EIDC22 4(3)", Text("报告", "report"), "cautious",
        "cn/eidc22@1", "a" * 64, START, "completion", due, "b" * 64, reminders,
    )  # fmt: skip
    with database.begin(Actor("system:bench")) as work:
        for number in range(clocks):
            actions.start(work, replace(one, subject_id=f"CMP-{number}"))


def fire(poller: Poller, size: int) -> None:
    fired = 0
    while now := poller.tick():
        fired += now
    assert fired == size


def bare(path: Path, now: str, size: int) -> None:
    fired = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        while True:
            connection.execute("BEGIN IMMEDIATE")
            query = "SELECT clock_id, kind, roles FROM timer WHERE status = 'pending' AND fire_at <= ?"
            rows = connection.execute(f"{query} ORDER BY fire_at LIMIT {BATCH}", (now,)).fetchall()
            changes = [(now, clock, kind) for clock, kind, _ in rows]
            connection.executemany(
                "UPDATE timer SET status = 'fired', fired_at = ? WHERE clock_id = ? AND kind = ?", changes
            )
            lines = [(f"{clock}:{kind}", "clock.due", "{}", roles, now, 0, now) for clock, kind, roles in rows]
            connection.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)", lines)
            connection.execute("COMMIT")
            fired += len(rows)
            if not rows:
                break
    assert fired == size


def timed(act: Callable[[], object]) -> Times:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
