"""What happened cannot be changed or removed, not even by SQL that goes round the unit of work."""

from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Column, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from roadworthy.database import Actor, Database, Instant
from roadworthy.database.append_only import append_only_tables, guard_statements, unguard
from roadworthy.database.schema import event, metadata
from roadworthy.kernel.errors import Refused
from tests.conftest import PRODUCT_TABLES, START
from tests.database.widgets import a_widget, make_tables, widget

TABLES = append_only_tables(PRODUCT_TABLES)


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with an event and its opening."""
    make_tables(database)
    with database.begin(Actor("USR-1")) as work:
        work.insert(widget, a_widget())
        work.record("widget.made", "WDG-1")
    return database


def any_value(column: Column[Any]) -> Any:
    """Something that the column takes."""
    if isinstance(column.type, Instant):
        return START
    return {int: 1, bytes: b"x", bool: True}.get(column.type.python_type, "x")


def put_a_row(database: Database, name: str) -> None:
    """Put a row into an append-only table that these tests do not fill themselves; constraints look away."""
    table = metadata.tables[name]
    with closing(database.engine.raw_connection()) as raw:
        raw.driver_connection.execute("PRAGMA foreign_keys=OFF")
        raw.driver_connection.execute("PRAGMA ignore_check_constraints=ON")
    with database.engine.begin() as connection:
        if connection.execute(select(table)).first() is None:
            connection.execute(insert(table).values({c.name: any_value(c) for c in table.columns}))
    with closing(database.engine.raw_connection()) as raw:
        raw.driver_connection.execute("PRAGMA foreign_keys=ON")
        raw.driver_connection.execute("PRAGMA ignore_check_constraints=OFF")


def test_events_and_their_openings_are_append_only() -> None:
    assert {"event", "event_row"} <= set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_no_row_can_be_updated_or_deleted(filled: Database, name: str) -> None:
    table = metadata.tables[name]
    if filled.engine.dialect.name == "sqlite":
        put_a_row(filled, name)  # its triggers speak per row, PostgreSQL's per statement
    for statement in (update(table).values({c.name: c for c in table.columns}), delete(table)):
        with pytest.raises(IntegrityError, match=f"{name} is append-only"), filled.engine.begin() as connection:
            connection.execute(statement)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_postgresql_refuses_truncate_too(filled: Database) -> None:
    with pytest.raises(IntegrityError, match="append-only"), filled.engine.begin() as connection:
        connection.execute(text("TRUNCATE event CASCADE"))


def test_an_action_that_tries_is_refused_and_remembered(filled: Database) -> None:
    with (
        pytest.raises(Refused, match="append-only"),
        filled.begin(Actor("USR-1"), attempt="history.rewrite", subject="WDG-1") as work,
    ):
        work.execute(update(event).values(actor="USR-2"))

    with filled.read() as view:
        assert view.all(select(event.c.kind, event.c.actor).order_by(event.c.seq)) == [
            ("widget.made", "USR-1"),
            ("action.refused", "USR-1"),
        ]


def test_new_events_can_still_be_written(filled: Database) -> None:
    with filled.begin(Actor("USR-1")) as work:
        work.record("widget.seen", "WDG-1")


def test_a_downgrade_can_take_the_guards_off(filled: Database) -> None:
    with filled.engine.begin() as connection:
        unguard(connection, "event")
        connection.execute(update(event).values(actor="USR-2"))


@pytest.mark.parametrize("dialect_name", ["sqlite", "postgresql"])
def test_the_guards_are_plain_ddl_that_an_auditor_can_read(dialect_name: str) -> None:
    statements = guard_statements("event", dialect_name)

    assert any("BEFORE UPDATE ON" in s for s in statements)
    assert any("BEFORE DELETE ON" in s for s in statements)
