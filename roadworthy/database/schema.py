"""The one MetaData, its column types, and the tables of the database foundation.

Every table says what it is: a *record* table is covered by events (`record_table`), a *cache* may be lost or
rebuilt and says why (`cache`). `roadworthy verify` reads that from `Table.info`.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.schema import SchemaItem

from roadworthy.kernel.event import Json, canonical
from roadworthy.kernel.time import parse_instant, to_text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

STAFF, FLEET = "staff", "fleet"


class Instant(TypeDecorator[datetime]):
    """An instant as UTC text of 27 characters: one form on every database, and text order is time order."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write UTC text."""
        return None if value is None else to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read UTC text."""
        return None if value is None else parse_instant(value)


class JsonText(TypeDecorator[Json]):
    """JSON as canonical text, so that equal values have equal bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write canonical text."""
        return None if value is None else canonical(value).decode("ascii")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:  # noqa: ARG002
        """Read it back."""
        return None if value is None else json.loads(value)


def record_table(name: str, *items: SchemaItem, key: tuple[str, ...] = ("id",), append_only: bool = False) -> Table:
    """Declare a table whose every row is covered by an event; `key` are the columns that name a row.

    With `append_only`, triggers also refuse to change or remove a row.
    """
    more = {"append_only": True} if append_only else {}
    return Table(name, metadata, *items, info={"record": True, "key": key, **more})


def cache(name: str, reason: str, *items: SchemaItem) -> Table:
    """Declare a table that no event covers, with the reason why its loss or edit proves nothing."""
    return Table(name, metadata, *items, info={"cache": reason})


def four_eyes(author: str, approver: str) -> CheckConstraint:
    """Constrain a row so that the same person is never author and approver (Notice 45, II.1 governance)."""
    return CheckConstraint(f"{approver} IS NULL OR {approver} <> {author}", name="four_eyes")


def row_values(table: Table, row: Any) -> dict[str, Json]:
    """Give a row's columns as JSON values: instants as text, bytes as hex, the rest as it is."""
    mapping = row._mapping if hasattr(row, "_mapping") else row  # noqa: SLF001
    return {column.name: _plain(mapping[column.name]) for column in table.columns}


def row_key(table: Table, values: dict[str, Json]) -> str:
    """Name a row within its table: its key columns joined by a slash."""
    return "/".join(str(values[name]) for name in table.info["key"])


def _plain(value: Any) -> Json:
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value


BigKey = BigInteger().with_variant(Integer, "sqlite")

# Append-only by trigger (see the first migration). `body` holds the canonical bytes, the other columns repeat
# what queries need. `lane` says whether the event is a leaf of its own or joins a batch of vehicle events.
event = Table(
    "event",
    metadata,
    Column("seq", BigKey, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("kind", String(64), nullable=False, index=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("lane", String(8), nullable=False),
    Column("body", Text, nullable=False),
    info={"append_only": True},
)

# The openings of an event's row root: which rows it wrote, in order. Append-only by trigger.
event_row = Table(
    "event_row",
    metadata,
    Column("event_id", ForeignKey("event.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("table_name", String(64), nullable=False),
    Column("row_key", String(160), nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Index(None, "table_name", "row_key"),
    info={"append_only": True},
)

pending = cache(
    "pending",
    "work queue of event numbers: a lost line is found by verify as an event without a leaf",
    Column("consumer", String(16), primary_key=True),
    Column("event_seq", BigKey, primary_key=True, autoincrement=False),
)
