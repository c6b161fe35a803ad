"""The migrations and the code say the same, on both databases."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import inspect

from roadworthy.database import Database, metadata
from roadworthy.database.append_only import append_only_tables, guarded_tables
from roadworthy.database.migrate import check, downgrade, upgrade
from roadworthy.kernel.errors import Broken
from roadworthy.kernel.time import SetTime
from tests.conftest import PRODUCT_TABLES, Databases


@pytest.fixture(autouse=True)
def _only_the_product() -> Iterator[None]:
    """Put tables that other tests added to the one MetaData aside: no migration is to find them."""
    extra = [table for table in metadata.sorted_tables if table not in PRODUCT_TABLES]
    for table in reversed(extra):
        metadata.remove(table)
    yield
    for table in extra:
        metadata._add_table(table.name, table.schema, table)


def schema_of(database: Database) -> dict[str, Any]:
    """Everything a database says about its tables, in an order of its own choosing."""
    told: dict[str, Any] = {}
    look, where = inspect(database.engine), f"{database.engine.dialect.name}_where"
    for table in set(look.get_table_names()) - {"alembic_version"}:
        told[table] = {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"], bool(c.get("default"))) for c in look.get_columns(table)
            ),
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted((k["constrained_columns"], k["referred_table"]) for k in look.get_foreign_keys(table)),
            "unique": sorted(k["column_names"] for k in look.get_unique_constraints(table)),
            "check": sorted((k["name"], k["sqltext"]) for k in look.get_check_constraints(table)),
            "index": sorted(
                (i["name"], i["column_names"], bool(i["unique"]), str(i.get("dialect_options", {}).get(where)))
                for i in look.get_indexes(table)
            ),
        }
    with database.engine.connect() as connection:
        told["append only"] = guarded_tables(connection)
    return told


def test_migrations_give_exactly_the_tables_of_the_code(
    database: Database, databases: Databases, time: SetTime
) -> None:
    with closing(Database(databases.empty(), time)) as migrated:
        upgrade(migrated)

        assert schema_of(migrated) == schema_of(database)
        assert {table.name for table in PRODUCT_TABLES} <= set(schema_of(migrated))


def test_alembic_finds_nothing_left_to_do(migrated_database: Database) -> None:
    check(migrated_database)


def test_every_append_only_table_is_guarded(migrated_database: Database) -> None:
    with migrated_database.engine.connect() as connection:
        assert guarded_tables(connection) == set(append_only_tables(PRODUCT_TABLES))


def test_upgrading_twice_changes_nothing(migrated_database: Database) -> None:
    before = schema_of(migrated_database)

    upgrade(migrated_database)

    assert schema_of(migrated_database) == before


def test_downgrade_to_base_removes_every_table_and_upgrade_brings_them_back(migrated_database: Database) -> None:
    before = schema_of(migrated_database)

    downgrade(migrated_database, "base")

    assert set(schema_of(migrated_database)) == {"append only"}
    upgrade(migrated_database)
    assert schema_of(migrated_database) == before


def test_an_empty_database_does_not_pass_the_check(empty_database: Database) -> None:
    with pytest.raises(Broken, match="needs 0"):
        check(empty_database)


def test_a_table_that_was_changed_by_hand_does_not_pass_the_check(migrated_database: Database) -> None:
    with migrated_database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE pending ADD COLUMN extra TEXT")

    with pytest.raises(Broken, match="extra"):
        check(migrated_database)


def test_a_lost_guard_does_not_pass_the_check(migrated_database: Database) -> None:
    on = " ON event" if migrated_database.engine.dialect.name == "postgresql" else ""
    with migrated_database.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER event_no_update{on}")

    with pytest.raises(Broken, match="guard"):
        check(migrated_database)


def test_a_database_of_a_newer_release_is_refused(migrated_database: Database) -> None:
    with migrated_database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(Broken, match="newer release"):
        upgrade(migrated_database)


def test_a_migration_that_fails_leaves_nothing(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the power went out")

    monkeypatch.setattr("roadworthy.migrations.guards.guard", fail)
    with pytest.raises(RuntimeError):
        upgrade(empty_database)

    assert inspect(empty_database.engine).get_table_names() == []
