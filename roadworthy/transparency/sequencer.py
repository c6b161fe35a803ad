"""The sequencer: puts every event into the log, once, in three short steps.

1. place    pending events get their places as entries; their lines in the queue go in the same transaction
2. seal     tiles of what is not sealed yet go to the disk, then the head is signed and stored
3. publish  the newest stored head is put into the folder

A crash leaves a later step undone, and every tick begins by doing the later steps for what it finds: the normal
path is the recovery path. One sequencer works at a time: the folder has a lock for the whole tick, and each change
of the tables takes the database's (BEGIN IMMEDIATE, or an advisory lock), in case another folder is configured.
On PostgreSQL numbers are not given in commit order, hence the queue: an event that commits late is placed late,
never missed.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select, text

from roadworthy.database import FLEET, STAFF, Actor, Database, View, Work
from roadworthy.database.schema import event, event_row, pending
from roadworthy.kernel.errors import Broken, Malformed
from roadworthy.kernel.event import canonical
from roadworthy.kernel.merkle import EMPTY_ROOT, leaf_hash, root_of
from roadworthy.transparency import store
from roadworthy.transparency.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from roadworthy.transparency.files import (
    CHECKPOINT,
    drop_partials,
    only_writer,
    read_checkpoint,
    write_all,
)
from roadworthy.transparency.note import NoteSigner, Unproved, vkey_of
from roadworthy.transparency.store import log_checkpoint, log_entry, log_place
from roadworthy.transparency.tiles import WIDTH, Tile, encode_bundle, tiles_of
from roadworthy.transparency.tree import MemoryTree

MAX_BATCH = 4096
_ENTRIES_AT_ONCE = 16 * WIDTH  # bounds what a rebuild of all files holds in memory
_ACTOR = Actor("system:sequencer")
_LOCK = 0x526F616477  # any number that is ours alone: the advisory lock on PostgreSQL


class Sequencer:
    """Appends to one log. Any number may run; locks let one at a time work."""

    def __init__(self, database: Database, log_dir: Path, signer: NoteSigner, batch: int = MAX_BATCH) -> None:
        """Sequence `database` into `log_dir`, signing as `signer`, at most `batch` (1 to 4,096) events a tick."""
        if not 1 <= batch <= MAX_BATCH:
            raise Broken(f"a batch has 1 to {MAX_BATCH} events, not {batch}.")
        self._database = database
        self._log_dir = log_dir
        self._signer = signer
        self._batch = batch
        self._tree = MemoryTree()

    def tick(self) -> int:
        """Finish what is unfinished, place up to a batch of pending events, seal and publish; give how many.

        0 means that nothing was pending. Raises Broken when the log's files and its tables contradict each other.
        """
        with only_writer(self._log_dir):
            self._seal()
            self._publish()
            placed = self._place()
            if placed:
                self._seal()
                self._publish()
            return placed

    def _place(self) -> int:
        with self._database.begin(_ACTOR) as work:
            _lock(work)
            waiting = _waiting(work, self._batch)
            if waiting:
                _append(work, waiting, _rows_of(work, waiting))
            return len(waiting)

    def _seal(self) -> None:
        with self._database.read() as view:
            size, last = store.entry_count(view), store.last_checkpoint(view)
            sealed = last.size if last else 0
            if size == sealed:
                return
            # Outside the database's lock, so that nobody waits for the disk: the files follow from the entries.
            self._write_bundles(view, sealed, size)
        self._write_tiles(sealed, size)
        with self._database.begin(_ACTOR) as work:
            _lock(work)
            last = store.last_checkpoint(work)
            if (last.size if last else 0) < size:
                work.execute(insert(log_checkpoint), [self._sign(size, last, work.now)])

    def _write_bundles(self, view: View, sealed: int, size: int) -> None:
        """Write the entry bundles from the one in which `sealed` lies, and let the tree grow to `size`."""
        start = sealed // WIDTH * WIDTH
        self._tree.extend(store.leaf_hashes(view, len(self._tree), start))
        for low in range(start, size, _ENTRIES_AT_ONCE):
            rows = store.entries(view, low, min(size, low + _ENTRIES_AT_ONCE))
            self._tree.extend(leaf for leaf, _ in rows[len(self._tree) - low :])
            bundles: dict[str, bytes] = {}
            for at in range(0, len(rows), WIDTH):
                entries = [entry.encode("ascii") for _, entry in rows[at : at + WIDTH]]
                bundles[Tile(None, (low + at) // WIDTH, len(entries)).path] = encode_bundle(entries)
            write_all(self._log_dir, bundles)
        if len(self._tree) != size:
            raise Broken(f"the log has {len(self._tree)} of its {size} entries; run roadworthy verify.")

    def _write_tiles(self, sealed: int, size: int) -> None:
        tiles = [tile for tile in tiles_of(size, since=sealed) if tile.level is not None]
        for at in range(0, len(tiles), _ENTRIES_AT_ONCE):
            chosen = tiles[at : at + _ENTRIES_AT_ONCE]
            hashes = [self._tree.nodes(8 * (t.level or 0), t.first, t.first + t.width) for t in chosen]
            write_all(self._log_dir, dict(zip([tile.path for tile in chosen], hashes, strict=True)))
        for tile in tiles_of(size, since=sealed):
            if tile.width == WIDTH:
                drop_partials(self._log_dir, tile)

    def _sign(self, size: int, last: Row[Any] | None, now: datetime) -> dict[str, Any]:
        """Sign the head of `size`; everything it covers is committed and its tiles are on the disk."""
        previous = last.size if last is not None else 0
        for note in (last.note if last is not None else None, read_checkpoint(self._log_dir)):
            head = self._own_head(note)
            # What was signed once binds for ever: another history must never get a signature.
            if head.size > previous or self._tree.root(head.size) != head.root:
                raise Broken("the log's entries are not those of its last checkpoint; run roadworthy verify.")
        at = now.replace(microsecond=0)
        head = Checkpoint(self._signer.name, size, self._tree.root(size), at)
        return {"size": size, "note": sign_checkpoint(head, self._signer), "at": at, "previous": previous}

    def _publish(self) -> None:
        with self._database.read() as view:
            newest = store.last_checkpoint(view)
        if read_checkpoint(self._log_dir) == (newest.note if newest else None):
            return
        # Under the database's lock, so that a slow sequencer cannot put an older head over a newer one.
        with self._database.begin(_ACTOR) as work:
            _lock(work)
            newest = store.last_checkpoint(work)
            published, stored = self._own_head(read_checkpoint(self._log_dir)), newest.size if newest else 0
            if published.size > stored:
                size = published.size
                raise Broken(f"the log was published with {size} entries, the database has {stored}: restore it.")
            if newest is not None:
                write_all(self._log_dir, {CHECKPOINT: newest.note.encode()})

    def _own_head(self, note: str | None) -> Checkpoint:
        """Open a checkpoint of this log; the empty head for none."""
        if note is None:
            return Checkpoint(self._signer.name, 0, EMPTY_ROOT)
        try:
            return open_checkpoint(note, vkey_of(self._signer))
        except (Malformed, Unproved) as error:
            raise Broken(f"{error.message} A checkpoint of this log is damaged; run roadworthy verify.") from error


def _lock(work: Work) -> None:
    # SQLite needs nothing: `begin` took the write lock (BEGIN IMMEDIATE).
    if work.connection.dialect.name == "postgresql":
        work.execute(text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=_LOCK))


def _waiting(work: Work, limit: int) -> Sequence[Any]:
    query = select(event.c.seq, event.c.lane, event.c.body)
    query = query.join_from(pending, event, pending.c.event_seq == event.c.seq).where(pending.c.consumer == "log")
    return work.all(query.order_by(pending.c.event_seq).limit(limit))


def _rows_of(work: Work, waiting: Sequence[Any]) -> dict[int, bytes | None]:
    """Give the digests of the rows that the waiting events wrote, by event number."""
    query = select(event.c.seq, event_row.c.table_name, event_row.c.row_key, event_row.c.digest)
    query = query.select_from(pending).join(event, pending.c.event_seq == event.c.seq)
    query = query.join(event_row, event_row.c.event_id == event.c.id)
    query = query.where(pending.c.consumer == "log", event.c.seq <= waiting[-1].seq)
    lines = work.all(query.order_by(event.c.seq, event_row.c.position))
    return {seq: store.rows_digest(row[1:] for row in rows) for seq, rows in groupby(lines, key=lambda row: row[0])}


def _append(work: Work, waiting: Sequence[Any], rows: dict[int, bytes | None]) -> None:
    """Give each staff event its own entry, in order; all fleet events one batch entry after them."""
    idx = store.entry_count(work)
    batch_idx = idx + [lane for _, lane, _ in waiting].count(STAFF)
    entries: list[tuple[Any, ...]] = []
    places: list[tuple[Any, ...]] = []
    fleet: list[bytes] = []
    for seq, lane, body in waiting:
        leaf = leaf_hash(body.encode("ascii"))
        if lane == FLEET:
            places.append((seq, batch_idx, len(fleet), leaf, rows.get(seq)))
            fleet.append(leaf)
        else:
            places.append((seq, idx, None, None, rows.get(seq)))
            entries.append((idx, body, leaf, STAFF))
            idx += 1
    if fleet:
        entry = canonical(store.batch_entry(len(fleet), root_of(fleet)))
        entries.append((batch_idx, entry.decode("ascii"), leaf_hash(entry), FLEET))
    store.append(work, log_entry, entries)
    store.append(work, log_place, places)
    # Exactly those that have a place now; a number between them may belong to an event that commits later.
    placed = exists().where(log_place.c.event_seq == pending.c.event_seq)
    between = pending.c.event_seq.between(waiting[0].seq, waiting[-1].seq)
    work.execute(delete(pending).where(pending.c.consumer == "log", between, placed))
