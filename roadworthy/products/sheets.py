"""Tables that people send and fetch: CSV and Excel, read line by line, with an error for every wrong cell.

Reading and writing are inverse: a cell that a spreadsheet would run as a formula (it begins with = + - @, a tab or
a carriage return) is written with an apostrophe before it and read without it.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from itertools import chain
from typing import Any, BinaryIO

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import Malformed, Unusable

MAX_SHEET_BYTES = 256 * 2**20
SHOWN_ERRORS = 200
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_SHIELDED = re.compile(r"'+[=+\-@\t\r]")
_YES = {"true", "yes", "1", "是", "wahr"}
_NO = {"false", "no", "0", "否", "falsch"}


@dataclass(frozen=True)
class SheetColumn:
    """One column: `key` and the Chinese `zh` are both accepted as its header."""

    key: str
    zh: str
    required: bool
    help: Text


@dataclass(frozen=True)
class RowError:
    """What is wrong with one cell: `row` as the spreadsheet numbers it (the header is row 1), and what to do."""

    row: int
    column: str
    problem: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {"row": self.row, "column": self.column, "problem": self.problem, "remedy": self.remedy}

    def to_finding(self) -> Finding:
        """Give it as a finding of a refused import."""
        where = Text(
            f"第 {self.row} 行，{self.column} 列：{self.problem}", f"row {self.row}, {self.column}: {self.problem}"
        )
        return Finding("row.unusable", Outcome.BLOCKED, where, fix=Text(self.remedy, self.remedy))


class RowsUnusable(Unusable):
    """Some rows cannot be used; correct them and send the file again. Nothing was imported."""

    code = "rows.unusable"

    def __init__(self, errors: Sequence[RowError]) -> None:
        """Carry all `errors`; the first 200 as findings, and the message says how many there are."""
        self.errors = tuple(errors)
        shown = self.errors[:SHOWN_ERRORS]
        more = f" The first {len(shown)} are listed." if len(shown) < len(self.errors) else ""
        message = f"{len(self.errors)} cells cannot be used; nothing was imported.{more} Correct them and send again."
        super().__init__(message, findings=[error.to_finding() for error in shown])


class CellUnusable(Exception):
    """One cell cannot be used: the problem and the remedy."""

    def __init__(self, column: str, problem: str, remedy: str) -> None:
        """Carry where, what and what to do."""
        super().__init__(problem)
        self.column, self.problem, self.remedy = column, problem, remedy

    def in_row(self, row: int) -> RowError:
        """Give it with its row number."""
        return RowError(row, self.column, self.problem, self.remedy)


@dataclass(frozen=True)
class Line:
    """One line of a table: its row number and its cells by column key; absent cells are empty texts."""

    row: int
    cells: Mapping[str, str]


def read_lines(stream: BinaryIO, columns: Sequence[SheetColumn]) -> Iterator[Line | RowError]:
    """Read a CSV (UTF-8 or GB 18030) or an Excel workbook's first sheet; blank lines are skipped.

    Raises Malformed when it is neither, Unusable when the header lacks a column or has an unknown one.
    """
    start = stream.read(8)
    stream.seek(0)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Malformed("This is an old or encrypted Excel file; save it as .xlsx without a password, or as CSV.")
    rows = _excel_rows(stream) if start.startswith(b"PK") else _csv_rows(stream)
    numbered = ((n, cells) for n, cells in rows if any(cell.strip() for cell in cells))
    first = next(numbered, None)
    if first is None:
        raise Unusable("The table is empty; fill in the template.", code="table.empty")
    header = _header(first[1], columns)
    return (_line(number, cells, header) for number, cells in numbered)


def write_csv(columns: Sequence[SheetColumn], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Write a table as CSV text, in pieces (the caller puts the byte order mark before it that Excel wants)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for cells in chain([[c.key for c in columns]], ([shield(row[c.key]) for c in columns] for row in rows)):
        writer.writerow(cells)
        if buffer.tell() > 2**16:
            yield _taken(buffer)
    yield _taken(buffer)


def template_xlsx(columns: Sequence[SheetColumn]) -> bytes:
    """Write an empty workbook: the header in the first sheet, what the columns mean in the second."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    lines, notes = book.add_worksheet("data"), book.add_worksheet("help")
    lines.set_column(0, len(columns) - 1, 18, text)
    lines.freeze_panes(1, 0)
    notes.set_column(0, 4, 30)
    for number, column in enumerate(columns):
        lines.write_string(0, number, column.key, bold)
        needed = "required 必填" if column.required else "optional 可选"
        for place, note in enumerate((column.key, column.zh, needed, column.help.en, column.help.zh)):
            notes.write_string(number, place, note)
    book.close()
    return target.getvalue()


def shield(cell: str) -> str:
    """Write a cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unshield(cell: str) -> str:
    """Take back what `shield` did."""
    return cell[1:] if _SHIELDED.match(cell) else cell


def cell_bool(column: str, cell: str, *, default: bool) -> bool:
    """Read yes or no; an empty cell is `default`.

    Raises CellUnusable.
    """
    word = cell.lower()
    if not word:
        return default
    if word in _YES | _NO:
        return word in _YES
    raise CellUnusable(column, f"{cell[:40]!r} is neither true nor false", "write true or false")


def cell_text(column: str, cell: str, longest: int, *, required: bool = False) -> str:
    """Read a printable text of at most `longest` characters.

    Raises CellUnusable.
    """
    if required and not cell:
        raise CellUnusable(column, "the cell is empty", "fill it in")
    if len(cell) > longest:
        raise CellUnusable(column, f"{len(cell)} characters", f"use at most {longest} characters")
    if not cell.isprintable():
        raise CellUnusable(column, "the cell holds a line break or another control character", "remove it")
    return cell


def cell_date(column: str, cell: str) -> str | None:
    """Read a calendar date (text 2026-03-01 or an Excel date); an empty cell is None.

    Raises CellUnusable.
    """
    if not cell:
        return None
    try:
        return date.fromisoformat(cell).isoformat()
    except ValueError as error:
        raise CellUnusable(column, f"{cell[:40]!r} is no date", "write it like 2026-03-01") from error


def _taken(buffer: io.StringIO) -> str:
    piece = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return piece


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


def _excel_rows(stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    try:
        sheet = CalamineWorkbook.from_filelike(stream).get_sheet_by_index(0)
        start = sheet.start or (0, 0)
        for number, cells in enumerate(sheet.iter_rows(), start[0] + 1):
            yield number, [unshield(_cell_text(cell)).strip() for cell in cells]
    except PasswordError as error:
        raise Malformed("The workbook has a password; save it without one.") from error
    except (CalamineError, OSError) as error:
        raise Malformed(f"The workbook cannot be read: {error}; save it as .xlsx again.") from error


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


def _line(number: int, cells: Sequence[str], header: Sequence[str]) -> Line | RowError:
    surplus = [n for n, cell in enumerate(cells) if cell and (n >= len(header) or not header[n])]
    if surplus:
        return RowError(number, f"column {surplus[0] + 1}", "the cell has no header", "remove it, or quote the commas")
    named = {key: cells[n] for n, key in enumerate(header) if key and n < len(cells)}
    return Line(number, {key: named.get(key, "") for key in header if key})
