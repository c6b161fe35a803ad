"""XLSX: one sheet as the paper reads, and a sheet for each list, to sort and to count with.

Nothing is ever a formula or a link: text is written as text, and what begins like a formula gets an apostrophe, so
that it stays text when the file is saved as CSV. Texts longer than a cell go on in the rows below.
"""

import io
import re
from typing import Any

import xlsxwriter

from roadworthy.documents import qr
from roadworthy.documents.cell import Cell
from roadworthy.documents.paper import Drawn, Grid, Line, Paper
from roadworthy.kernel.decision import Text

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CELL_LIMIT = 32_000  # Excel holds 32,767 UTF-16 units in a cell
MOST_ROWS = 1_048_000
_FORMULA = re.compile(r"\s*'*[=+\-@]")
_EXACT = 10**15  # Excel's numbers are exact below
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")


def draw(paper: Paper) -> Drawn:
    """Give the workbook; a warning says so where a list or a cell is too long for Excel."""
    out = io.BytesIO()
    book = _Book(paper, xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}))
    book.write()
    return Drawn(out.getvalue(), MEDIA_TYPE, (*paper.warnings, *book.warnings))


def inert(text: str) -> str:
    """Give the text so that no spreadsheet runs it."""
    return f"'{text}" if _FORMULA.match(text) else text


class _Book:
    def __init__(self, paper: Paper, book: Any) -> None:
        self.paper, self.book, self.warnings = paper, book, list[Text]()
        self.names: set[str] = set()
        self.code = qr.png(paper.link, 2)
        base = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "top", "text_wrap": True}
        box = {**base, "border": 1, "border_color": "#8A94A3"}
        self.formats = {
            "title": book.add_format({**base, "font_size": 15, "bold": True, "align": "center", "text_wrap": False}),
            "plain": book.add_format({**base, "text_wrap": False, "font_color": "#5B6775"}),
            "part": book.add_format({**base, "font_size": 11, "bold": True, "text_wrap": False}),
            "label": book.add_format({**box, "bg_color": "#EEF2F6"}),
            "head": book.add_format({**box, "bg_color": "#EEF2F6", "bold": True}),
            "text": book.add_format(box),
            "number": book.add_format({**box, "num_format": "#,##0", "align": "right"}),
        }

    def write(self) -> None:
        paper = self.paper
        self.book.set_properties({"title": paper.title, "keywords": paper.filled.form.id, "created": paper.at})
        sheet = self._sheet(paper.filled.form.id)
        sheet.set_column(0, 0, 8)
        sheet.set_column(1, 1, 34)
        sheet.set_column(2, 2, 70)
        sheet.merge_range(0, 0, 0, 2, "", self.formats["title"])
        sheet.write_string(0, 0, inert(paper.title), self.formats["title"])
        note = " ".join(filter(None, (paper.subtitle, paper.words["courtesy"])))
        sheet.write_string(1, 0, inert(note), self.formats["plain"])
        sheet.write_string(2, 0, f"{paper.words['to']}: {paper.to}", self.formats["plain"])
        row = 3
        for part in paper.parts:
            sheet.write_string(row + 1, 0, inert(part.title), self.formats["part"])
            row += 2
            for block in part.blocks:
                row = self._grid_line(sheet, row, block) if isinstance(block, Grid) else self._lines(sheet, row, block)
        self.book.close()

    def _lines(self, sheet: Any, row: int, lines: tuple[Line, ...]) -> int:
        for line in lines:
            first = True
            for piece in _pieces(line.cell.text):
                label = line.label if first else self.paper.words["continued"]
                sheet.write_string(row, 0, inert(line.number), self.formats["label"])
                sheet.write_string(row, 1, inert(label), self.formats["label"])
                self._cell(sheet, row, 2, Cell(piece, line.cell.number if first else None))
                row, first = row + 1, False
        return row

    def _grid_line(self, sheet: Any, row: int, grid: Grid) -> int:
        """Write a list to a sheet of its own, and where it is."""
        name = self._grid(grid)
        sheet.write_string(row, 0, inert(grid.number), self.formats["label"])
        sheet.write_string(row, 1, inert(grid.label), self.formats["label"])
        sheet.write_string(row, 2, f"→ {name} ({len(grid.rows):,})", self.formats["text"])
        return row + 1

    def _grid(self, grid: Grid) -> str:
        name = self._free_name(grid.label)
        sheet = self._sheet(name)
        for n, label in enumerate(grid.columns):
            sheet.set_column(n, n, 16 if grid.numeric[n] else 30)
            sheet.write_string(0, n, inert(label), self.formats["head"])
        for number, row in enumerate(grid.rows[:MOST_ROWS], 1):
            for n, cell in enumerate(row):
                self._cell(sheet, number, n, cell)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.autofilter(0, 0, len(grid.rows[:MOST_ROWS]), len(grid.columns) - 1)
        if len(grid.rows) > MOST_ROWS:
            self._warn(f"「{grid.label}」超过{MOST_ROWS:,}行", f"“{grid.label}” has more than {MOST_ROWS:,} rows")
        return name

    def _cell(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        if cell.number is not None and abs(cell.number) < _EXACT and cell.text.replace(",", "") == str(cell.number):
            sheet.write_number(row, column, cell.number, self.formats["number"])
            return
        text = _pieces(cell.text)[0]
        if len(text) < len(cell.text):
            self._warn(
                f"第{row}行有超过{CELL_LIMIT:,}字的内容", f"row {row} holds a text of more than {CELL_LIMIT:,} signs"
            )
        sheet.write_string(row, column, inert(text), self.formats["text"])

    def _warn(self, zh: str, en: str) -> None:
        text = Text(f"Excel文件不完整:{zh},全文见PDF或JSON。", f"The Excel file is cut: {en}; PDF and JSON have all.")
        self.warnings.append(text)

    def _sheet(self, name: str) -> Any:
        paper, form = self.paper, self.paper.filled.form
        sheet = self.book.add_worksheet(name)
        self.names.add(name.lower())
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.6, right=0.6, top=0.6, bottom=1.3)
        words = paper.words
        left = f"{words['form']} {form.id}, {words['version']} {form.version}\n{words['record']} {paper.record.id}"
        digest = paper.filled.digest
        page = f"{words['page']} &P {words['of']} &N {words['pages']}".strip()
        foot = f"&L&7{_plain(left)}\nSHA-256 {digest[:32]}\n{digest[32:]}&C&7{page}&R&G"
        sheet.set_footer(foot, {"image_right": "qr.png", "image_data_right": io.BytesIO(self.code)})
        return sheet

    def _free_name(self, label: str) -> str:
        base = _NOT_IN_NAMES.sub(" ", label).strip()[:26] or "-"
        names = [base, *(f"{base} {n}" for n in range(2, 100))]
        return next(name for name in names if name.lower() not in self.names)


def _plain(text: str) -> str:
    return text.replace("&", "&&")


def _pieces(text: str) -> list[str]:
    """Cut where a cell is full, never between the halves of a character: Python's signs are whole."""
    size = CELL_LIMIT if text.isascii() else CELL_LIMIT // 2
    return [text[n : n + size] for n in range(0, len(text), size)] or [""]
