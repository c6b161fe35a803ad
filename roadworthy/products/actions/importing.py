"""Importing a table: checked first without writing anything, then brought in whole or not at all.

A room says what its table is (`Sheet`) and how a line is read, judged and written (`Reading`); the walk is here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Generic, Protocol, TypeVar

from roadworthy.accounts.permissions import require_any
from roadworthy.database import Actor, Database, View, Work
from roadworthy.kernel.errors import Unusable
from roadworthy.products.sheets import Line, Progress, RowError, RowsUnusable, SheetColumn, located, read_table, walk
from roadworthy.products.sheets.reading import Numbered

Options = Mapping[str, str]
Cells = Mapping[str, str]
Row = TypeVar("Row", bound=Numbered)


class Reading(Protocol[Row]):
    """How the lines of one table are read, judged against the records, and written."""

    def read(self, line: Line) -> tuple[Row | None, list[RowError]]:
        """Read a line: what it says or None, and what is wrong with it."""

    def names(self, row: Row) -> list[tuple[str, str]]:
        """Give (column, name) pairs that may stand in the file once."""

    def judge(self, rows: Sequence[Row]) -> tuple[list[Row], list[RowError]]:
        """Compare a batch with the records: the rows that would change something, and what is wrong."""

    def write(self, work: Work, rows: Sequence[Row]) -> None:
        """Write rows that `judge` let pass, with their events."""

    def finish(self, work: Work) -> Mapping[str, Any]:
        """Do what is done once at the end of an import; give what the answer says beside the counts."""


@dataclass(frozen=True)
class Sheet(Generic[Row]):
    """A table that can be fetched, filled in and sent.

    `options` are the words that an import takes beside the file, with whether it needs them; `filters` those that
    choose what is exported.
    """

    name: str
    columns: Sequence[SheetColumn]
    roles: Sequence[str]
    begin: Callable[[View, Actor, Options], Reading[Row]]
    export: Callable[[View, Options], Iterator[Cells]]
    options: Mapping[str, bool] = field(default_factory=dict)
    filters: Sequence[str] = ()


@dataclass(frozen=True)
class Examined:
    """What a table says: its rows, how many of them change something, and every wrong cell with its place."""

    rows: int
    changes: int
    errors: tuple[RowError, ...]
    more: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self, shown: int) -> dict[str, Any]:
        """Give what the API shows, with the first `shown` errors; `error_count` counts all."""
        listed = [error.to_json() for error in self.errors[:shown]]
        counts = {"rows": self.rows, "changes": self.changes, "error_count": len(self.errors)}
        return {**counts, "errors": listed, **self.more}


def check_table(
    database: Database,
    actor: Actor,
    sheet: Sheet[Any],
    stream: BinaryIO,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Examined:
    """Say what an import would do, without doing it; options may still be missing.

    Raises NotPermitted, Malformed, HostileWorkbook, Unusable.
    """
    require_any(actor, *sheet.roles)
    with database.read() as view:
        reading = sheet.begin(view, actor, options or {})
        return _walked(sheet, reading, stream, None, progress)


def import_table(
    database: Database,
    actor: Actor,
    sheet: Sheet[Any],
    stream: BinaryIO,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Examined:
    """Bring a table in, whole or not at all; the same table again changes nothing.

    Raises NotPermitted, Malformed, HostileWorkbook, Unusable, RowsUnusable with every wrong cell.
    """
    given = options or {}
    with database.begin(actor, attempt=f"{sheet.name}.import") as work:
        require_any(actor, *sheet.roles)
        if lacking := [name for name, needed in sheet.options.items() if needed and not given.get(name)]:
            raise Unusable(f"This import needs {', '.join(lacking)}; say it beside the file.", at=lacking[0])
        reading = sheet.begin(work, actor, given)
        found = _walked(sheet, reading, stream, work, progress)
        if found.errors:
            raise RowsUnusable(found.errors)
        if not found.rows:
            raise Unusable("The table has a header and no rows; fill in the rows.", code="table.empty")
        return Examined(found.rows, found.changes, (), reading.finish(work))


def _walked(
    sheet: Sheet[Any], reading: Reading[Any], stream: BinaryIO, work: Work | None, progress: Progress | None
) -> Examined:
    errors: list[RowError] = []
    counts = {"rows": 0, "changes": 0}

    def read(line: Line) -> Any:
        counts["rows"] += 1
        row, wrong = reading.read(line)
        errors.extend(wrong)
        return row

    def keep(batch: Sequence[Any]) -> None:
        changing, wrong = reading.judge(batch)
        errors.extend(wrong)
        counts["changes"] += len(changing)
        if work is not None and not errors and changing:
            reading.write(work, changing)

    walk(read_table(stream, sheet.columns), errors, read, reading.names, keep, progress)
    if progress is not None:
        progress(counts["rows"], counts["rows"])
    return Examined(counts["rows"], counts["changes"], tuple(located(stream, sheet.columns, errors)))
