"""Files, packets and databases of both kinds; after each test every row is what its last event said."""

from collections.abc import Iterator

import pytest

from roadworthy.database import Database
from tests.couriers.world import Shelf
from tests.rooms.conftest import every_row_is_covered


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def database(database: Database) -> Iterator[Database]:
    yield database
    every_row_is_covered(database)
