"""A fresh SQLite database with all tables, and actors, for the tests of the rooms."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import roadworthy.accounts.store  # noqa: F401 - the tables must be declared
from roadworthy.database import Database, metadata
from roadworthy.kernel.time import SetTime


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/test.db", SetTime(datetime(2026, 3, 2, 1, 0, tzinfo=UTC)))
    with opened.engine.connect() as connection, connection.begin():
        metadata.create_all(connection)
    yield opened
    opened.close()
