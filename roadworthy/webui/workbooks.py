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
_CELL = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,4})([0-9]{1,9})[\"']")
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_CELLS = re.compile(rb"<(?:\w+:)?c\b")
_STRING = re.compile(rb"\bt\s*=\s*[\"']s[\"']")
_SHARED = re.compile(rb"<(?:\w+:)?si\b")
_CUT = 64  # bytes of one piece that are looked at again with the next: an address may lie across both


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
        raise HostileWorkbook(f"The workbook unpacks to more than {MOST_UNPACKED // 2**20} MiB; divide it.")
    unpacked = longest = repeated = 0
    for part in parts:
        for piece, fresh in _pieces(archive, part):
            unpacked += fresh
            if unpacked > MOST_UNPACKED:
                raise HostileWorkbook(f"The workbook unpacks to more than {MOST_UNPACKED // 2**20} MiB; divide it.")
            _check_piece(part.filename, piece)
        if part.filename.startswith("xl/worksheets/"):
            repeated = max(repeated, _check_extent(archive, part))
        elif part.filename.endswith("sharedStrings.xml"):
            longest = max(longest, _longest_text(archive, part))
    if longest * repeated > MOST_TEXT:
        raise HostileWorkbook(f"A text of {longest} bytes may stand in {repeated} cells; divide the workbook.")


def _check_piece(name: str, piece: bytes) -> None:
    if name == "[Content_Types].xml" and any(word in piece for word in _CODE_TYPES):
        raise HostileWorkbook("The workbook is one with macros; save it as plain .xlsx.")
    if piece.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\x00" in piece[:4] and name.endswith(".xml")):
        raise HostileWorkbook("A part of the workbook is not in UTF-8; save it with Excel or WPS.")
    if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
        raise HostileWorkbook("A part of the workbook declares a document type; save it with Excel or WPS.")


def _check_extent(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Refuse a sheet whose last cell stands far out: a reader makes room for all cells before it.

    Give how many cells hold a shared text.
    """
    width = height = rows = cells = texts = 0
    for piece, _ in _pieces(archive, part):
        rows += len(_ROW.findall(piece))
        cells += len(_CELLS.findall(piece))
        texts += len(_STRING.findall(piece))
        found = set(_CELL.findall(piece))
        width = max([width, *map(_column, {column for column, _ in found})])
        height = max([height, rows, *(int(row) for _, row in found)])
    if width > MOST_COLUMNS or max(width * height, cells) > MOST_CELLS:
        raise HostileWorkbook(
            f"A sheet reaches to column {width}, row {height}; at most {MOST_COLUMNS} columns and {MOST_CELLS} cells "
            "are read. Delete the empty rows and columns beyond the table, or divide it."
        )
    return texts


def _longest_text(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    """Give the bytes of the longest shared text, with its markup."""
    longest = running = 0
    for piece, fresh in _pieces(archive, part):
        first, *others = _SHARED.split(piece)
        if not others:
            running += fresh
            continue
        longest = max(longest, running + len(first), *(len(one) for one in others[:-1]), 0)
        running = len(others[-1])
    return max(longest, running)


def _pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[tuple[bytes, int]]:
    """Give a part in pieces that overlap, each with the number of bytes that are new in it."""
    with archive.open(part) as unpacking:
        rest = b""
        while fresh := unpacking.read(PIECE):
            yield rest + fresh, len(fresh)
            rest = fresh[-_CUT:]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
