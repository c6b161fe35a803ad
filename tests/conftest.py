"""What all tests share: a set clock, people, and fresh databases of both kinds."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import pytest
from hypothesis import settings
from sqlalchemy import URL, make_url

from roadworthy.database import Actor, Database
from roadworthy.database.append_only import guard_all
from roadworthy.database.migrate import upgrade
from roadworthy.kernel.time import SetTime
from roadworthy.migrations.tables import load_tables
from tests import postgresql

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Beijing
LONG = os.environ.get("ROADWORTHY_LONG") == "1"

# Read before any test module is: tests may add tables of their own to the one MetaData.
PRODUCT_TABLES = tuple(load_tables().sorted_tables)

# A busy computer is no reason to fail: time is measured in benchmarks, never in a test.
settings.register_profile("roadworthy", deadline=None)
settings.load_profile("roadworthy")

Person = Callable[..., Actor]


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process owns the PostgreSQL of the run; workers inherit its folder's name."""
    if not hasattr(config, "workerinput"):
        postgresql.open_home()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgresql.close_home()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`long` tests run only in `make test-long`."""
    if not LONG:
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="full size: make test-long"))


@pytest.fixture
def time() -> SetTime:
    """A clock that stands at Monday 2 March 2026, 10:00 in Beijing, until a test advances it."""
    return SetTime(START)


@pytest.fixture
def person() -> Person:
    """Make people: `person("release_manager")` is somebody new with that role."""
    numbers = itertools.count(1)
    return lambda *roles: Actor(f"USR-{next(numbers):026d}", frozenset(roles))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table of the product."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    _make_schema(_sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of this run's PostgreSQL; where none can run the test is skipped, and fails in CI."""
    try:
        yield _text(postgresql.server_url())
    except postgresql.CannotRun as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL: {error}")


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str, request: pytest.FixtureRequest) -> str:
    """The name of a PostgreSQL database with every table of the product, shared by all workers of this run."""
    run = getattr(request.config, "workerinput", {}).get("testrunuid") or str(os.getpid())
    name = f"rw_template_{run[:16]}"
    server = make_url(postgresql_server)
    with postgresql.locked_home():
        if not postgresql.exists(server, name):
            postgresql.execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
            _make_schema(_text(server.set(database=name)))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Both databases that Roadworthy runs on."""
    return request.param


class Databases:
    """Makes throw-away databases of one dialect, by URL: with every table, or empty."""

    def __init__(self, dialect: str, folder: Path, request: pytest.FixtureRequest) -> None:
        self._sqlite = dialect == "sqlite"
        self._folder = folder
        self._request = request
        self._made: list[str] = []

    def filled(self) -> str:
        """A database with every table."""
        if self._sqlite:
            return _sqlite_url(shutil.copy(self._request.getfixturevalue("sqlite_template"), self._file()))
        return self._create(self._request.getfixturevalue("postgresql_template"))

    def empty(self) -> str:
        """A database without any table."""
        return _sqlite_url(self._file()) if self._sqlite else self._create("template0")

    def remove(self) -> None:
        for name in self._made:
            postgresql.execute(self._server(), f"DROP DATABASE {name} WITH (FORCE)")

    def _file(self) -> Path:
        return self._folder / f"{token_hex(4)}.db"

    def _server(self) -> URL:
        return make_url(self._request.getfixturevalue("postgresql_server"))

    def _create(self, template: str) -> str:
        name = f"rw_{token_hex(8)}"
        postgresql.execute(self._server(), f"CREATE DATABASE {name} TEMPLATE {template}")
        self._made.append(name)
        return _text(self._server().set(database=name))


@pytest.fixture
def databases(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Throw-away databases by URL, once for SQLite and once for PostgreSQL; for tests that open them themselves."""
    makers = Databases(dialect, tmp_path, request)
    yield makers
    makers.remove()


@pytest.fixture
def database(databases: Databases, time: SetTime) -> Iterator[Database]:
    """A fresh database with every table, once on SQLite and once on PostgreSQL."""
    with closing(Database(databases.filled(), time)) as opened:
        yield opened


@pytest.fixture
def empty_database(databases: Databases, time: SetTime) -> Iterator[Database]:
    """A fresh database without any table."""
    with closing(Database(databases.empty(), time)) as opened:
        yield opened


@pytest.fixture
def migrated_database(empty_database: Database) -> Database:
    """A fresh database brought to the head of the migrations, as a user's is."""
    upgrade(empty_database)
    return empty_database


def _make_schema(url: str) -> None:
    """Make all tables straight from the code; tests/database proves that migrations give the same."""
    with closing(Database(url, SetTime(START))) as database, database.engine.begin() as connection:
        load_tables().create_all(connection, tables=PRODUCT_TABLES)
        guard_all(connection, PRODUCT_TABLES)


def _sqlite_url(path: str | Path) -> str:
    return f"sqlite:///{path}"


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
