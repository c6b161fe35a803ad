"""Reading rows as they are stored, not as the column types would kindly understand them.

An edit may leave what the types hide: a time with another offset, 5 where only 0 and 1 are written, text in a
number. What has more than one spelling is accepted in the one spelling that Roadworthy writes.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import Boolean, Integer, LargeBinary, Select, String, Table, select, type_coerce
from sqlalchemy.types import NullType, TypeEngine

from roadworthy.database import Instant, JsonText, View
from roadworthy.database.schema import row_key
from roadworthy.kernel.errors import Broken, Malformed
from roadworthy.kernel.event import Json, canonical
from roadworthy.kernel.time import parse_instant, to_text

_CHUNK = 1000


def stored(table: Table) -> Select[Any]:
    """Select all columns of `table` without converting them."""
    columns = [type_coerce(column, NullType()).label(column.name) for column in table.columns]
    return cast("Select[Any]", select(*columns))


def all_stored(view: View, table: Table) -> Iterator[dict[str, Any]]:
    """Give every row of `table` unconverted, a thousand at a time."""
    result = view.connection.execution_options(yield_per=_CHUNK).execute(stored(table))
    for row in result:
        yield dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented way to read a row by name


def strict_values(table: Table, raw: Mapping[str, Any]) -> tuple[dict[str, Json], list[str]]:
    """Give a row's columns as JSON values, and the columns whose stored value Roadworthy never wrote so."""
    values: dict[str, Json] = {}
    strange: list[str] = []
    for column in table.columns:
        try:
            values[column.name] = _strict(column.type, raw[column.name])
        except (ValueError, RecursionError, Malformed, Broken):
            values[column.name] = None
            strange.append(column.name)
    return values, strange


def as_bytes(value: Any) -> bytes:
    """Give stored text or bytes as bytes, whatever they are; nothing for anything else."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def key_of(table: Table, raw: Mapping[str, Any]) -> str:
    """Name a row: by the key of a record table, otherwise by its primary key."""
    if "key" in table.info:
        return row_key(table, dict(raw))
    return "/".join(str(raw[column.name]) for column in table.primary_key.columns)


@contextmanager
def any_text(view: View) -> Iterator[None]:
    """Let SQLite give text that is no UTF-8 too, instead of failing: it will fit no digest."""
    driver = view.connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    before = driver.text_factory
    driver.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = before


def _strict(kind: TypeEngine[Any], value: Any) -> Json:
    if value is None:
        return None
    for known, read in _READERS:
        if isinstance(kind, known):
            return read(value)
    canonical(value)
    return value


def _instant(value: Any) -> str:
    if not isinstance(value, str) or to_text(parse_instant(value)) != value:
        raise ValueError(value)
    return value


def _json(value: Any) -> Json:
    found = json.loads(value) if isinstance(value, str) else None
    if found is None or canonical(found).decode("ascii") != value:  # null is stored as NULL
        raise ValueError(value)
    return found


def _boolean(value: Any) -> bool:
    if type(value) not in {int, bool} or value not in {0, 1}:
        raise ValueError(value)
    return bool(value)


def _bytes(value: Any) -> str:
    if not isinstance(value, bytes | memoryview):
        raise ValueError(value)  # noqa: TRY004 - one refusal for every strange value
    return bytes(value).hex()


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(value)
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)  # noqa: TRY004 - one refusal for every strange value
    return value


_READERS: tuple[tuple[type[Any], Any], ...] = (
    (Instant, _instant),
    (JsonText, _json),
    (Boolean, _boolean),
    (LargeBinary, _bytes),
    (Integer, _integer),
    (String, _string),
)
