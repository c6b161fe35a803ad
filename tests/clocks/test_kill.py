"""Signal 9 at every point of firing and delivering: all or nothing of a timer; a message comes again under its key."""

from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import func, select

from roadworthy.clocks.delivery import LEASE, Deliverer, Inbox
from roadworthy.clocks.poller import Poller
from roadworthy.clocks.store import notice, timer
from roadworthy.database import Database
from roadworthy.database.migrate import upgrade
from roadworthy.database.schema import event
from roadworthy.kernel.time import SetTime
from tests import crash
from tests.clocks.plans import begin, keys, messages_of, plan
from tests.clocks.storm import Ledger
from tests.company import no_tables_of_tests
from tests.conftest import LONG, START
from tests.crashes.state import URL, ServerCopies
from tests.rooms.conftest import every_row_is_covered

LATER = START + timedelta(hours=2)
RESTARTED = LATER + LEASE


def prepare(folder: Path, template: Path, url: str = "") -> Path:
    """Give a folder with one clock that is over, whose two timers wait."""
    folder.mkdir()
    copy(template, folder / "clocks.db")
    (folder / URL).write_text(url)
    database = opened(folder, START)
    if url:
        with no_tables_of_tests():
            upgrade(database)
    begin(database, plan(START, 1, kinds=["50%", "due"], roles=("auditor", "compliance_officer")))
    database.close()
    return folder


def opened(folder: Path, now) -> Database:
    return Database((folder / URL).read_text() or f"sqlite:///{folder / 'clocks.db'}", SetTime(now))


def work_once(folder: Path, now=LATER) -> None:
    """What a worker does with what is due."""
    database = opened(folder, now)
    Poller(database, "poller").tick()
    Deliverer(database, [Inbox(database), Ledger(folder / "ledger")]).tick()


def look(label: str, folder: Path) -> None:
    """What the next process finds, and leaves when it has worked."""
    with closing(opened(folder, RESTARTED)) as database:
        fired = events(database, "timer.fired")
        assert len(keys(database)) == fired, f"{label}: a timer without its message, or a message without its timer"
        assert fired in (0, 2), label
        every_row_is_covered(database)
        work_once(folder, RESTARTED)
        with database.read() as view:
            told = {f"{row.clock_id}:{row.kind}" for row in view.all(select(timer).where(timer.c.status == "fired"))}
            notices = view.scalar(select(func.count()).select_from(notice))
        assert (len(told), events(database, "timer.fired"), notices) == (2, 2, 4), label
        assert set(keys(database)) == told == set(Ledger(folder / "ledger").keys()), label
        assert all(line.delivered_at for line in messages_of(database)), label
        every_row_is_covered(database)


def events(database: Database, kind: str) -> int:
    with database.read() as view:
        return view.scalar(select(func.count()).select_from(event).where(event.c.kind == kind))


def all_or_nothing(prepared: Path, scratch: Path, copies: crash.Copies, most: int) -> None:
    labels = []
    for left in crash.crashes(prepared, work_once, scratch, both_sides=LONG, most=most, copies=copies):
        labels.append(left.label)
        crash.run(left.folder, partial(look, left.label))
    assert sum(label.endswith("COMMIT") for label in labels) >= 4
    print(f"killed {len(labels)} times")


def test_a_kill_while_firing_or_delivering_loses_and_doubles_nothing(tmp_path, sqlite_template):
    prepared = prepare(tmp_path / "prepared", sqlite_template)
    all_or_nothing(prepared, tmp_path, crash.Copies(), 0 if LONG else 24)


@pytest.mark.usefixtures("postgresql_template")
def test_a_kill_while_firing_or_delivering_loses_and_doubles_nothing_on_postgresql(
    tmp_path, sqlite_template, postgresql_server
):
    copies = ServerCopies(postgresql_server)
    prepared = prepare(tmp_path / "prepared", sqlite_template, copies.new())
    all_or_nothing(prepared, tmp_path, copies, 0 if LONG else 8)
    copies.remove(prepared)
