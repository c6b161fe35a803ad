"""Looks into ZIP and Office files without unpacking them to disk: how large they become, whether they hold macros."""

import copy
import re
import zipfile
import zlib
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO

from roadworthy.kernel.errors import Unusable

CHUNK = 256 * 1024
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"

_OFFICE = (".docx", ".xlsx", ".pptx", ".zip")
_MACRO_NAMES = re.compile(r"\.(docm|dotm|xlsm|xltm|xlam|xlsb|pptm|potm|ppam|ppsm)$", re.IGNORECASE)
_MACRO_PARTS = re.compile(r"(^|/)(vbaproject[^/]*\.bin|vbadata\.xml)$|(^|/)(macrosheets|activex)/", re.IGNORECASE)
_LEAVES = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SMALL = 16 * 2**20
_MOST_DEPTH = 3  # a table in a document in a zip


class FileUnusable(Unusable):
    """The file cannot be taken as it is; correct it and upload it again."""

    code = "file.unusable"


@dataclass(frozen=True)
class Limits:
    """How large a file may be, and what is inside it: bytes, members, and how many times it may expand."""

    file_bytes: int = 256 * 2**20
    expanded_bytes: int = 512 * 2**20
    members: int = 5_000
    ratio: int = 200


LIMITS = Limits()


def kind_of_archive(name: str, file: BinaryIO, limits: Limits) -> str:
    """Give the media type of a file that begins like a ZIP; everything inside is expanded once, and checked.

    Raises FileUnusable: file.damaged, file.expands, file.macro, file.path, file.protected, file.type_unknown.
    """
    return _Look(name, limits).into(file, 1)


def has_macro_name(name: str) -> bool:
    """Say whether a name announces macros."""
    return _MACRO_NAMES.search(name) is not None


def macro_refusal(name: str, what: str) -> FileUnusable:
    """Say that macros are refused, and what to do."""
    return FileUnusable(
        f"{name} holds macros ({what}); no authority takes them. In Word, Excel or WPS choose Save as, then .docx or "
        ".xlsx without macros, and upload that file.",
        code="file.macro",
        at=name,
    )


class _Look:
    """One look into one file; the limits count for all that is nested in it together."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        self._expanded = self._members = 0

    def into(self, file: BinaryIO, depth: int) -> str:
        try:
            with zipfile.ZipFile(file) as archive:
                return self._archive(archive, file, depth)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as no:
            raise self._no("file.damaged", f"cannot be unpacked ({type(no).__name__}); save it anew") from no

    def _archive(self, archive: zipfile.ZipFile, file: BinaryIO, depth: int) -> str:
        members = archive.infolist()
        self._members += len(members)
        if self._members > self._limits.members:
            raise self._no("file.expands", f"holds more than {self._limits.members} files; send fewer at once")
        for one in members:
            self._check_member(one)
        total = sum(one.file_size for one in members)
        length = file.seek(0, 2)
        if total > max(_SMALL, length * self._limits.ratio):
            raise self._no(
                "file.expands", f"expands more than {self._limits.ratio} times, like a zip bomb; save it anew"
            )
        for one in members:
            self._expand(archive, one, depth)
        return self._kind(archive, {one.filename for one in members})

    def _check_member(self, one: zipfile.ZipInfo) -> None:
        if one.flag_bits & 0x1:
            raise self._no("file.protected", "is protected by a password; save it without one")
        if one.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise self._no("file.type_unknown", "is packed in an unusual way; pack it as a plain ZIP")
        if _LEAVES.search(one.filename.replace("\\", "/")):
            raise self._no("file.path", f"holds {one.filename[-80:]!r}, which leaves its folder; pack it again")
        if _MACRO_PARTS.search(one.filename) or has_macro_name(one.filename):
            raise macro_refusal(self._name, one.filename[-80:])

    def _expand(self, archive: zipfile.ZipFile, one: zipfile.ZipInfo, depth: int) -> None:
        """Expand a member, counting what really comes out: the sizes that an archive names may be lies."""
        true = copy.copy(one)
        true.file_size = 1 << 62
        nested = one.filename.lower().endswith(_OFFICE)
        with archive.open(true) as content, TemporaryFile() as kept:
            first = True
            while chunk := content.read(CHUNK):
                self._count(len(chunk))
                if first and chunk.startswith(_OLE2) and not _embedded(one.filename):
                    raise self._no(
                        "file.type_unknown", f"holds {one.filename[-80:]}, an old Office file; save as .docx"
                    )
                first = False
                if nested:
                    kept.write(chunk)
            if nested:
                self._nested(kept, one.filename, depth)

    def _nested(self, kept: BinaryIO, name: str, depth: int) -> None:
        if depth >= _MOST_DEPTH:
            raise self._no("file.expands", f"holds archives in archives ({name[-80:]}); put their files in directly")
        self.into(kept, depth + 1)

    def _count(self, length: int) -> None:
        self._expanded += length
        if self._expanded > self._limits.expanded_bytes:
            most = self._limits.expanded_bytes // 2**20
            raise self._no("file.expands", f"expands to more than {most} MB; split it")

    def _kind(self, archive: zipfile.ZipFile, names: set[str]) -> str:
        if "[Content_Types].xml" not in names:
            return ZIP
        types = archive.read("[Content_Types].xml")
        if b"macroenabled" in types.lower():
            raise macro_refusal(self._name, "[Content_Types].xml")
        if "word/document.xml" in names:
            return DOCX
        return XLSX if "xl/workbook.xml" in names else ZIP

    def _no(self, code: str, told: str) -> FileUnusable:
        return FileUnusable(f"{self._name} {told}, and upload it again.", code=code, at=self._name)


def _embedded(name: str) -> bool:
    """An OLE object that lies inside an Office file, such as an equation, is part of it."""
    return "/embeddings/" in name
