"""Thousands of timers, four pollers, kill after kill: nothing is lost, nothing fires twice.

`make test` runs a small storm, `make test-long` 3,000 clocks with at least 60 kills, on each database.
"""

import json
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from roadworthy.clocks.store import notice, outbox, timer
from roadworthy.database import Database
from roadworthy.database.schema import event
from roadworthy.kernel.time import SystemTime
from tests.clocks.storm import Ledger, Size, Storm
from tests.conftest import LONG
from tests.rooms.conftest import every_row_is_covered

SIZE = Size(clocks=3_000, seconds=20, kills=60) if LONG else Size(clocks=120, seconds=2, kills=16)
PATIENCE = 300.0


def test_a_storm_loses_no_timer_and_fires_none_twice(databases, dialect, tmp_path: Path, record_property):
    url = databases.filled()
    with Storm(url, tmp_path, SIZE) as storm:
        storm.rage()
        wait_until_calm(url)
        kills = storm.kills
    with closing(Database(url, SystemTime())) as database:
        fired = check_timers(database)
        lines = check_deliveries(database, Ledger(tmp_path / "ledger").lines(), fired)
        every_row_is_covered(database)
        late = lateness(database)
    told = {"clocks": SIZE.clocks, "fired": len(fired), "kills": kills, "repeated": len(lines) - len(fired), **late}
    for name, value in told.items():
        record_property(name, value)
    print(f"{dialect}: {told}")
    assert kills >= SIZE.kills


def wait_until_calm(url: str) -> None:
    """Wait until no timer waits and every message has arrived."""
    end = time.monotonic() + PATIENCE
    with closing(Database(url, SystemTime())) as database:
        while True:
            with database.read() as view:
                waiting = view.scalar(select(func.count()).select_from(timer).where(timer.c.status == "pending"))
                unheard = view.scalar(select(func.count()).select_from(outbox).where(outbox.c.delivered_at.is_(None)))
            if not waiting and not unheard:
                return
            assert time.monotonic() < end, f"{waiting} timers and {unheard} messages still wait"
            time.sleep(0.2)


def check_timers(database: Database) -> set[str]:
    """Every timer has fired or was cancelled; each that fired has one event and one message. Give their keys."""
    with database.read() as view:
        timers = view.all(select(timer))
        bodies = [json.loads(row.body) for row in view.all(select(event.c.body).where(event.c.kind == "timer.fired"))]
        messages = [row.dedupe_key for row in view.all(select(outbox.c.dedupe_key))]
    assert {row.status for row in timers} == {"fired", "cancelled"}
    assert all(row.fired_at >= row.fire_at for row in timers if row.status == "fired")
    fired = {f"{row.clock_id}:{row.kind}" for row in timers if row.status == "fired"}
    said = Counter(f"{body['subject']}:{body['data']['kind']}" for body in bodies)
    assert said.keys() == fired
    assert set(said.values()) == {1}
    assert sorted(messages) == sorted(fired)
    return fired


def check_deliveries(database: Database, lines: list[tuple[str, str]], fired: set[str]) -> list[tuple[str, str]]:
    """Every message arrived, a repeated one with the same key and content; people see it once."""
    assert {key for key, _ in lines} == fired
    assert len(set(lines)) == len(fired)
    with database.read() as view:
        assert sorted(row.dedupe_key for row in view.all(select(notice.c.dedupe_key))) == sorted(fired)
    return lines


def lateness(database: Database) -> dict[str, float]:
    """Give how late timers fired, in seconds."""
    with database.read() as view:
        rows = view.all(select(timer.c.fire_at, timer.c.fired_at).where(timer.c.status == "fired"))
    late = sorted((row.fired_at - row.fire_at).total_seconds() for row in rows)
    return {f"p{p}": round(late[len(late) * p // 100], 3) for p in (50, 99)} | {"max": round(late[-1], 3)}
