"""Opens SQLite (WAL, synchronous=FULL, at least 3.40) or PostgreSQL (at least 15) and hands out units of work."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy import event as on
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DataError, IntegrityError

from roadworthy.database.work import Actor, View, Work
from roadworthy.kernel.errors import Broken, NotPermitted, Refused, Unusable
from roadworthy.kernel.time import Time

SQLITE_FLOOR = (3, 40, 0)
POSTGRESQL_FLOOR = 150_000


class ValueUnusable(Unusable):
    """A text is too long or holds a character that cannot be stored (NUL), or a number is too large; correct it."""

    code = "value.unusable"


class Database:
    """One database. `begin` gives a unit of work that commits or rolls back, `read` a consistent view."""

    def __init__(self, url: str, time: Time, *, reaction_kinds: frozenset[str] = frozenset()) -> None:
        """Open `url`; `reaction_kinds` are the event kinds that the worker must answer.

        Raises Broken when the server is older than the floor.
        """
        self.time = time
        self.url = make_url(url)
        self.reaction_kinds = reaction_kinds
        self.engine = _sqlite(url) if self.url.get_backend_name() == "sqlite" else _postgresql(url)
        on.listen(self.engine, "handle_error", _name_unusable_values)

    @contextmanager
    def begin(self, actor: Actor, *, attempt: str = "", subject: str = "", cause: str = "") -> Iterator[Work]:
        """Run one unit of work as `actor`; commit on a clean exit, roll back on an exception.

        With `attempt` named, a Refused error is recorded as an `action.refused` event although the action rolls
        back. `cause` is the id of the event that this answers. Raises Broken when rows lack their event.
        """
        try:
            with self._transaction() as connection:
                work = Work(connection, self.time.now(), actor, self.reaction_kinds, cause)
                yield work
                work.close()
        except Refused as refusal:
            if attempt:
                self._record_refusal(actor, attempt, subject, refusal)
            raise
        except IntegrityError as error:
            broken = _as_refusal(error)
            if attempt:
                self._record_refusal(actor, attempt, subject, broken)
            raise broken from error

    @contextmanager
    def read(self, *, consistent: bool = False) -> Iterator[View]:
        """Give a view for reading only; `consistent` gives one moment for many reads on PostgreSQL too."""
        options = {"isolation_level": "REPEATABLE READ"} if consistent and self.engine.name == "postgresql" else {}
        with self.engine.connect().execution_options(**options) as connection:
            yield View(connection, self.time.now())

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self.engine.connect().execution_options(roadworthy_write=True) as connection, connection.begin():
            yield connection

    def _record_refusal(self, actor: Actor, attempt: str, subject: str, refusal: Refused) -> None:
        with self._transaction() as connection:
            work = Work(connection, self.time.now(), actor, self.reaction_kinds, "")
            work.record(
                "action.refused",
                subject or "-",
                {
                    "attempt": attempt,
                    "code": refusal.error_code,
                    "findings": [f"{f.code}:{f.state}" for f in refusal.findings][:200],
                },
            )
            work.close()


def _name_unusable_values(context: ExceptionContext) -> None:
    """Blame the caller for a value that no column takes: OverflowError and UnicodeEncodeError are SQLite's ways."""
    if isinstance(context.sqlalchemy_exception, DataError) or isinstance(
        context.original_exception, OverflowError | UnicodeEncodeError
    ):
        raise ValueUnusable


def _as_refusal(error: IntegrityError) -> Refused:
    """Turn a broken constraint into a refusal a person can act on."""
    told = str(error.orig)
    if "four_eyes" in told:
        return NotPermitted("The author cannot approve the own work; ask another person.", code="four_eyes")
    if "UNIQUE" in told or "unique" in told:
        return Refused(f"This exists already ({told.splitlines()[0]}).", code="exists_already")
    return Refused(f"The records do not allow this ({told.splitlines()[0]}).", code="constraint")


def _sqlite(url: str) -> Engine:
    if sqlite3.sqlite_version_info < SQLITE_FLOOR:
        raise Broken(f"SQLite {sqlite3.sqlite_version} is too old; Roadworthy needs 3.40 or newer.")
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)

    @on.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is late; `_begin` below says it exactly
        # recursive_triggers: else INSERT OR REPLACE would delete rows of append-only tables past their triggers.
        pragmas = (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "recursive_triggers=ON",
        )
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @on.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once: a reader that upgraded later could fail with "locked".
        write = connection.get_execution_options().get("roadworthy_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _postgresql(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    with engine.connect() as connection:
        version: Any = connection.execute(text("SHOW server_version_num")).scalar_one()
    if int(version) < POSTGRESQL_FLOOR:
        engine.dispose()
        raise Broken(f"PostgreSQL {version} is too old; Roadworthy needs 15 or newer.")
    return engine
