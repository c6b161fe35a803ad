"""Reading tables: CSV or Excel, line by line, and where in the file a wrong cell stands."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, BinaryIO, Protocol, TypeVar

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.products.sheets.cells import RowError, SheetColumn, unshield
from roadworthy.webui.workbooks import check_workbook

MAX_SHEET_BYTES = 256 * 2**20
BATCH = 1_000
Progress = Callable[[int, int | None], None]  # rows read so far, and of how many when that is known


@dataclass(frozen=True)
class Line:
    """One line of a table: its row number and its cells by column key; absent cells are empty texts."""

    row: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table that is being read: the sheet's name ("" for CSV), its rows if known, and where each column stands."""

    sheet: str
    rows: int | None
    places: Mapping[str, int]
    lines: Iterator[Line | RowError]


class Numbered(Protocol):
    """What a line of a table says, with its row number."""

    @property
    def row(self) -> int:
        """As the spreadsheet numbers it."""


_Row = TypeVar("_Row", bound=Numbered)


def read_lines(stream: BinaryIO, columns: Sequence[SheetColumn]) -> Iterator[Line | RowError]:
    """Read a table line by line; see `read_table`."""
    return read_table(stream, columns).lines


def read_table(stream: BinaryIO, columns: Sequence[SheetColumn], *, lenient: bool = False) -> Table:
    """Read a CSV (UTF-8 or GB 18030) or an Excel workbook's first sheet; blank lines are skipped.

    With `lenient` surplus cells are left out instead of told. Raises Malformed when it is neither, HostileWorkbook
    for one with macros or that unpacks too far, Unusable when the header lacks a column or has an unknown one.
    """
    start = stream.read(8)
    stream.seek(0)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Malformed("This is an old or encrypted Excel file; save it as .xlsx without a password, or as CSV.")
    name, count, rows = _excel(stream) if start.startswith(b"PK") else ("", None, _csv_rows(stream))
    numbered = ((n, cells) for n, cells in rows if any(cell.strip() for cell in cells))
    first = next(numbered, None)
    if first is None:
        raise Unusable("The table is empty; fill in the template.", code="table.empty")
    header = _header(first[1], columns)
    places = {key: place for place, key in enumerate(header) if key}
    return Table(name, count, places, (_line(number, cells, header, lenient=lenient) for number, cells in numbered))


def walk(
    table: Table,
    errors: list[RowError],
    read: Callable[[Line], _Row | None],
    names: Callable[[_Row], list[tuple[str, str]]],
    keep: Callable[[Sequence[_Row]], None],
    progress: Progress | None = None,
) -> None:
    """Read line by line, find what stands twice in the file, and hand on batches of 1,000 to `keep`.

    `names` gives (column, name) pairs of which each may stand once. What is wrong goes to `errors`.
    """
    seen: dict[tuple[str, str], int] = {}
    batch: list[_Row] = []
    for number, line in enumerate(table.lines, 1):
        if isinstance(line, RowError):
            errors.append(line)
            continue
        row = read(line)
        if row is not None and _first(row.row, names(row), seen, errors):
            batch.append(row)
        if len(batch) == BATCH:
            keep(batch)
            batch = []
        if progress is not None and number % BATCH == 0:
            progress(number, table.rows)
    keep(batch)


def located(stream: BinaryIO, columns: Sequence[SheetColumn], errors: Sequence[RowError]) -> list[RowError]:
    """Say of errors in which sheet and cell they stand and what stands there, in the order of rows; reads once more."""
    if not errors:
        return []
    stream.seek(0)
    table = read_table(stream, columns, lenient=True)
    wanted = {error.row for error in errors}
    lines = {one.row: one.cells for one in table.lines if isinstance(one, Line) and one.row in wanted}
    found = [_placed(error, table, lines.get(error.row, {})) for error in errors]
    return sorted(found, key=lambda error: (error.row, table.places.get(error.column, len(table.places))))


