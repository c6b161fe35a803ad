"""What a file is, by its content: its name and the sender's word count for nothing when they differ."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from roadworthy.couriers.archives import (
    CHUNK,
    DOCX,
    LIMITS,
    XLSX,
    ZIP,
    FileUnusable,
    Limits,
    has_macro_name,
    kind_of_archive,
    macro_refusal,
)
from roadworthy.couriers.names import safe_name, split_extension

PDF, PNG, JPEG, JSON = "application/pdf", "image/png", "image/jpeg", "application/json"
EXTENSIONS = {
    PDF: (".pdf",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    DOCX: (".docx",),
    XLSX: (".xlsx",),
    ZIP: (".zip",),
    JSON: (".json",),
}
TAKEN = ", ".join(sorted(one for extensions in EXTENSIONS.values() for one in extensions))

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
    (PDF, b"%PDF-", b"%%EOF"),
    (PNG, b"\x89PNG\r\n\x1a\n", b"IEND"),
    (JPEG, b"\xff\xd8\xff", b"\xff\xd9"),
)
_MOST_JSON = 16 * 2**20
_TAIL = 2048


@dataclass(frozen=True)
class Inspected:
    """A file that may be sent: its safe name, media type by content, SHA-256, length in bytes."""

    name: str
    media_type: str
    sha256: str
    length: int


def inspect(name: str, content: BinaryIO, *, declared: str = "", limits: Limits = LIMITS) -> Inspected:
    """Look through a file that somebody sends, in pieces of 256 KiB; `content` can be sought, and is left at 0.

    `declared` is the media type that the sender named, if any. Raises FileUnusable, whose code is file.damaged,
    file.empty, file.expands, file.macro, file.path, file.protected, file.too_large, file.type_lies, file.type_unknown.
    """
    safe = safe_name(name)
    digest, length = _measure(safe, content, limits)
    if has_macro_name(safe):
        raise macro_refusal(safe, "its extension")
    found = _kind(safe, content, length, limits)
    content.seek(0)
    _check_claims(safe, found, declared)
    return Inspected(safe, found, digest, length)


def _measure(name: str, content: BinaryIO, limits: Limits) -> tuple[str, int]:
    content.seek(0)
    digest, length = sha256(), 0
    while chunk := content.read(CHUNK):
        length += len(chunk)
        if length > limits.file_bytes:
            most = limits.file_bytes // 2**20
            told = f"{name} is larger than {most} MB; scan at 200 dpi, or split it, and upload it again."
            raise FileUnusable(told, code="file.too_large", at=name)
        digest.update(chunk)
    if not length:
        raise FileUnusable(f"{name} is empty; upload it again.", code="file.empty", at=name)
    return digest.hexdigest(), length


def _kind(name: str, content: BinaryIO, length: int, limits: Limits) -> str:
    content.seek(0)
    head = content.read(16)
    content.seek(max(0, length - _TAIL))
    tail = content.read(_TAIL)
    for kind, begins, ends in _SIGNATURES:
        if head.startswith(begins):
            if ends not in tail:
                raise FileUnusable(f"{name} is cut off; scan or save it anew.", code="file.damaged", at=name)
            return kind
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return kind_of_archive(name, content, limits)
    if head.startswith(_OLE2):
        told = f"{name} is an old Office file, or protected by a password; save it as .docx or .xlsx without one."
        raise FileUnusable(told, code="file.type_unknown", at=name)
    if _is_json(content, length):
        return JSON
    raise FileUnusable(f"{name} is no file that can be sent; send one of {TAKEN}.", code="file.type_unknown", at=name)


def _is_json(content: BinaryIO, length: int) -> bool:
    if length > _MOST_JSON:
        return False
    content.seek(0)
    try:
        found = json.loads(content.read().decode("utf-8"))
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict | list)


def _check_claims(name: str, found: str, declared: str) -> None:
    wanted = EXTENSIONS[found]
    if split_extension(name)[1].lower() not in wanted:
        told = f"{name} holds {found}; name it {' or '.join(f'*{one}' for one in wanted)}, or send the right file."
        raise FileUnusable(told, code="file.type_lies", at=name)
    plain = declared.partition(";")[0].strip().lower()
    if plain and plain not in {found, "application/octet-stream", *_ALIASES.get(found, ())}:
        told = f"{name} holds {found}, not {plain[:80]} as its sender says; send the right file."
        raise FileUnusable(told, code="file.type_lies", at=name)


_ALIASES = {ZIP: ("application/x-zip-compressed",), JPEG: ("image/jpg", "image/pjpeg"), PDF: ("application/x-pdf",)}
