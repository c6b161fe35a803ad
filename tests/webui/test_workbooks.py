"""Excel files that attack: each is refused before anything opens it, with what to do next."""

import io
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.decision import Text
from roadworthy.products.sheets import read_table, template_xlsx
from roadworthy.products.sheets.cells import SheetColumn
from roadworthy.webui import workbooks
from roadworthy.webui.workbooks import HostileWorkbook, check_workbook

COLUMNS = (SheetColumn("a", "甲", True, Text("甲", "a")), SheetColumn("b", "乙", False, Text("乙", "b")))
SHEET = b'<worksheet><sheetData><row r="1"><c r="%s"/></row></sheetData></worksheet>'


def archive(parts: dict[str, bytes], **options: int) -> io.BytesIO:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in {"xl/workbook.xml": b"<workbook/>", **parts}.items():
            file.writestr(name, content)
    made.seek(0)
    return made


def test_a_plain_workbook_passes_and_is_put_back_to_its_beginning() -> None:
    stream = io.BytesIO(template_xlsx(COLUMNS))
    check_workbook(stream)
    assert stream.tell() == 0
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.add_worksheet().write("C5", "a")
    book.close()
    check_workbook(stream)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/macrosheets/sheet1.xml": b"<x/>"}, "macros"),
        ({"xl/embeddings/oleObject1.bin": b"x"}, "embedded"),
        ({"xl/activeX/activeX1.bin": b"x"}, "macros"),
        ({"[Content_Types].xml": b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"}, "macros"),
        ({"xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><sst/>'}, "document type"),
        ({"xl/sharedStrings.xml": "\ufeff<sst/>".encode("utf-16-le")}, "UTF-8"),
        ({"xl/sharedStrings.xml": "<sst/>".encode("utf-16-be")}, "UTF-8"),
        ({"xl/worksheets/sheet1.xml": SHEET % b"XFD1"}, "column 16384"),
        ({"xl/worksheets/sheet1.xml": SHEET % b"ALL1048576"}, "row 1048576"),
        ({"xl/worksheets/sheet1.xml": b"<row>" + b"<c/>" * 20 + b"</row>"}, "no address"),
        ({"xl/worksheets/sheet1.xml": b'<row r="A1"/><x:row><x:c t="n"/></x:row>'}, "no address"),
        ({"xl/worksheets/sheet1.xml": b'<c r="A1"/>' * 200}, "cells"),
        (
            {
                "xl/worksheets/sheet1.xml": b'<c t="s" r="A1"/>' * 90,
                "xl/sharedStrings.xml": b"<si>" + b"x" * 9_000 + b"</si>",
            },
            "90 cells",
        ),
        ({f"xl/media/{n}": b"" for n in range(2_001)}, "parts"),
    ],
)
def test_what_would_run_or_swell_is_refused(
    parts: dict[str, bytes], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MOST_CELLS", 150)
    monkeypatch.setattr(workbooks, "MOST_TEXT", 500_000)
    with pytest.raises(HostileWorkbook, match=told):
        check_workbook(archive(parts))


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("content.xml", "<office/>")
    with pytest.raises(HostileWorkbook, match=r"no \.xlsx"):
        check_workbook(made)


def test_a_zip_bomb_is_refused_by_what_it_announces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_UNPACKED", 50 * 2**20)
    bomb = archive({"xl/sharedStrings.xml": bytes(60 * 2**20)})
    assert len(bomb.getvalue()) < 100_000
    tracemalloc.start()
    with pytest.raises(HostileWorkbook, match="unpacks to more than"):
        check_workbook(bomb)
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()


def test_a_zip_bomb_that_lies_about_its_size_is_refused() -> None:
    content = archive({"xl/sharedStrings.xml": b"<" * 5_000_000}).getvalue()
    size = (5_000_000).to_bytes(4, "little")
    assert content.count(size) == 2
    with pytest.raises(HostileWorkbook, match="cannot be read"):
        check_workbook(io.BytesIO(content.replace(size, (10).to_bytes(4, "little"))))


def test_the_last_cell_is_found_across_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "PIECE", 100)
    far = b"".join(b'<c r="A%d"/>' % n for n in range(1, 300)) + b'<c r="XFD300"/>'
    with pytest.raises(HostileWorkbook, match="column 16384, row 300"):
        check_workbook(archive({"xl/worksheets/sheet1.xml": b"<row>" + far + b"</row>"}))


def test_every_reading_of_a_table_asks() -> None:
    with pytest.raises(HostileWorkbook):
        read_table(archive({"xl/vbaProject.bin": b"x"}), COLUMNS)


@given(st.binary(max_size=400), st.integers(0, 3_000), st.integers(1, 255))
def test_a_damaged_workbook_is_refused_or_read_and_never_breaks(noise: bytes, place: int, change: int) -> None:
    content = bytearray(template_xlsx(COLUMNS))
    content[place % len(content)] ^= change
    for damaged in (bytes(content), b"PK\x03\x04" + noise):
        with suppress(HostileWorkbook):
            check_workbook(io.BytesIO(damaged))
