"""verify names the record behind any single edit and is silent about an untouched database."""

import shutil

import pytest
from sqlalchemy import Column, MetaData, String, Table

from roadworthy.database import FLEET, Actor
from roadworthy.kernel.errors import Broken, Malformed
from roadworthy.transparency.note import vkey_of
from roadworthy.transparency.tiles import tiles_of
from roadworthy.transparency.verify import verify_database
from tests.tamper import edits, names
from tests.transparency.world import (
    CYCLES,
    TABLES,
    VKEY,
    TestSigner,
    fill_box,
    make_box,
    open_database,
    report,
    sequencer,
    thing,
    thing_row,
)


def verify(database, folder, vkey=VKEY):
    with database.read() as view:
        return verify_database(view, folder / "log", vkey, CYCLES, TABLES)


@pytest.fixture
def home(tmp_path):
    """Three checkpoints; boxes that moved and did not; rows written twice; a batch; an event of several rows."""
    database = open_database(tmp_path, create=True)
    for n in range(3):
        make_box(database, f"B{n}", facts={"a": [1, 2], "b": None})
    sequencer(database, tmp_path).tick()
    fill_box(database, "B1", things=3)
    sequencer(database, tmp_path).tick()
    for n in range(4):
        report(database, "B2", n)
    with database.begin(Actor("vehicle:VEH-2")) as work:  # one fleet event with two rows, one of them written before
        work.update(thing, {"box_id": "B2", "number": 0}, {"vin": "LSVAA4187E9999999"})
        work.insert(thing, thing_row("B2", 9))
        work.record("thing.reported", "B2", {}, lane=FLEET)
    fill_box(database, "B2")
    sequencer(database, tmp_path).tick()
    yield database, tmp_path
    database.close()


def test_an_untouched_database_is_clean(home):
    database, folder = home
    found = verify(database, folder)
    assert found.clean, found.differences
    assert (found.size, found.published, found.events, found.rows, found.pending) == (6, 6, 10, 11, 0)


def test_waiting_events_and_unsealed_entries_are_no_difference(home):
    database, folder = home
    make_box(database, "B7")
    assert verify(database, folder).clean
    assert verify(database, folder).pending == 1
    sequencer(database, folder)._place()
    assert verify(database, folder).clean
    sequencer(database, folder)._seal()
    found = verify(database, folder)
    assert found.clean
    assert (found.size, found.published) == (7, 6)


# Where an edit of one column can be told from all other edits of its row.
TOLD = {("event", "kind"), ("event", "actor"), ("event", "at"), ("event", "lane"), ("event", "body"),
        ("log_entry", "entry"), ("log_entry", "leaf_hash"), ("log_entry", "lane"), ("log_checkpoint", "at"),
        ("test_box", "status")}  # fmt: skip


def test_any_single_edit_of_any_table_names_the_record_and_the_column_where_it_can_be_told(home):
    database, folder = home
    missed, tables = [], {}
    for edit in edits(database, TABLES, rows=3):
        tables.setdefault(edit.table, []).append(edit)
        edit.apply()
        found = verify(database, folder)
        columns = {d.column for d in found.differences if (d.table, d.key) == (edit.table, edit.key)}
        if not names(found, edit) or ((edit.table, edit.column) in TOLD and edit.column not in columns):
            missed.append(f"{edit.table} {edit.key} {edit.description} {found.differences}")
        edit.undo()
    assert missed == []
    assert {name: len(made) > 40 for name, made in tables.items()} == dict.fromkeys(
        ["event", "event_row", "log_entry", "log_place", "log_checkpoint", "test_box", "test_thing"], True
    )
    assert verify(database, folder).clean


def test_every_file_of_the_log_that_changes_is_named(home):
    database, folder = home
    last = {tile.path for tile in tiles_of(6)}
    for file in [file for file in (folder / "log").rglob("*") if file.is_file() and file.name != ".lock"]:
        data = file.read_bytes()
        name = str(file.relative_to(folder / "log"))
        for changed in (data[:-1], bytes([data[0] ^ 1]) + data[1:], data + b"\0", b""):
            file.write_bytes(changed)
            assert ("log", name) in {(d.table, d.key) for d in verify(database, folder).differences}, name
        file.unlink()
        # Unpublished is a state after a crash, and narrow tiles of earlier heads may go.
        assert verify(database, folder).clean == (name == "checkpoint" or (".p/" in name and name not in last))
        file.write_bytes(data)
    assert verify(database, folder).clean


def test_an_entry_changed_together_with_its_leaf_hash_is_still_named(home):
    database, folder = home
    from roadworthy.kernel.merkle import leaf_hash
    from roadworthy.transparency.store import log_entry

    with database.engine.begin() as connection:
        entry = connection.execute(log_entry.select().where(log_entry.c.idx == 2)).one().entry.replace("B2", "B8")
        values = {"entry": entry, "leaf_hash": leaf_hash(entry.encode())}
        connection.execute(log_entry.update().where(log_entry.c.idx == 2).values(values))
    found = verify(database, folder)
    assert {"log_entry", "log_checkpoint"} <= {d.table for d in found.differences if d.key in {"2", "3", "4", "6"}}


def test_a_database_put_back_to_an_earlier_state_is_named(home, tmp_path):
    database, folder = home
    database.close()
    shutil.copy(folder / "roadworthy.db", folder / "old.db")
    database = open_database(folder)
    make_box(database, "B8")
    sequencer(database, folder).tick()
    database.close()
    shutil.move(folder / "old.db", folder / "roadworthy.db")
    database = open_database(folder)
    assert ("log_checkpoint", "7") in {(d.table, d.key) for d in verify(database, folder).differences}


def test_another_key_verifies_nothing_and_a_wrong_one_is_malformed(home):
    database, folder = home
    found = verify(database, folder, vkey_of(TestSigner(seed=bytes(32))))
    assert {("log_checkpoint", "6"), ("log", "checkpoint")} <= {(d.table, d.key) for d in found.differences}
    with pytest.raises(Malformed):
        verify(database, folder, "no key")


def test_a_table_that_nobody_answers_for_is_our_mistake(home):
    database, folder = home
    loose = Table("test_loose", MetaData(), Column("id", String, primary_key=True))
    with database.read() as view, pytest.raises(Broken, match="test_loose"):
        verify_database(view, folder / "log", VKEY, CYCLES, [*TABLES, loose])


def test_each_difference_speaks_both_languages(home):
    database, folder = home
    edit = next(edits(database, TABLES))
    edit.apply()
    for difference in verify(database, folder).differences:
        assert difference.text.zh
        assert difference.text.en
        assert set(difference.to_json()) == {"table", "key", "column", "text"}
