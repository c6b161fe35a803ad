"""A filled form set out for reading: display texts in one language, in the order of the page, whatever draws them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from roadworthy.documents.cell import Cell, Reader, strange
from roadworthy.documents.words import RECIPIENTS, WORDS
from roadworthy.i18n import Language, said
from roadworthy.kernel.decision import Text
from roadworthy.law.forms import Filled, FormField

SHORT_LIST = 12  # so many entries of a list with one column stand in one line


@dataclass(frozen=True)
class RecordRef:
    """The record that the paper shows: id, address, and when its data were fixed (the form's first day if unsaid)."""

    id: str
    url: str
    at: datetime | None = None


@dataclass(frozen=True)
class Drawn:
    """A file, its media type, and what a person should know about it, in both languages."""

    content: bytes
    media_type: str
    warnings: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Line:
    """One field; `number` is the authority's own number of it, or empty."""

    number: str
    label: str
    cell: Cell
    id: str


@dataclass(frozen=True)
class Grid:
    """A list with its columns; `numeric` says which of them hold amounts."""

    number: str
    label: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[Cell, ...], ...]
    id: str


@dataclass(frozen=True)
class Part:
    """A section: lines that follow each other are one block, each grid is another."""

    title: str
    blocks: tuple[tuple[Line, ...] | Grid, ...]


@dataclass(frozen=True)
class Paper:
    """Everything that stands on the pages, and `words`, those of the layout."""

    filled: Filled
    language: Language
    record: RecordRef
    template: bytes | None
    title: str
    subtitle: str
    to: str
    parts: tuple[Part, ...]
    words: Mapping[str, str]
    warnings: tuple[Text, ...]

    @property
    def link(self) -> str:
        """The content of the QR code: the record's address with the digest of the data as its fragment."""
        return f"{self.record.url}#sha256={self.filled.digest}"

    @property
    def at(self) -> datetime:
        """The moment that stands in the file's own properties."""
        begun = self.filled.form.since
        return self.record.at or datetime(begun.year, begun.month, begun.day, tzinfo=UTC)


def set_out(filled: Filled, language: Language, record: RecordRef, template: bytes | None = None) -> Paper:
    """Give the paper of a filled form; signs that no document can hold are replaced, with a warning that names them."""
    form, reader = filled.form, Reader(language)
    parts = tuple(
        Part(said(section.title, language), _blocks(section.fields, filled, reader)) for section in form.sections
    )
    listed = [said(RECIPIENTS.get(name, Text(name, name)), language) for name in form.authority]
    return Paper(
        filled=filled,
        language=language,
        record=record,
        template=template,
        title=said(form.title, language),
        subtitle=form.title.zh if language is Language.EN else "",
        to=said(WORDS["separator"], language).join(listed),
        parts=parts,
        words={key: text.zh if language is Language.ZH else text.en for key, text in WORDS.items()},
        warnings=strange(reader.replaced),
    )


def _blocks(fields: tuple[FormField, ...], filled: Filled, reader: Reader) -> tuple[tuple[Line, ...] | Grid, ...]:
    blocks: list[tuple[Line, ...] | Grid] = []
    lines: list[Line] = []
    for asked in fields:
        entry = _entry(asked, filled.values.get(asked.id), reader)
        if isinstance(entry, Line):
            lines.append(entry)
            continue
        blocks += [tuple(lines)] if lines else []
        blocks.append(entry)
        lines = []
    return (*blocks, tuple(lines)) if lines else tuple(blocks)


def _entry(asked: FormField, value: Any, reader: Reader) -> Line | Grid:
    number, label = asked.item or "", said(asked.label, reader.language)
    if asked.type != "list" or not isinstance(value, list):
        return Line(number, label, reader.cell(asked, value), asked.id)
    rows = tuple(_row(asked, row, reader) for row in value)
    if len(asked.columns) == 1 and len(rows) <= SHORT_LIST:
        joined = said(WORDS["separator"], reader.language).join(row[0].text for row in rows)
        return Line(number, label, Cell(joined), asked.id)
    columns = tuple(said(column.label, reader.language) for column in asked.columns)
    numeric = tuple(column.type in ("int", "number") for column in asked.columns)
    return Grid(number, label, columns, numeric, rows, asked.id)


def _row(asked: FormField, row: Any, reader: Reader) -> tuple[Cell, ...]:
    if not isinstance(row, Mapping):
        return (reader.other(row), *(Cell("") for _ in asked.columns[1:]))
    return tuple(reader.cell(column, row.get(column.id)) for column in asked.columns)
