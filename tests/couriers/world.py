"""Files and packets to send."""

import io
import json
import zipfile
from dataclasses import dataclass, field
from hashlib import sha256
from typing import BinaryIO

from roadworthy.couriers.interface import Packet, PktId
from roadworthy.couriers.packet import Contents, Field, FilledForm, Item, Stored, build
from roadworthy.database import Actor
from roadworthy.kernel.decision import Text
from tests.conftest import START

ROOM = Actor("USR-officer", frozenset({"homologation_officer"}))
PDF_BYTES = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG_BYTES = b"\x89PNG\r\n\x1a\n" + b"\0" * 20 + b"IEND\xaeB`\x82"
JPEG_BYTES = b"\xff\xd8\xff\xe0" + b"picture" * 9 + b"\xff\xd9"
CODE = "RW1 FIL-1 miit-activity 1"


def zip_bytes(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def office(part: str, more: dict[str, bytes] | None = None) -> bytes:
    return zip_bytes({"[Content_Types].xml": b"<Types/>", part: b"<x/>", **(more or {})})


DOCX_BYTES, XLSX_BYTES = office("word/document.xml"), office("xl/workbook.xml")
JSON_BYTES = json.dumps({"a": 1}).encode()


@dataclass
class Shelf:
    """Artifacts in memory."""

    kept: dict[str, bytes] = field(default_factory=dict)

    def put(self, content: bytes) -> str:
        digest = sha256(content).hexdigest()
        self.kept[digest] = content
        return digest

    def open(self, digest: str) -> BinaryIO:
        return io.BytesIO(self.kept[digest])


def contents(shelf, title_file: str = "升级活动备案表.pdf", **more) -> Contents:
    forms = (
        FilledForm(
            "miit-activity", "1", "0" * 64, CODE,
            (Stored(title_file, shelf.put(PDF_BYTES)), Stored("form.docx", shelf.put(DOCX_BYTES))),
        ),
    )  # fmt: skip
    attachments = (Stored("report.pdf", shelf.put(PDF_BYTES + b"\n")), Stored("photo.png", shelf.put(PNG_BYTES)))
    checklist = (Item(Text("已盖章", "stamped"), done=True), Item(Text("已附报告", "report attached"), done=False))
    fields = (Field("company", Text("企业名称", "company"), "Qilin Motor"),)
    return Contents(forms, attachments, checklist, fields, **more)


def packet(shelf, title: str = "升级活动备案", packet_id: PktId | None = None, **more) -> Packet:
    made = packet_id or PktId.new(START)
    return build(made, "MIIT", "miit_activity", title, contents(shelf, **more), shelf.open)