def _placed(error: RowError, table: Table, cells: Mapping[str, str]) -> RowError:
    place = table.places.get(error.column)
    at = "" if place is None else f"{_letters(place)}{error.row}"
    return replace(error, sheet=table.sheet, cell=at, value=cells.get(error.column, "")[:200])


def _letters(place: int) -> str:
    letters, number = "", place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _first(row: int, names: list[tuple[str, str]], seen: dict[tuple[str, str], int], errors: list[RowError]) -> bool:
    doubled = [(name[0], seen[name]) for name in names if name in seen]
    errors += [
        RowError(row, column, f"stands already in row {at}", "keep one of the two rows") for column, at in doubled
    ]
    if not doubled:
        seen.update(dict.fromkeys(names, row))
    return not doubled


def _csv_rows(stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    text = io.TextIOWrapper(stream, encoding=_encoding(stream), newline="")
    reader = csv.reader(text, strict=True)
    row = 0
    try:
        for cells in reader:
            row += 1
            yield row, [unshield(cell).strip() for cell in cells]
    except csv.Error as error:
        raise Malformed(f"The CSV cannot be read after row {row}: {error}; save it again as CSV UTF-8.") from error
    finally:
        text.detach()  # the stream belongs to the caller


def _encoding(stream: BinaryIO) -> str:
    """Find out how a CSV is written: Excel in China saves GB 18030 unless told otherwise."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        stream.seek(0)
        try:
            while piece := stream.read(2**20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        finally:
            stream.seek(0)
        return encoding
    raise Malformed("The file is neither UTF-8 nor GB 18030 text; save it as CSV UTF-8.")


def _excel(stream: BinaryIO) -> tuple[str, int, Iterator[tuple[int, list[str]]]]:
    """Open a workbook's first sheet: its name, its number of rows, and the rows with the columns before it filled."""
    check_workbook(stream)
    try:
        book = CalamineWorkbook.from_filelike(stream)
        sheet = book.get_sheet_by_index(0)
        rows = enumerate(sheet.iter_rows(), 1)
    except PasswordError as error:
        raise Malformed("The workbook has a password; save it without one.") from error
    except (CalamineError, OSError) as error:
        raise Malformed(f"The workbook cannot be read: {error}; save it as .xlsx again.") from error
    # Rows are given from the sheet's first on, columns from the first that is used.
    before = [""] * (sheet.start or (0, 0))[1]
    texts = ((number, before + [unshield(_cell_text(cell)).strip() for cell in cells]) for number, cells in rows)
    return sheet.name, sheet.total_height, texts


def _cell_text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _header(cells: Sequence[str], columns: Sequence[SheetColumn]) -> list[str]:
    by_name = {c.key: c.key for c in columns} | {c.zh: c.key for c in columns}
    found: list[str] = []
    for cell in cells:
        name = cell.strip().lower()
        if name and name not in by_name:
            near = get_close_matches(name, list(by_name), n=1, cutoff=0.0)[0]
            raise Unusable(f"{cell[:40]!r} is no column; the nearest is {near!r}. Use the template.", at=cell[:40])
        found.append(by_name.get(name, ""))
    named = [key for key in found if key]
    if doubled := sorted({key for key in named if named.count(key) > 1}):
        raise Unusable(f"The header names {', '.join(doubled)} twice; keep one.", code="header.doubled")
    if missing := [c.key for c in columns if c.required and c.key not in named]:
        raise Unusable(f"The header lacks {', '.join(missing)}; use the template.", code="header.missing")
    return found


def _line(number: int, cells: Sequence[str], header: Sequence[str], *, lenient: bool) -> Line | RowError:
    surplus = [n for n, cell in enumerate(cells) if cell and (n >= len(header) or not header[n])]
    if surplus and not lenient:
        return RowError(number, f"column {surplus[0] + 1}", "the cell has no header", "remove it, or quote the commas")
    named = {key: cells[n] for n, key in enumerate(header) if key and n < len(cells)}
    return Line(number, {key: named.get(key, "") for key in header if key})
