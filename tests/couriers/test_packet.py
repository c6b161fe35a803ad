"""A packet holds what was put in, in one form only."""

import io
import json
import zipfile
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.couriers.interface import PacketUnreadable, PktId
from roadworthy.couriers.packet import Contents, Stored, build, bundled, codes_of, fields_of, reopen
from roadworthy.kernel.errors import Unusable
from tests.conftest import START
from tests.couriers.world import CODE, PDF_BYTES, Shelf, contents, packet


def whole(made) -> bytes:
    with bundled(made) as bundle:
        content = bundle.file.read()
        assert (sha256(content).hexdigest(), len(content)) == (bundle.sha256, bundle.length)
    return content


def test_any_unzip_reads_it_and_the_manifest_names_every_byte(shelf):
    made = packet(shelf, packages=[{"path": "a/b/c.img", "sha256": "1" * 64, "length": 3, "version": "4.2.1"}])
    with zipfile.ZipFile(io.BytesIO(whole(made))) as archive:
        assert archive.testzip() is None
        told = json.loads(archive.read("manifest.json"))
        assert told == made.manifest
        assert archive.namelist() == ["manifest.json", "checklist.txt", *[one["name"] for one in told["files"]]]
        for one in told["files"]:
            content = archive.read(one["name"])
            assert (sha256(content).hexdigest(), len(content)) == (one["sha256"], one["length"])
        checklist = archive.read("checklist.txt").decode()
    assert "[x] 已盖章 / stamped" in checklist
    assert told["forms"][0]["files"] == ["forms/升级活动备案表.pdf", "forms/form.docx"]
    assert told["packages"][0]["version"] == "4.2.1"


def test_the_same_packet_gives_the_same_bytes(shelf):
    made = packet(shelf)
    again = reopen(json.loads(json.dumps(made.manifest)), shelf.open)
    assert whole(made) == whole(made) == whole(again)
    assert again == made
    assert codes_of(again) == (CODE,)
    assert fields_of(again)[0].value == "Qilin Motor"


def test_another_packet_gives_other_bytes(shelf):
    made = packet(shelf)
    assert whole(made) != whole(packet(shelf, title="B", packet_id=made.id))


def test_names_of_attachments_cannot_leave_the_packet(shelf):
    digest = shelf.put(PDF_BYTES)
    names = ["../../../etc/cron.d/evil.pdf", "/abs.pdf", "C:\\x.pdf", "x.pdf", "a\u202e.pdf", "X.PDF"]
    holds = Contents(attachments=[Stored(name, digest) for name in names])
    made = build(PktId.new(START), "SAMR", "samr_record", "t", holds, shelf.open)
    assert [one.name.removeprefix("attachments/") for one in made.files] == [
        "evil.pdf", "abs.pdf", "x.pdf", "x-2.pdf", "a.pdf", "X-3.PDF",
    ]  # fmt: skip


@pytest.mark.parametrize("title", ["", "  ", "a\r\nBcc: everybody@example.org", "x" * 201, "a\x00b"])
def test_a_title_is_one_line(shelf, title):
    with pytest.raises(Unusable):
        packet(shelf, title=title)


def test_an_empty_packet_is_refused(shelf):
    with pytest.raises(Unusable, match="at least one file"):
        build(PktId.new(START), "MIIT", "k", "t", Contents(), shelf.open)
    with pytest.raises(Unusable, match="no word"):
        build(PktId.new(START), "../x", "k", "t", contents(shelf), shelf.open)


def test_a_file_that_was_changed_in_the_storage_is_not_sent(shelf):
    made = packet(shelf)
    shelf.kept[made.files[0].sha256] = PDF_BYTES + b"!"
    with pytest.raises(PacketUnreadable, match="other bytes"), bundled(made):
        pass


def test_a_file_that_is_gone_is_named(shelf):
    def gone(_digest):
        raise FileNotFoundError

    made = packet(shelf)
    lost = replace(made, files=(replace(made.files[0], opener=lambda: gone("")), *made.files[1:]))
    with pytest.raises(PacketUnreadable, match="cannot be read"), bundled(lost):
        pass


@given(st.dictionaries(st.text(min_size=1, max_size=30), st.binary(max_size=200), min_size=1, max_size=8))
def test_what_goes_in_comes_out(given_files):
    shelf = Shelf()
    bodies = [b"%PDF-" + body + b"%%EOF" for body in given_files.values()]
    names = [f"{name}a.pdf" for name in given_files]
    holds = Contents(attachments=[Stored(n, shelf.put(b)) for n, b in zip(names, bodies, strict=True)])
    made = build(PktId.new(START), "MIIT", "k", "t", holds, shelf.open)
    with zipfile.ZipFile(io.BytesIO(whole(made))) as archive:
        assert [archive.read(one.name) for one in made.files] == bodies
        assert all(not name.startswith("/") and ".." not in name.split("/") for name in archive.namelist())
