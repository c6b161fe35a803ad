"""Making receipts from the database and the published log; `receipt` opens them."""

from collections import OrderedDict
from collections.abc import Callable
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Integer, false, select

from roadworthy.database import View, metadata
from roadworthy.database.schema import event, event_row, row_key, row_values
from roadworthy.kernel.errors import NotFound, Refused
from roadworthy.kernel.event import canonical, row_digest
from roadworthy.kernel.merkle import path_to
from roadworthy.transparency import store
from roadworthy.transparency.checkpoint import parse_checkpoint
from roadworthy.transparency.files import TileTree, read_checkpoint
from roadworthy.transparency.note import parse_note
from roadworthy.transparency.tree import MemoryTree

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_TREES, _BATCHES = 4, 16  # kept in memory: trees of the last checkpoints, and batches (256 kB each at most)


class NotLogged(Refused):
    """This event is not under a checkpoint yet; ask again in a second."""

    code = "log.pending"


class Superseded(Refused):
    """The row has changed since that event; ask for the opening of its last event."""

    code = "log.superseded"


class Log:
    """The published log in its folder, for making proofs. Not for several threads at once: make one for each."""

    def __init__(self, log_dir: Path) -> None:
        """Read the log in `log_dir`."""
        self._log_dir = log_dir
        self._trees: OrderedDict[int, TileTree] = OrderedDict()
        self._batches: OrderedDict[int, MemoryTree] = OrderedDict()

    def checkpoint(self) -> str:
        """Give the published checkpoint note.

        Raises NotLogged before the first one.
        """
        note = read_checkpoint(self._log_dir)
        if note is None:
            raise NotLogged
        return note

    def tree(self, size: int) -> TileTree:
        """Give the tree of `size`, a size that has been published."""
        return _kept(self._trees, size, _TREES, lambda: TileTree(self._log_dir, size))

    def batch(self, view: View, idx: int) -> MemoryTree:
        """Give the tree of the batch entry `idx`."""
        return _kept(self._batches, idx, _BATCHES, lambda: MemoryTree(store.batch_leaves(view, idx)))


def make_receipt(view: View, log: Log, event_id: str, note: str | None = None) -> dict[str, Any]:
    """See `receipt.make_receipt`."""
    checkpoint = log.checkpoint() if note is None else note
    place = store.place_of(view, event_id)
    if place is None:
        if view.first(select(event.c.seq).where(event.c.id == event_id)) is None:
            raise NotFound(f"There is no event {event_id[:40]!r}; copy the whole id, it begins with EVT-.")
        raise NotLogged
    size = parse_checkpoint(parse_note(checkpoint)[0]).size
    if place.idx >= size:
        raise NotLogged
    batch = None
    if place.position is not None:
        tree = log.batch(view, place.idx)
        entry = canonical(store.batch_entry(len(tree), tree.root())).decode("ascii")
        path = [step.hex() for step in tree.inclusion(place.position, len(tree))]
        batch = {"position": place.position, "path": path, "entry": entry}
    return {
        "event": place.body,
        "batch": batch,
        "index": place.idx,
        "path": [step.hex() for step in log.tree(size).inclusion(place.idx, size)],
        "checkpoint": checkpoint,
    }


def make_row_opening(view: View, event_id: str, table: str, key: str) -> dict[str, Any]:
    """See `receipt.make_row_opening`."""
    lines = view.all(select(event_row).where(event_row.c.event_id == event_id).order_by(event_row.c.position))
    positions = [n for n, line in enumerate(lines) if (line.table_name, line.row_key) == (table, key)]
    if not positions:
        raise NotFound(f"The event {event_id[:40]!r} wrote no row {key[:80]!r} of {table[:64]!r}.")
    row = _row(view, table, key)
    digests = [bytes(line.digest) for line in lines]
    if row is None or row_digest(table, key, row) != digests[positions[-1]]:
        raise Superseded
    path = [step.hex() for step in path_to(digests, positions[-1])]
    return {"table": table, "key": key, "row": row, "position": positions[-1], "count": len(lines), "path": path}


def _row(view: View, table: str, key: str) -> dict[str, Any] | None:
    there = metadata.tables.get(table)
    if there is None or "key" not in there.info:
        raise NotFound(f"There is no record table {table[:64]!r}.")
    columns, parts = [there.c[name] for name in there.info["key"]], key.split("/")
    # A value may hold a slash itself, so every way of cutting the key is looked up.
    for cuts in combinations(range(1, len(parts)), len(columns) - 1):
        edges = [0, *cuts, len(parts)]
        values = ["/".join(parts[a:b]) for a, b in pairwise(edges)]
        found = view.first(select(there).where(*[_equals(c, v) for c, v in zip(columns, values, strict=True)]))
        if found is not None and row_key(there, row_values(there, found)) == key:
            return row_values(there, found)
    return None


def _equals(column: Column[Any], text: str) -> ColumnElement[bool]:
    if isinstance(column.type, Integer):
        return column == int(text) if text.removeprefix("-").isdecimal() else false()
    return column == text


def _kept(kept: OrderedDict[_Key, _Value], key: _Key, limit: int, make: Callable[[], _Value]) -> _Value:
    """Give `kept[key]`, made when it is missing; the least recently used go above `limit`."""
    if key not in kept:
        kept[key] = make()
    kept.move_to_end(key)
    while len(kept) > limit:
        kept.popitem(last=False)
    return kept[key]
