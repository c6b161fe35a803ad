"""The log's tables: its entries, where each event stands, and its signed checkpoints. Append-only by trigger.

Some columns say twice what can be computed (`leaf_hash`, `rows`, `previous`). They are there so that an edit can
be *named*: with one copy a wrong root says only that something is wrong.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Row, String, Table, Text, func, insert, select

from roadworthy.database import FLEET, Instant, View, metadata
from roadworthy.database.schema import BigKey, event

# One line a leaf: a staff event's bytes, or a batch of fleet events by its root.
log_entry = Table(
    "log_entry",
    metadata,
    Column("idx", BigKey, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Column("lane", String(8), nullable=False),
    info={"append_only": True},
)

# Where an event stands: entry `idx`; for fleet events also the position in the batch and their own leaf hash.
# `rows` digests the event's lines in `event_row` (null when there are none).
log_place = Table(
    "log_place",
    metadata,
    Column("event_seq", ForeignKey("event.seq"), primary_key=True, autoincrement=False),
    Column("idx", ForeignKey("log_entry.idx"), nullable=False, index=True),
    Column("position", Integer),
    Column("leaf_hash", LargeBinary(32)),
    Column("rows", LargeBinary(32)),
    info={"append_only": True},
)

# `at` is the moment that the note signs; `previous` the size of the checkpoint before, 0 for the first.
log_checkpoint = Table(
    "log_checkpoint",
    metadata,
    Column("size", BigKey, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("previous", BigKey, nullable=False),
    info={"append_only": True},
)


def entry_count(view: View) -> int:
    """Give the number of entries; their numbers run from 0 without gaps."""
    return int(view.scalar(select(func.coalesce(func.max(log_entry.c.idx), -1)))) + 1


def leaf_hashes(view: View, start: int, stop: int) -> list[bytes]:
    """Give the leaf hashes of entries start <= idx < stop."""
    query = select(log_entry.c.leaf_hash).where(log_entry.c.idx >= start, log_entry.c.idx < stop)
    return list(view.execute(query.order_by(log_entry.c.idx)).scalars().all())


def entries(view: View, start: int, stop: int) -> Sequence[Any]:
    """Give (leaf_hash, entry) of the entries start <= idx < stop."""
    query = select(log_entry.c.leaf_hash, log_entry.c.entry)
    return view.all(query.where(log_entry.c.idx >= start, log_entry.c.idx < stop).order_by(log_entry.c.idx))


def last_checkpoint(view: View) -> Row[Any] | None:
    """Give the largest checkpoint (size, note), or None."""
    return view.first(select(log_checkpoint).order_by(log_checkpoint.c.size.desc()).limit(1))


def place_of(view: View, event_id: str) -> Row[Any] | None:
    """Give where an event stands: idx, position, and its bytes as `body`; None while it is pending."""
    columns = (log_place.c.idx, log_place.c.position, event.c.body)
    query = select(*columns).join_from(log_place, event, log_place.c.event_seq == event.c.seq)
    return view.first(query.where(event.c.id == event_id))


def batch_leaves(view: View, idx: int) -> list[bytes]:
    """Give the leaf hashes of the events in batch entry `idx`, in order."""
    query = select(log_place.c.leaf_hash).where(log_place.c.idx == idx).order_by(log_place.c.position)
    return [bytes(row[0]) for row in view.all(query)]


def append(view: View, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert whole rows, in column order, of values that the driver takes as they are; a third of the usual cost."""
    names = [column.name for column in table.columns]
    compiled = insert(table).compile(dialect=view.connection.dialect, column_keys=names)
    by_name = None if compiled.positiontup == names else [dict(zip(names, row, strict=True)) for row in rows]
    view.connection.exec_driver_sql(str(compiled), rows if by_name is None else by_name)


def rows_digest(lines: Iterable[Sequence[Any]]) -> bytes | None:
    """Digest an event's rows, `(table, key, digest)` in order; None for none. Lengths keep names apart."""
    text = [b"%d:%d:%b%b%b" % (len(t), len(k), t.encode(), k.encode(), bytes(d)) for t, k, d in lines]
    return sha256(b"".join(text)).digest() if text else None


def batch_entry(count: int, root: bytes) -> dict[str, Any]:
    """Give the entry of a batch of `count` fleet events whose leaf hashes have the RFC 6962 root `root`."""
    return {"count": count, "lane": FLEET, "root": root.hex(), "type": "batch/1"}
