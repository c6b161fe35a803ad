"""Every edit that somebody could make in a SQL shell, one at a time, with its undoing.

    for edit in edits(database):
        edit.apply()
        ...roadworthy verify must now name (edit.table, edit.key)...
        edit.undo()

Edits are made on the SQLite file by a connection of their own that minds no foreign key, CHECK or trigger, as an
attacker's would: each column of up to `rows` rows of each table to several other values (another value of its
kind, the value of another row, NULL, a value of another type), each of these rows deleted, and a copy of it
inserted under a new key. Tables marked as caches are passed over, and so are edits that SQLite cannot hold
(a second row with the same unique key) or that change nothing (it stores 5.0 as 5 in an integer column).

`names(report, edit)` says whether a verify report names the edited record; a key `E` names all records `E/...`.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, Integer, LargeBinary, Table

from roadworthy.database import Database, Instant, JsonText, metadata
from roadworthy.transparency.reading import key_of
from roadworthy.transparency.report import Report


@dataclass(frozen=True)
class Edit:
    """One edit of one record. `column` is "" for a whole row; `apply` and `undo` take nothing."""

    table: str
    key: str
    column: str
    description: str
    apply: Callable[[], None]
    undo: Callable[[], None]


def edits(database: Database, tables: Iterable[Table] | None = None, *, rows: int = 2) -> Iterator[Edit]:
    """Give edits of the first, the last and further rows of `tables` (the whole schema by default), `rows` each."""
    path = str(database.url.database)
    for table in metadata.sorted_tables if tables is None else tables:
        if "cache" not in table.info:
            yield from _edits_of(path, table, rows)


def names(report: Report, edit: Edit) -> bool:
    """Whether `report` names the record that `edit` changed."""
    return any(
        found.table == edit.table and (edit.key == found.key or edit.key.startswith(f"{found.key}/"))
        for found in report.differences
    )


def _edits_of(path: str, table: Table, limit: int) -> Iterator[Edit]:
    columns = [column.name for column in table.columns]
    with closing(_connect(path)) as connection:
        there = connection.execute(f'SELECT rowid, * FROM "{table.name}" ORDER BY rowid').fetchall()
        order = [row[1] for row in connection.execute(f'PRAGMA table_info("{table.name}")')]
    whole = [(row[0], dict(zip(order, row[1:], strict=True))) for row in there]
    chosen = whole[: limit // 2 + limit % 2] + whole[len(whole) - limit // 2 :] if len(whole) > limit else whole
    for rowid, row in chosen:
        key = key_of(table, row)
        for column in table.columns:
            for value in _other_values(column, row[column.name], [other[column.name] for _, other in whole]):
                change = _Change(path, table.name, rowid, row, {**row, column.name: value})
                if change.possible():
                    told = f"{column.name}: {row[column.name]!r} -> {value!r}"[:160]
                    yield Edit(table.name, key, column.name, told, change.apply, change.undo)
        gone = _Change(path, table.name, rowid, row, None)
        yield Edit(table.name, key, "", "deleted", gone.apply, gone.undo)
        copy = _copy(table, row, whole)
        added = _Change(path, table.name, max(other for other, _ in whole) + 1000, None, copy)
        if added.possible():
            yield Edit(table.name, key_of(table, copy), "", f"inserted beside {key}"[:160], added.apply, added.undo)
    assert columns == order, f"{table.name}: the database has other columns than the schema"


def _other_values(column: Column[Any], value: Any, others: Sequence[Any]) -> Iterator[Any]:
    yield from [other for other in others if other != value][:1]
    if value is None:
        yield {True: "x", False: 7}[not isinstance(column.type, Integer)]
    else:
        if column.nullable:
            yield None
        yield from _changed(column, value)
    yield b"\xff" if not isinstance(column.type, LargeBinary) else "text"


def _changed(column: Column[Any], value: Any) -> list[Any]:
    kind = column.type
    if isinstance(kind, Instant):
        return [value[:-2] + ("1" if value[-2] != "1" else "2") + "Z", value[:-1] + "+00:00", "yesterday"]
    if isinstance(kind, JsonText):
        return [" " + value, "null", '{"other":1}', "{", value.replace("1", "2") + " "]
    if isinstance(kind, Boolean):
        return [1 - value, 2]
    if isinstance(kind, LargeBinary):
        return [bytes([value[0] ^ 1]) + value[1:], value + b"\0", b""] if value else [b"\0"]
    if isinstance(value, int):
        return [value + 1, value + 1_000_003, -1 - value, value + 0.5]
    return [value[:-1] + chr(ord(value[-1]) ^ 1), value + " ", value.swapcase(), ""] if value else [" "]


def _copy(table: Table, row: dict[str, Any], whole: Sequence[tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    unique = {column.name for column in table.primary_key.columns} | {c.name for c in table.columns if c.unique}
    fresh = dict(row)
    for name in unique:
        numbers = [other[name] for _, other in whole if isinstance(other[name], int)]
        fresh[name] = max(numbers) + 1 if numbers else f"{row[name]}x"
    return fresh


class _Change:
    """Replace a row by another: `old` None inserts, `new` None deletes."""

    def __init__(
        self, path: str, table: str, rowid: int, old: dict[str, Any] | None, new: dict[str, Any] | None
    ) -> None:
        self.path, self.table, self.rowid, self.old, self.new = path, table, rowid, old, new

    def possible(self) -> bool:
        """Whether SQLite takes the edit and stores something else than before."""
        try:
            self.apply()
        except sqlite3.IntegrityError:
            return False
        stored = self._stored()
        self.undo()
        return stored != self.old or [type(v) for v in stored.values()] != [type(v) for v in self.old.values()]

    def apply(self) -> None:
        self._write(self.old, self.new)

    def undo(self) -> None:
        self._write(self.new, self.old)

    def _write(self, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
        with closing(_connect(self.path)) as connection:
            triggers = connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (self.table,)
            ).fetchall()
            connection.execute("BEGIN IMMEDIATE")
            try:
                for name, _ in triggers:
                    connection.execute(f'DROP TRIGGER "{name}"')
                self._replace(connection, old, new)
                for _, made in triggers:
                    connection.execute(made)
            except sqlite3.Error:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _replace(self, connection: sqlite3.Connection, old: object, new: dict[str, Any] | None) -> None:
        if old is not None:
            # An integer primary key is the rowid itself, so an edit of it has moved the row.
            gone = connection.execute(f'DELETE FROM "{self.table}" WHERE rowid = ?', (self._rowid(connection, old),))
            assert gone.rowcount == 1
        if new is not None:
            names = ", ".join(f'"{name}"' for name in new)
            marks = ", ".join("?" for _ in new)
            if self._key_is_rowid(connection):
                connection.execute(f'INSERT INTO "{self.table}" ({names}) VALUES ({marks})', list(new.values()))
            else:
                statement = f'INSERT INTO "{self.table}" (rowid, {names}) VALUES (?, {marks})'
                connection.execute(statement, [self.rowid, *new.values()])

    def _rowid(self, connection: sqlite3.Connection, row: Any) -> Any:
        name = self._key_is_rowid(connection)
        return row[name] if name else self.rowid

    def _key_is_rowid(self, connection: sqlite3.Connection) -> str:
        keys = [r for r in connection.execute(f'PRAGMA table_info("{self.table}")') if r[5]]
        return keys[0][1] if len(keys) == 1 and keys[0][2].upper() == "INTEGER" else ""

    def _stored(self) -> dict[str, Any]:
        assert self.new is not None
        with closing(_connect(self.path)) as connection:
            query = f'SELECT * FROM "{self.table}" WHERE rowid = ?'
            row = connection.execute(query, (self._rowid(connection, self.new),)).fetchone()
            return dict(zip([c[1] for c in connection.execute(f'PRAGMA table_info("{self.table}")')], row, strict=True))


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("PRAGMA synchronous = OFF")  # a test's edits need not survive a power cut
    return connection
