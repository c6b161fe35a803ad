"""A fresh SQLite database with all tables; after each test every row must be covered by its last event."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

import roadworthy.accounts.store
import roadworthy.admission.store
import roadworthy.filings.store
import roadworthy.fleet.store
import roadworthy.products.store  # noqa: F401 - the tables must be declared
from roadworthy.database import Database, metadata
from roadworthy.database.schema import event, event_row, row_key, row_values
from roadworthy.kernel.event import row_digest
from roadworthy.kernel.time import SetTime


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/test.db", SetTime(datetime(2026, 3, 2, 1, 0, tzinfo=UTC)))
    with opened.engine.connect() as connection, connection.begin():
        metadata.create_all(connection)
    yield opened
    every_row_is_covered(opened)
    opened.close()


def every_row_is_covered(database: Database) -> None:
    """What is in a table is what the last event about the row said."""
    told_rows = select(event_row).join(event).order_by(event.c.seq, event_row.c.position)
    with database.read() as view:
        told = {(r.table_name, r.row_key): bytes(r.digest) for r in view.all(told_rows)}
        for table in metadata.tables.values():
            if "record" in table.info:
                for row in view.all(select(table)):
                    values = row_values(table, row)
                    key = row_key(table, values)
                    assert row_digest(table.name, key, values) == told[(table.name, key)], (table.name, values)
