"""Edits of several places at once, of the queue and of the log's files: verify names them too."""

import pytest

from roadworthy.kernel.lifecycle import WrongState
from roadworthy.releases import actions as releases
from roadworthy.transparency.tiles import encode_bundle, tiles_of
from roadworthy.transparency.tree import MemoryTree
from tests.conftest import LONG
from tests.tampering.shell import changing, erase, named, rewrite, verify


def test_the_bodies_of_two_events_swapped_name_both(company):
    with changing(company) as shell:
        staff = shell.execute("SELECT seq, body FROM event WHERE kind = 'filing.drafted'").fetchall()
        fleet = shell.execute("SELECT seq, body FROM event WHERE lane = 'fleet'").fetchall()
        for one, other in ((staff[0], staff[1]), (fleet[0], fleet[-1])):
            shell.execute("UPDATE event SET body = ? WHERE seq = ?", (other["body"], one["seq"]))
            shell.execute("UPDATE event SET body = ? WHERE seq = ?", (one["body"], other["seq"]))
        found = named(company)
        assert {("event", str(row["seq"])) for row in (staff[0], staff[1], fleet[0], fleet[-1])} <= found


@pytest.mark.parametrize("kind", ["action.refused", "release.created", "action.attested"])
def test_an_event_deleted_with_all_its_lines_is_missed_at_its_entry(company, kind):
    """A refusal wrote no record that could tell; an attestation stands in a batch."""
    with changing(company) as shell:
        event = shell.execute("SELECT * FROM event WHERE kind = ? ORDER BY seq DESC", (kind,)).fetchone()
        place = shell.execute("SELECT idx FROM log_place WHERE event_seq = ?", (event["seq"],)).fetchone()
        erase(shell, event)
        assert ("log_entry", str(place["idx"])) in named(company)


def test_a_record_changed_with_event_line_place_entry_and_files_still_needs_the_key_of_the_log(company):
    """Whoever rewrites everything that is computed cannot sign: every checkpoint above the entry is named."""
    with changing(company) as shell:
        idx = rewrite(shell, "person", {"name": "Somebody New"})
        above = {
            ("log_checkpoint", str(row[0]))
            for row in shell.execute("SELECT size FROM log_checkpoint WHERE size > ?", (idx,))
        }
        assert {("log_entry", str(idx)), *above} <= named(company)
        rewrite_files(shell, company.settings.log)
        assert above <= named(company)


def rewrite_files(shell, folder):
    """Compute tiles and entry bundles anew from the entries."""
    rows = shell.execute("SELECT entry, leaf_hash FROM log_entry ORDER BY idx").fetchall()
    tree = MemoryTree([row["leaf_hash"] for row in rows])
    for tile in tiles_of(len(rows)):
        first, stop = tile.first, tile.first + tile.width
        bundle = encode_bundle([row["entry"].encode() for row in rows[first:stop]]) if tile.level is None else None
        (folder / tile.path).write_bytes(tree.nodes(8 * tile.level, first, stop) if bundle is None else bundle)


def test_a_log_cut_short_in_the_database_names_what_is_gone(company):
    with changing(company) as shell:
        (size,) = shell.execute("SELECT max(size) FROM log_checkpoint").fetchone()
        (before,) = shell.execute("SELECT max(size) FROM log_checkpoint WHERE size < ?", (size,)).fetchone()
        shell.execute("DELETE FROM log_checkpoint WHERE size = ?", (size,))
        assert ("log_checkpoint", str(size)) in named(company), "it was published"
        shell.execute("DELETE FROM log_place WHERE idx >= ?", (before,))
        shell.execute("DELETE FROM log_entry WHERE idx >= ?", (before,))
        gone = {("log_entry", str(n)) for n in range(before, size)}
        assert {("log_checkpoint", str(size)), *gone} <= named(company)


def test_every_file_of_the_log_that_changes_is_named(company):
    folder = company.settings.log
    last = {tile.path for tile in tiles_of(verify(company).size)}
    there = [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file() and file.name != ".lock"]
    for name in there if LONG else ["checkpoint", *sorted(last)]:
        data = (folder / name).read_bytes()
        half = len(data) // 2
        changes = [data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :], data + b"\0", data[:-1], b""]
        for changed in changes if LONG else changes[:2]:
            (folder / name).write_bytes(changed)
            assert ("log", name) in named(company)
        (folder / name).unlink()
        if name in last:  # an unpublished checkpoint is a state after a crash; narrow tiles of earlier heads may go
            assert ("log", name) in named(company)
        (folder / name).write_bytes(data)
    assert verify(company).clean


def test_a_changed_line_of_the_queue_is_named(company):
    """Of an event that waits: the line lost, or turned into another's. Of an event that is logged: a line added."""
    with changing(company) as shell:
        company.draft_release("waiting", "1.0")
        (seq,) = shell.execute("SELECT event_seq FROM pending WHERE consumer = 'log'").fetchone()
        assert verify(company).clean
        shell.execute("UPDATE pending SET event_seq = ? WHERE consumer = 'log'", (seq + 7,))
        assert {("event", str(seq)), ("pending", f"log/{seq + 7}")} <= named(company)
        shell.execute("DELETE FROM pending")
        assert ("event", str(seq)) in named(company)
        shell.execute("INSERT INTO pending VALUES ('log', ?), ('log', 3)", (seq,))
        assert named(company) == {("pending", "log/3")}


def test_an_event_lost_while_it_waits_is_named_by_its_line_of_the_queue(company):
    with changing(company) as shell:
        (release,) = shell.execute("SELECT id FROM release WHERE status = 'withdrawn'").fetchone()
        with pytest.raises(WrongState):
            releases.approve(company.database, company.people["manager"], release)
        event = shell.execute("SELECT * FROM event ORDER BY seq DESC").fetchone()
        assert event["kind"] == "action.refused", "it wrote no record that could tell"
        shell.execute("DELETE FROM event WHERE seq = ?", (event["seq"],))
        assert named(company) == {("pending", f"log/{event['seq']}")}
