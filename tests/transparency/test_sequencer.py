"""The sequencer: each event once, in order, sealed when durable, and a crash is only a late tick."""

import shutil
import threading
from itertools import pairwise

import pytest
from sqlalchemy import delete, func, select

from roadworthy.database.schema import event, pending
from roadworthy.kernel.errors import Broken
from roadworthy.kernel.merkle import leaf_hash
from roadworthy.transparency.checkpoint import open_checkpoint
from roadworthy.transparency.files import TileTree, read_checkpoint
from roadworthy.transparency.proof import verify_consistency
from roadworthy.transparency.sequencer import Sequencer
from roadworthy.transparency.store import log_checkpoint, log_entry, log_place
from roadworthy.transparency.tiles import Tile, decode_bundle, tiles_of
from tests.crash import crashes
from tests.transparency.world import SIGNER, VKEY, TestSigner, make_box, open_database, report, sequencer


def fill(database, boxes, reports, start=0):
    for n in range(start, start + boxes):
        make_box(database, f"B{n}")
    for n in range(reports):
        report(database, f"B{start}", n)


def check_log(database, folder):
    """Check what must hold at any moment: no event lost or doubled, every signed head fits the entries."""
    with database.read() as view:
        events = view.all(select(event).order_by(event.c.seq))
        waiting = {row[0] for row in view.all(select(pending.c.event_seq))}
        places = {row.event_seq: row for row in view.all(select(log_place))}
        entries = view.all(select(log_entry).order_by(log_entry.c.idx))
        heads = view.all(select(log_checkpoint).order_by(log_checkpoint.c.size))
    assert set(places).isdisjoint(waiting)
    assert set(places) | waiting == {row.seq for row in events}
    assert [row.idx for row in entries] == list(range(len(entries)))
    for row in events:
        if row.lane == "staff" and row.seq in places:
            assert entries[places[row.seq].idx].entry == row.body
    if published := read_checkpoint(folder / "log"):
        assert published in [row.note for row in heads]
        check_files(folder, open_checkpoint(published, VKEY), entries)
    return events, places, entries, heads


def check_files(folder, head, entries):
    tree = TileTree(folder / "log", head.size)
    assert tree.root() == head.root
    for tile in tiles_of(head.size):
        if tile.level is None:
            path = folder / "log" / tile.path
            full = folder / "log" / Tile(None, tile.index).path
            there = (
                decode_bundle(path.read_bytes(), tile.width) if path.exists() else decode_bundle(full.read_bytes(), 256)
            )
            assert there[: tile.width] == [e.entry.encode() for e in entries[tile.first : tile.first + tile.width]]


def check_settled(database, folder):
    events, places, entries, heads = check_log(database, folder)
    assert len(places) == len(events)
    head = open_checkpoint(read_checkpoint(folder / "log"), VKEY)
    assert head.size == len(entries) == heads[-1].size
    assert [row.previous for row in heads] == [0, *[row.size for row in heads[:-1]]]
    tree = TileTree(folder / "log", head.size)
    for old, new in pairwise(open_checkpoint(row.note, VKEY) for row in heads):
        verify_consistency(old.size, new.size, old.root, new.root, tree.consistency(old.size, new.size))


def test_staff_events_are_leaves_in_order_and_fleet_events_one_batch_after_them(tmp_path):
    database = open_database(tmp_path, create=True)
    fill(database, 3, 5)
    fill(database, 2, 0, start=7)
    assert sequencer(database, tmp_path).tick() == 10
    _, places, entries, _ = check_log(database, tmp_path)
    assert [places[seq].idx for seq in range(1, 11)] == [0, 1, 2, 5, 5, 5, 5, 5, 3, 4]
    assert [places[seq].position for seq in range(4, 9)] == [0, 1, 2, 3, 4]
    assert [e.lane for e in entries] == ["staff"] * 5 + ["fleet"]
    assert all(e.leaf_hash == leaf_hash(e.entry.encode()) for e in entries)
    check_settled(database, tmp_path)


def test_ticks_take_a_batch_each_until_nothing_waits_and_partial_files_go_when_full(tmp_path):
    database = open_database(tmp_path, create=True)
    fill(database, 270, 10)
    log = sequencer(database, tmp_path, batch=100)
    assert [log.tick(), log.tick(), log.tick(), log.tick()] == [100, 100, 80, 0]
    check_settled(database, tmp_path)
    files = {str(f.relative_to(tmp_path / "log")) for f in (tmp_path / "log").rglob("*") if f.is_file()}
    assert files == {".lock", "checkpoint", *[tile.path for tile in tiles_of(271)]}


