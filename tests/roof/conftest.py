"""A company whose events have answers, as on the roof."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from roadworthy import reactions
from roadworthy.database import Database
from roadworthy.kernel.time import SetTime
from tests.conftest import Databases
from tests.rooms.conftest import every_row_is_covered
from tests.rooms.upgrades import HOURS, Company, company


@pytest.fixture
def database(databases: Databases, time: SetTime) -> Iterator[Database]:
    with closing(Database(databases.filled(), time, reaction_kinds=reactions.KINDS)) as opened:
        yield opened
        every_row_is_covered(opened)


@pytest.fixture
def co(database: Database, time: SetTime) -> Company:
    return company(database, time)


@pytest.fixture
def context(co: Company) -> reactions.Context:
    return reactions.Context(co.database, co.regime, HOURS)
