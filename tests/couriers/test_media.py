"""What people upload: types are told by content, and what is hostile is refused with what to do."""

import io
import struct
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.couriers.archives import DOCX, XLSX, ZIP, FileUnusable, Limits
from roadworthy.couriers.media import EXTENSIONS, JPEG, JSON, PDF, PNG, inspect
from tests.couriers.world import (
    DOCX_BYTES,
    JPEG_BYTES,
    JSON_BYTES,
    PDF_BYTES,
    PNG_BYTES,
    XLSX_BYTES,
    office,
    zip_bytes,
)

SAMPLES = {
    PDF: PDF_BYTES,
    PNG: PNG_BYTES,
    JPEG: JPEG_BYTES,
    DOCX: DOCX_BYTES,
    XLSX: XLSX_BYTES,
    ZIP: zip_bytes({"a.txt": b"a"}),
    JSON: JSON_BYTES,
}
SMALL = Limits(file_bytes=1 << 20, expanded_bytes=8 << 20, members=20, ratio=200)


def refusal(name: str, content: bytes, **how) -> FileUnusable:
    with pytest.raises(FileUnusable) as refused:
        inspect(name, io.BytesIO(content), **how)
    return refused.value


@pytest.mark.parametrize("kind", SAMPLES)
def test_each_type_is_told_by_its_content(kind):
    content = io.BytesIO(SAMPLES[kind])
    found = inspect(f"x{EXTENSIONS[kind][0]}", content, declared=kind)
    assert (found.media_type, found.length) == (kind, len(SAMPLES[kind]))
    assert content.tell() == 0


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("other", SAMPLES)
def test_a_lying_extension_is_refused_and_the_right_one_named(kind, other):
    if kind != other:
        told = refusal(f"x{EXTENSIONS[other][0]}", SAMPLES[kind])
        assert told.error_code == "file.type_lies"
        assert EXTENSIONS[kind][0] in told.message


def test_a_sender_who_names_another_type_is_refused():
    assert refusal("x.pdf", PDF_BYTES, declared="image/png").error_code == "file.type_lies"
    assert inspect("x.zip", io.BytesIO(SAMPLES[ZIP]), declared="application/x-zip-compressed").media_type == ZIP
    assert inspect("x.pdf", io.BytesIO(PDF_BYTES), declared="application/octet-stream; x=y").media_type == PDF


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("form.docm", DOCX_BYTES),
        ("form.docx", office("word/document.xml", {"word/vbaProject.bin": b"x"})),
        ("table.xlsx", office("xl/workbook.xml", {"xl/VBAPROJECT.BIN": b"x"})),
        ("table.xlsx", office("xl/workbook.xml", {"xl/macrosheets/sheet1.xml": b"x"})),
        ("table.xlsx", zip_bytes({"[Content_Types].xml": b"x.macroEnabled.main+xml", "xl/workbook.xml": b"x"})),
        ("all.zip", zip_bytes({"table.xlsm": b"x"})),
        ("all.zip", zip_bytes({"in/form.docx": office("word/document.xml", {"word/vbaProject.bin": b"x"})})),
    ],
)
def test_macros_are_refused_wherever_they_are(name, content):
    told = refusal(name, content)
    assert told.error_code == "file.macro"
    assert "Save as" in told.message


def test_a_zip_bomb_is_refused_without_unpacking_it():
    bomb = zip_bytes({f"{n}.txt": b"\0" * (4 << 20) for n in range(10)})
    assert len(bomb) < 100_000
    tracemalloc.start()
    assert refusal("x.zip", bomb, limits=SMALL).error_code == "file.expands"
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 << 20


def test_a_bomb_that_lies_about_its_size_is_refused():
    bomb = bytearray(zip_bytes({"x.txt": b"\0" * (20 << 20)}))
    bomb[22:26] = struct.pack("<L", 10)
    at = bomb.index(b"PK\1\2")
    bomb[at + 24 : at + 28] = struct.pack("<L", 10)
    with zipfile.ZipFile(io.BytesIO(bytes(bomb))) as archive:
        assert archive.infolist()[0].file_size == 10
    assert refusal("x.zip", bytes(bomb), limits=SMALL).error_code == "file.expands"


def test_many_members_archives_in_archives_and_odd_ones_are_refused():
    assert refusal("x.zip", zip_bytes({f"{n}": b"" for n in range(21)}), limits=SMALL).error_code == "file.expands"
    nest = zip_bytes({"a.zip": zip_bytes({"b.zip": zip_bytes({"c.txt": b"c"})})})
    assert inspect("x.zip", io.BytesIO(nest)).media_type == ZIP
    assert refusal("x.zip", zip_bytes({"0.zip": nest})).error_code == "file.expands"
    assert refusal("x.zip", zip_bytes({"a": b"a"}, zipfile.ZIP_BZIP2)).error_code == "file.type_unknown"


@pytest.mark.parametrize("name", ["../../evil.txt", "/etc/passwd", "..\\evil.txt", "C:\\evil.txt", "a/../../b"])
def test_an_archive_that_leaves_its_folder_is_refused(name):
    assert refusal("x.zip", zip_bytes({name: b"x"})).error_code == "file.path"


def test_a_file_under_a_password_is_refused():
    locked = bytearray(zip_bytes({"a.txt": b"abc"}))
    locked[6] |= 1
    locked[locked.index(b"PK\1\2") + 8] |= 1
    assert refusal("x.zip", bytes(locked)).error_code == "file.protected"
    assert "password" in refusal("x.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99).message


def test_what_is_cut_off_empty_too_large_or_unknown_is_refused():
    assert refusal("x.pdf", PDF_BYTES[:20]).error_code == "file.damaged"
    assert refusal("x.zip", SAMPLES[ZIP][:-9]).error_code == "file.damaged"
    assert refusal("x.pdf", b"").error_code == "file.empty"
    assert refusal("x.pdf", b"%PDF-" + b"\0" * (2 << 20), limits=SMALL).error_code == "file.too_large"
    assert refusal("x.exe", b"MZ" + b"\0" * 99).error_code == "file.type_unknown"
    assert refusal("x.json", b"[" * 100_000).error_code == "file.type_unknown"
    assert refusal("x.html", b"<script>alert(1)</script>").error_code == "file.type_unknown"


def test_a_scan_of_100_megabytes_needs_little_memory(tmp_path):
    scan = tmp_path / "scan.pdf"
    with scan.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.seek(100 * 2**20)
        file.write(b"\n%%EOF\n")
    tracemalloc.start()
    with scan.open("rb") as file:
        assert inspect("scan.pdf", file).length > 100 * 2**20
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 << 20


@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 400), st.binary(max_size=8), st.integers(0, 400))
def test_damaged_files_are_taken_or_refused_but_never_break_anything(kind, at, junk, end):
    content = SAMPLES[kind]
    hurt = content[:at] + junk + content[at + len(junk) : max(0, len(content) - end)]
    with suppress(FileUnusable):  # and no other error
        inspect(f"x{EXTENSIONS[kind][0]}", io.BytesIO(hurt))
