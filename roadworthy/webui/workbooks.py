"""Excel files from outside, looked at before anything opens them: how far they unpack, and whether they bring code.

A workbook is a zip archive of XML. What reads it afterwards unpacks it whole and makes room for every cell up to the
last one, so a few kilobytes could claim all memory. Here it is unpacked in pieces that are counted and thrown away.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from roadworthy.kernel.errors import Unusable

PIECE = 2**20
MOST_PARTS = 2_000
MOST_UNPACKED = 512 * 2**20  # bytes of all parts together
MOST_CELLS = 16_000_000  # rows times columns up to the last cell, of one sheet
MOST_COLUMNS = 1_024
MOST_TEXT = 2 * 2**30  # bytes of the longest shared text times the cells of one sheet that may repeat it
_CODE = re.compile(r"(^|/)(vbaproject\w*\.bin|macrosheets/|dialogsheets/|activex/|embeddings/)", re.IGNORECASE)
_CODE_TYPES = (b"macroEnabled", b"vbaProject", b"ms-excel.macrosheet")
# Cells, and cells with their address; an address elsewhere says nothing of where a reader puts a cell.
_CELL = re.compile(rb"<(?:[^\s<>/:]+:)?c[\s/>]")
_PLACE = re.compile(rb"<(?:[^\s<>/:]+:)?c\s[^>]*?\br\s*=\s*[\"']([A-Za-z]{1,4})([0-9]{1,9})[\"']")
_SHARED = re.compile(rb"<(?:[^\s<>/:]+:)?si[\s/>]")
_LONGEST_TAG = 2**20


_TOO_FAR = f"The workbook unpacks to more than {MOST_UNPACKED // 2**20} MiB; divide it."


class HostileWorkbook(Unusable):
    """The workbook is not read: it holds code, or unpacks to more than is allowed. Save the bare table as .xlsx."""

    status = 400
    code = "workbook.refused"


def check_workbook(stream: BinaryIO) -> None:
    """Check an .xlsx and put the stream back to its beginning; other bytes that begin like a zip are refused too.

    Raises HostileWorkbook for macros and embedded objects, document types in XML, more than 2,000 parts, 512 MiB
    unpacked, 16 million cells or 1,024 columns up to the last cell, and for archives that are broken or lie about
    their sizes.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            _check_parts(archive)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise HostileWorkbook(f"The workbook cannot be read: {error}; save it as .xlsx again.") from error
    finally:
        stream.seek(0)


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = [part.filename for part in parts]
    if len(parts) > MOST_PARTS:
        raise HostileWorkbook(f"The workbook has {len(parts)} parts; at most {MOST_PARTS} are read.")
    if "xl/workbook.xml" not in names:
        raise HostileWorkbook("This is an archive, but no .xlsx workbook; save the table as .xlsx or CSV.")
    if found := next((name for name in names if _CODE.search(name)), None):
        raise HostileWorkbook(f"The workbook holds macros or embedded objects ({found[:80]}); save it as plain .xlsx.")
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise HostileWorkbook(_TOO_FAR)
    seen = _Seen()
    for part in parts:
        for piece in _pieces(archive, part, seen):
            _check_piece(part.filename, piece)
            seen.take(part.filename, piece)
        seen.close_part()
    if seen.longest_text * seen.most_cells > MOST_TEXT:
        raise HostileWorkbook(
            f"A text of {seen.longest_text} bytes may fill {seen.most_cells} cells; divide the table."
        )


def _check_piece(name: str, piece: bytes) -> None:
    if name == "[Content_Types].xml" and any(word in piece for word in _CODE_TYPES):
        raise HostileWorkbook("The workbook is one with macros; save it as plain .xlsx.")
    if piece.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\x00" in piece[:4] and name.endswith(".xml")):
        raise HostileWorkbook("A part of the workbook is not in UTF-8; save it with Excel or WPS.")
    if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
        raise HostileWorkbook("A part of the workbook declares a document type; save it with Excel or WPS.")


class _Seen:
    """What was seen of a workbook so far: bytes unpacked, how far a sheet reaches, how long a shared text is."""

    def __init__(self) -> None:
        self.unpacked = self.most_cells = self.longest_text = 0
        self._width = self._height = self._cells = self._text = 0

    def unpack(self, count: int) -> None:
        """Count bytes."""
        self.unpacked += count
        if self.unpacked > MOST_UNPACKED:
            raise HostileWorkbook(_TOO_FAR)

    def take(self, name: str, piece: bytes) -> None:
        """Look at a piece of a part; no tag is cut."""
        if name.startswith("xl/worksheets/"):
            self._sheet(piece)
        elif name.endswith("sharedStrings.xml"):
            first, *others = _SHARED.split(piece)
            lengths = [self._text + len(first), *map(len, others)]
            self._text = lengths[-1]
            self.longest_text = max(self.longest_text, *lengths)

    def close_part(self) -> None:
        """Begin the next part."""
        self.most_cells = max(self.most_cells, self._cells)
        self._width = self._height = self._cells = self._text = 0

    def _sheet(self, piece: bytes) -> None:
        cells, places = len(_CELL.findall(piece)), _PLACE.findall(piece)
        if cells != len(places):
            raise HostileWorkbook("Some cells have no address; save the workbook with Excel or WPS.")
        self._cells += cells
        self._width = max([self._width, *map(_column, {letters for letters, _ in places})])
        self._height = max([self._height, *map(int, {row for _, row in places})])
        # A reader makes room for all cells up to the last one.
        if self._width > MOST_COLUMNS or max(self._width * self._height, self._cells) > MOST_CELLS:
            raise HostileWorkbook(
                f"A sheet reaches to column {self._width}, row {self._height}; at most {MOST_COLUMNS} columns and "
                f"{MOST_CELLS} cells are read. Delete the empty rows and columns beyond the table, or divide it."
            )


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo, seen: _Seen) -> Iterator[bytes]:
    """Give a part in pieces that end before a tag begins, so that no tag is cut."""
    with archive.open(part) as unpacking:
        rest = b""
        while fresh := unpacking.read(PIECE):
            seen.unpack(len(fresh))
            rest += fresh
            cut = rest.rfind(b"<")
            if part.filename.endswith(".xml") and len(rest) - max(cut, 0) <= _LONGEST_TAG:
                yield rest[: max(cut, 0)]
                rest = rest[max(cut, 0) :]
            else:
                yield rest
                rest = b""
        yield rest


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
