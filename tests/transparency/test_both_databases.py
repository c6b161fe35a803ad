"""The log on SQLite and on PostgreSQL alike, with the product's own tables and triggers."""

import threading
from pathlib import Path

import pytest
from sqlalchemy import select, text

from roadworthy.database import Database, metadata
from roadworthy.database.schema import event, event_row
from roadworthy.kernel.time import SetTime
from roadworthy.transparency.making import Log
from roadworthy.transparency.receipt import make_receipt, make_row_opening, open_receipt, open_row
from roadworthy.transparency.store import log_checkpoint, log_entry, log_place
from roadworthy.transparency.verify import verify_database
from tests.transparency.world import (
    ACTOR,
    CYCLES,
    START,
    TABLES,
    VKEY,
    all_events,
    box,
    fill_box,
    make_box,
    report,
    sequencer,
    thing,
)

pytest.importorskip("tests.postgresql", reason="the databases of a test run are not in this tree")


@pytest.fixture
def opened(databases):
    """A database with the product's tables and the two of these tests."""
    database = Database(databases.filled(), SetTime(START))
    metadata.create_all(database.engine, tables=[box, thing])
    yield database
    database.close()


def verify(database: Database, folder: Path):
    with database.read(consistent=True) as view:
        return verify_database(view, folder / "log", VKEY, CYCLES, TABLES)


def fill(database: Database) -> None:
    for n in range(4):
        make_box(database, f"B{n}", facts={"n": n, "text": "测试"})
    fill_box(database, "B1", things=3)
    for n in range(5):
        report(database, "B2", n)


def test_events_are_logged_proved_and_verified(opened, tmp_path):
    fill(opened)
    log = sequencer(opened, tmp_path, batch=7)
    assert [log.tick(), log.tick(), log.tick()] == [7, 3, 0]
    found = verify(opened, tmp_path)
    assert found.clean, found.differences
    assert (found.size, found.published, found.events, found.rows, found.pending) == (7, 7, 10, 12, 0)
    files = Log(tmp_path / "log")
    with opened.read() as view:
        for name in all_events(opened):
            assert open_receipt(make_receipt(view, files, name), VKEY).event["id"] == name
        moved = view.scalar(select(event.c.id).where(event.c.kind == "box.filled"))
        logged = open_receipt(make_receipt(view, files, moved), VKEY)
        assert open_row(make_row_opening(view, moved, "test_thing", "B1/2"), logged.event)["number"] == 2
        assert open_row(make_row_opening(view, moved, "test_box", "B1"), logged.event)["status"] == "full"


def test_sequencers_of_several_processes_place_each_event_once(opened, tmp_path):
    fill(opened)
    failures = []

    def work():
        try:
            log = sequencer(opened, tmp_path, batch=2)
            while log.tick():
                pass
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert verify(opened, tmp_path).clean
    assert verify(opened, tmp_path).pending == 0


def test_an_event_with_an_earlier_number_that_commits_later_is_placed_later(opened, tmp_path):
    if opened.engine.name == "sqlite":
        pytest.skip("SQLite has one writer at a time: numbers are commit order")
    log = sequencer(opened, tmp_path)
    with opened.begin(ACTOR) as slow:
        slow.record("box.seen", "B0")
        make_box(opened, "B1")
        assert log.tick() == 1
    assert log.tick() == 1
    assert log.tick() == 0
    assert verify(opened, tmp_path).clean


EDITS = {
    event: ("actor", "'somebody'"),
    event_row: ("row_key", "row_key || 'x'"),
    log_entry: ("entry", "replace(entry, 'B', 'C')"),
    log_place: ("idx", "CASE idx WHEN 0 THEN 1 ELSE 0 END"),
    log_checkpoint: ("at", "'2026-01-01T00:00:00.000000Z'"),
    box: ("label", "'other'"),
    thing: ("vin", "'LSVAA4187E9999999'"),
}


@pytest.mark.parametrize("table", EDITS, ids=lambda table: table.name)
def test_an_edit_in_any_table_is_named(opened, tmp_path, table):
    fill(opened)
    sequencer(opened, tmp_path).tick()
    column, value = EDITS[table]
    with opened.engine.execution_options(roadworthy_write=True).begin() as connection:
        if opened.engine.name == "postgresql":
            connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
        else:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {table.name}_no_update"))
        connection.execute(text(f'UPDATE {table.name} SET "{column}" = {value}'))
    assert table.name in {difference.table for difference in verify(opened, tmp_path).differences}