def test_a_restarted_sequencer_goes_on_where_the_last_one_stopped(tmp_path):
    database = open_database(tmp_path, create=True)
    for start in (0, 10, 20):
        fill(database, 4, 3, start=start)
        assert sequencer(database, tmp_path).tick() == 7
    check_settled(database, tmp_path)


def test_an_event_that_commits_late_is_placed_late_and_never_missed(tmp_path):
    database = open_database(tmp_path, create=True)
    fill(database, 3, 0)
    with database.engine.begin() as connection:  # as on PostgreSQL: number 2 is not yet visible
        connection.execute(delete(pending).where(pending.c.event_seq == 2))
    log = sequencer(database, tmp_path)
    assert log.tick() == 2
    with database.engine.begin() as connection:
        connection.execute(pending.insert(), [{"consumer": "log", "event_seq": 2}])
    assert log.tick() == 1
    check_settled(database, tmp_path)


def test_sequencers_side_by_side_place_every_event_once(tmp_path):
    database = open_database(tmp_path, create=True)
    fill(database, 60, 60)
    failures = []

    def work():
        try:
            log = sequencer(database, tmp_path, batch=7)
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
    sequencer(database, tmp_path).tick()
    check_settled(database, tmp_path)


def test_nothing_is_signed_before_it_is_committed_and_its_files_are_there(tmp_path):
    database = open_database(tmp_path, create=True)
    signed = []

    class Watching(TestSigner):
        def sign(self, message):
            with database.read() as view:
                committed = view.scalar(select(func.count()).select_from(log_entry))
            files = [(tmp_path / "log" / tile.path).exists() for tile in tiles_of(committed)]
            signed.append((committed, all(files), read_checkpoint(tmp_path / "log")))
            return super().sign(message)

    fill(database, 5, 0)
    Sequencer(database, tmp_path / "log", Watching()).tick()
    assert signed == [(5, True, None), (5, True, None)]


def test_a_database_from_before_the_published_head_is_refused_not_signed_again(tmp_path):
    database = open_database(tmp_path, create=True)
    fill(database, 3, 0)
    sequencer(database, tmp_path).tick()
    database.close()
    shutil.copytree(tmp_path, tmp_path.with_name("backup"))
    database = open_database(tmp_path)
    fill(database, 3, 0, start=5)
    sequencer(database, tmp_path).tick()
    database.close()
    for file in tmp_path.glob("roadworthy.db*"):
        file.unlink()
    shutil.copy(tmp_path.with_name("backup") / "roadworthy.db", tmp_path / "roadworthy.db")
    database = open_database(tmp_path)
    fill(database, 9, 0, start=20)
    with pytest.raises(Broken, match="restore"):
        sequencer(database, tmp_path).tick()
    assert open_checkpoint(read_checkpoint(tmp_path / "log"), VKEY).size == 6


def test_an_edited_leaf_is_never_signed_over(tmp_path):
    database = open_database(tmp_path, create=True)
    fill(database, 3, 0)
    sequencer(database, tmp_path).tick()
    with database.engine.begin() as connection:
        connection.execute(log_entry.update().where(log_entry.c.idx == 1).values(leaf_hash=bytes(32)))
    fill(database, 1, 0, start=5)
    with pytest.raises(Broken, match="verify"):
        sequencer(database, tmp_path).tick()


def test_a_batch_size_outside_the_bounds_is_our_mistake(tmp_path):
    database = open_database(tmp_path, create=True)
    for batch in (0, 4097):
        with pytest.raises(Broken):
            Sequencer(database, tmp_path, SIGNER, batch)


def one_tick(folder):
    database = open_database(folder)
    sequencer(database, folder).tick()


def test_a_kill_at_any_point_of_a_tick_loses_and_doubles_nothing(tmp_path):
    """Across the edge of a tile, with old partial tiles to go, staff and fleet events."""
    home = tmp_path / "home"
    home.mkdir()
    database = open_database(home, create=True)
    fill(database, 253, 0)
    sequencer(database, home).tick()
    fill(database, 4, 3, start=300)
    database.close()
    seen = []
    for crash in crashes(home, one_tick, tmp_path):
        seen.append(crash.label)
        database = open_database(crash.folder)
        check_log(database, crash.folder)
        sequencer(database, crash.folder).tick()
        check_settled(database, crash.folder)
        database.close()
    whole = "\n".join(seen)
    for part in ("INSERT INTO log_entry", "DELETE FROM pending", "COMMIT", "os.replace /log/tile", "os.unlink",
                 "os.fsync",
                 "INSERT INTO log_checkpoint", "os.replace /log/checkpoint", "open /log"):  # fmt: skip
        assert part in whole
