"""Opening a database: the settings that durability rests on, and writers that wait for each other."""

import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy import create_engine, select

from roadworthy.database import Actor, Database
from roadworthy.database import engine as engine_module
from roadworthy.database.schema import event
from roadworthy.kernel.errors import Broken
from roadworthy.kernel.time import SetTime
from tests.conftest import Databases

SYSTEM = Actor("system:test")


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_sqlite_writes_durably_and_checks_foreign_keys(database: Database) -> None:
    with database.engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        }
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}


def test_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch, time: SetTime) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 39, 4))
    with pytest.raises(Broken, match=r"needs 3\.40"):
        Database("sqlite://", time)


def test_an_old_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch, postgresql_server: str, time: SetTime) -> None:
    made = create_engine(postgresql_server)
    monkeypatch.setattr(engine_module, "create_engine", lambda *_args, **_options: made)
    monkeypatch.setattr(engine_module, "POSTGRESQL_FLOOR", 990_000)
    with pytest.raises(Broken, match="needs 15"):
        Database(postgresql_server, time)
    made.dispose()


def test_what_one_commits_another_sees_and_what_is_open_nobody_sees(databases: Databases, time: SetTime) -> None:
    url = databases.filled()
    with closing(Database(url, time)) as one, closing(Database(url, time)) as other:
        with one.begin(SYSTEM) as work:
            work.record("a.happened", "-")
            with other.read() as view:
                assert view.all(select(event.c.id)) == []
        with other.read() as view:
            assert len(view.all(select(event.c.id))) == 1


def test_many_writers_lose_nothing(database: Database) -> None:
    def write(number: int) -> None:
        for _ in range(5):
            with database.begin(SYSTEM) as work:
                work.record("a.happened", f"N-{number}")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as view:
        subjects = [line.subject for line in view.all(select(event))]
    assert sorted(subjects) == sorted(f"N-{n}" for n in range(4) for _ in range(5))
