"""After each test of a room, every row must be covered by its last event."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from roadworthy.database import Database
from roadworthy.database.schema import event, event_row, row_key, row_values
from roadworthy.kernel.event import row_digest
from tests.conftest import PRODUCT_TABLES


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    yield database
    every_row_is_covered(database)


def every_row_is_covered(database: Database) -> None:
    """What is in a table is what the last event about the row said."""
    told_rows = select(event_row).join(event).order_by(event.c.seq, event_row.c.position)
    with database.read() as view:
        told = {(r.table_name, r.row_key): bytes(r.digest) for r in view.all(told_rows)}
        for table in PRODUCT_TABLES:
            if "record" in table.info:
                for row in view.all(select(table)):
                    values = row_values(table, row)
                    key = row_key(table, values)
                    assert row_digest(table.name, key, values) == told[table.name, key], (table.name, values)
