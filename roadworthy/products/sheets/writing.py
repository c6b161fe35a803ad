"""Writing tables: CSV in pieces, Excel with a template's help, and the file that shows what is wrong with another."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, BinaryIO

import xlsxwriter

from roadworthy.kernel.errors import Refused
from roadworthy.products.sheets.cells import RowError, SheetColumn, shield
from roadworthy.products.sheets.reading import Line, read_table

LONGEST_CELL = 32_767  # characters that a cell of Excel holds
_ERRORS = (
    ("sheet", "工作表"), ("cell", "单元格"), ("column", "列"), ("value", "值"), ("problem", "原因"),
    ("remedy", "如何更正"),
)  # fmt: skip


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
    return write_xlsx(columns, ())


def write_xlsx(columns: Sequence[SheetColumn], rows: Iterable[Mapping[str, str]]) -> bytes:
    """Write a workbook that can be read again: the table in the first sheet, what the columns mean in the second.

    Cells are texts. Raises Refused when one is longer than Excel holds.
    """
    target = io.BytesIO()
    book = _book(target)
    _head(book, columns)
    sheet = book.get_worksheet_by_name("data")
    text = book.add_format({"num_format": "@"})
    for number, row in enumerate(rows, 1):
        for place, column in enumerate(columns):
            _put(sheet, number, place, shield(row[column.key]), text)
    book.close()
    return target.getvalue()


def error_xlsx(stream: BinaryIO, columns: Sequence[SheetColumn], errors: Sequence[RowError]) -> bytes:
    """Write the sent table again with its wrong cells marked and explained, and a sheet that lists them.

    Corrected, the file can be sent as it is. `errors` are those of `located`. Raises what `read_table` raises.
    """
    target = io.BytesIO()
    book = _book(target)
    _head(book, columns)
    sheet, listed = book.get_worksheet_by_name("data"), book.add_worksheet("errors")
    text, wrong = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bg_color": "#FFC7CE"})
    told: dict[int, dict[str, str]] = {}
    for error in errors:
        told.setdefault(error.row, {})[error.column] = f"{error.problem}; {error.remedy}"
    lines = read_table(stream, columns, lenient=True).lines
    for number, line in enumerate((one for one in lines if isinstance(one, Line)), 1):
        marks = told.get(line.row, {})
        for place, column in enumerate(columns):
            marked = column.key in marks
            _put(sheet, number, place, shield(line.cells.get(column.key, "")), wrong if marked else text)
            if marked:
                sheet.write_comment(number, place, marks[column.key])
    listed.set_column(0, len(_ERRORS) - 1, 24)
    for place, names in enumerate(_ERRORS):
        listed.write_string(0, place, " ".join(names))
    for number, error in enumerate(errors, 1):
        facts = error.to_json()
        for place, (name, _) in enumerate(_ERRORS):
            listed.write_string(number, place, shield(facts[name])[:LONGEST_CELL])
    book.close()
    return target.getvalue()


def _book(target: BinaryIO) -> Any:
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    return xlsxwriter.Workbook(target, options)


def _head(book: Any, columns: Sequence[SheetColumn]) -> None:
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


def _put(sheet: Any, row: int, place: int, cell: str, style: Any) -> None:
    if len(cell) > LONGEST_CELL:
        raise Refused(f"A value has {len(cell)} characters, more than a cell of Excel holds; export as CSV instead.")
    if cell:
        sheet.write_string(row, place, cell, style)


def _taken(buffer: io.StringIO) -> str:
    piece = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return piece
