"""Triggers that refuse to change or remove what happened, for every table marked `append_only`.

They stop mistakes, not an attacker: who may drop a trigger may change a row. That is what the transparency log
is for, and why `roadworthy verify` names such an edit. On SQLite, `INSERT OR REPLACE` slips past a DELETE
trigger unless `recursive_triggers` is on; no statement of this product says it.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, Table

_FUNCTION = "roadworthy_append_only"

# Class 23 (integrity constraint violation) makes both databases raise the same IntegrityError.
_POSTGRESQL_FUNCTION = f"""\
CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only; record what corrects it instead', TG_TABLE_NAME USING ERRCODE = '23000';
END $$"""


def append_only_tables(tables: Iterable[Table]) -> list[str]:
    """Name those of `tables` that nobody may update or delete from, in alphabetical order."""
    return sorted(table.name for table in tables if table.info.get("append_only"))


def trigger_names(table: str, dialect: str) -> list[str]:
    """Name the triggers that guard `table` on `dialect` (sqlite or postgresql)."""
    verbs = ["update", "delete"] if dialect == "sqlite" else ["update", "delete", "truncate"]
    return [f"{table}_no_{verb}" for verb in verbs]


def guard_statements(table: str, dialect: str) -> list[str]:
    """Give the DDL that makes `table` append-only on `dialect` (sqlite or postgresql)."""
    guards = [(name, name.rpartition("_")[2].upper()) for name in trigger_names(table, dialect)]
    if dialect == "sqlite":
        told = f"SELECT RAISE(ABORT, '{table} is append-only; record what corrects it instead');"
        return [f'CREATE TRIGGER {name} BEFORE {verb} ON "{table}" BEGIN {told} END' for name, verb in guards]
    act = f"FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
    return [_POSTGRESQL_FUNCTION, *(f'CREATE TRIGGER {name} BEFORE {verb} ON "{table}" {act}' for name, verb in guards)]


def unguard_statements(table: str, dialect: str) -> list[str]:
    """Give the DDL that takes the guards off again, for a downgrade."""
    on = "" if dialect == "sqlite" else f' ON "{table}"'
    return [f"DROP TRIGGER {name}{on}" for name in trigger_names(table, dialect)]


def guard(connection: Connection, table: str) -> None:
    """Make one table append-only."""
    _run(connection, guard_statements(table, connection.dialect.name))


def unguard(connection: Connection, table: str) -> None:
    """Make one table changeable again."""
    _run(connection, unguard_statements(table, connection.dialect.name))


def guard_all(connection: Connection, tables: Iterable[Table]) -> None:
    """Make every one of `tables` that is marked so append-only; for schemas made without migrations."""
    for table in append_only_tables(tables):
        guard(connection, table)


def guarded_tables(connection: Connection) -> set[str]:
    """Give the tables of this database that carry all their guards."""
    name = connection.dialect.name
    query = {
        "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace",
    }[name]
    found: dict[str, set[str]] = {}
    for table, trigger in connection.exec_driver_sql(query):
        found.setdefault(table, set()).add(trigger)
    return {table for table, triggers in found.items() if triggers >= set(trigger_names(table, name))}


def _run(connection: Connection, statements: list[str]) -> None:
    for statement in statements:
        # Without parameters the driver takes the percent sign of the function body as it stands.
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
