"""Columns and cells of tables: what a cell says, and what is wrong with it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import Unusable

SHOWN_ERRORS = 1_000
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
    """What is wrong with one cell: `row` as the spreadsheet numbers it (the header is row 1), and what to do.

    `sheet`, `cell` (like C17) and `value` are known once `reading.located` has looked the cell up.
    """

    row: int
    column: str
    problem: str
    remedy: str
    sheet: str = ""
    cell: str = ""
    value: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return asdict(self)

    def to_finding(self) -> Finding:
        """Give it as a finding of a refused import."""
        place = f" ({self.sheet}!{self.cell})" if self.cell else ""
        where = Text(
            f"第 {self.row} 行，{self.column} 列{place}：{self.problem}",
            f"row {self.row}, {self.column}{place}: {self.problem}",
        )
        return Finding("row.unusable", Outcome.BLOCKED, where, fix=Text(self.remedy, self.remedy))


class RowsUnusable(Unusable):
    """Some rows cannot be used; correct them and send the file again. Nothing was imported."""

    code = "rows.unusable"

    def __init__(self, errors: Sequence[RowError]) -> None:
        """Carry all `errors`; the first 1,000 as findings, and the message says how many there are."""
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


def cell_words(column: str, cell: str, words: Iterable[str], default: str = "") -> str:
    """Read one of some words; an empty cell is `default`, or an error when there is none.

    Raises CellUnusable.
    """
    known = list(words)
    if not cell and default:
        return default
    if cell not in known:
        raise CellUnusable(column, f"{cell[:40]!r} is not usable", f"write one of {', '.join(known)}")
    return cell


def items_to_cell(items: Iterable[str]) -> str:
    """Write a list of texts into one cell, divided by |; a | or a backslash of an item has a backslash before it."""
    return "|".join(re.sub(r"([|\\])", r"\\\1", item) for item in items)


def items_from_cell(cell: str) -> list[str]:
    """Read what `items_to_cell` wrote; blank items are left out."""
    items, item, escaped = [], "", False
    for letter in cell:
        if escaped or letter not in "|\\":
            item, escaped = item + letter, False
        elif letter == "\\":
            escaped = True
        else:
            items.append(item)
            item = ""
    items.append(item + ("\\" if escaped else ""))
    return [one.strip() for one in items if one.strip()]


def reader(row: int, errors: list[RowError]) -> Callable[[Callable[[], Any]], Any]:
    """Give a function that reads one cell and puts what is wrong with it into `errors`; then it gives None."""

    def read(cell: Callable[[], Any]) -> Any:
        try:
            return cell()
        except CellUnusable as unusable:
            errors.append(unusable.in_row(row))
            return None

    return read
