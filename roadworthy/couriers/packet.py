"""Packets: put together from files of the artifacts, written as one zip whose bytes follow from what it holds.

Members are stored, not compressed: scans and Office files are compressed already, and what a compressor writes depends
on its version. Any unzip reads it; the layout is PKWARE APPNOTE 6.3, with zip64 above 4 GiB.
"""

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from tempfile import TemporaryFile
from typing import BinaryIO

from roadworthy.couriers.archives import CHUNK
from roadworthy.couriers.interface import Packet, PacketFile, PacketUnreadable, PktId
from roadworthy.couriers.media import inspect
from roadworthy.couriers.names import distinct
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotFound, Unusable
from roadworthy.kernel.event import Json, canonical

MOST_FILES = 500
MOST_BYTES = 2 * 2**30
MANIFEST, CHECKLIST = "manifest.json", "checklist.txt"

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the first that zip knows: when it was written is no part of a packet
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
OpenFile = Callable[[str], BinaryIO]


@dataclass(frozen=True)
class Stored:
    """A file that lies in the artifacts, and the name that it shall have."""

    name: str
    sha256: str


@dataclass(frozen=True)
class FilledForm:
    """A filled form: its id and version, the digest of its data, what its QR code says, and its files."""

    id: str
    version: str
    data_sha256: str
    code: str
    files: tuple[Stored, ...]


@dataclass(frozen=True)
class Field:
    """One field of a form as a portal wants it typed."""

    id: str
    label: Text
    value: str


@dataclass(frozen=True)
class Item:
    """One line of the checklist."""

    text: Text
    done: bool


@dataclass(frozen=True)
class Contents:
    """What a packet holds. `packages` are the manifests of the upgrade packages it is about."""

    forms: Sequence[FilledForm] = ()
    attachments: Sequence[Stored] = ()
    checklist: Sequence[Item] = ()
    fields: Sequence[Field] = ()
    packages: Sequence[Mapping[str, Json]] = ()


@dataclass(frozen=True)
class Bundle:
    """A packet as one zip: an open file at its begin, SHA-256 and length in bytes."""

    file: BinaryIO
    sha256: str
    length: int


def build(packet_id: PktId, authority: str, kind: str, title: str, holds: Contents, open_file: OpenFile) -> Packet:
    """Put a packet together; `open_file` opens a file of the artifacts by its SHA-256.

    Every file is looked through: names are made safe and distinct, types are told by content.
    Raises Unusable, FileUnusable, NotFound.
    """
    for word in (authority, kind):
        if not _WORD.fullmatch(word):
            raise Unusable(f"{word[:80]!r} is no word for an authority or a kind; use letters, digits, - _ and dots.")
    if not title.strip() or len(title) > 200 or not title.isprintable():
        raise Unusable("A packet needs a title of 1 to 200 characters in one line; shorten it.", at="title")
    files, forms = _gather(holds, open_file)
    _check_size(files)
    manifest: dict[str, Json] = {
        "authority": authority,
        "checklist": [{"done": one.done, "text": one.text.to_json()} for one in holds.checklist],
        "fields": [{"id": one.id, "label": one.label.to_json(), "value": one.value} for one in holds.fields],
        "files": [one.to_json() for one in files],
        "forms": forms,
        "id": str(packet_id),
        "kind": kind,
        "packages": [dict(one) for one in holds.packages],
        "title": title,
        "type": "packet/1",
    }
    return Packet(packet_id, authority, kind, title, tuple(files), manifest)


def reopen(manifest: Mapping[str, Json], open_file: OpenFile) -> Packet:
    """Give the packet that `build` made, from its manifest."""
    files = tuple(PacketFile(**one, opener=partial(open_file, one["sha256"])) for one in manifest["files"])
    authority, kind, title = (str(manifest[name]) for name in ("authority", "kind", "title"))
    return Packet(PktId.parse(str(manifest["id"])), authority, kind, title, files, manifest)


def fields_of(packet: Packet) -> tuple[Field, ...]:
    """Give the fields of its forms, in the order in which they were given."""
    return tuple(Field(one["id"], Text(**one["label"]), one["value"]) for one in packet.manifest["fields"])


def codes_of(packet: Packet) -> tuple[str, ...]:
    """Give what the QR codes on its forms say."""
    return tuple(one["code"] for one in packet.manifest["forms"])


@contextmanager
def bundled(packet: Packet) -> Iterator[Bundle]:
    """Write a packet into a temporary file, in pieces; the same packet gives the same bytes, on any computer.

    Raises PacketUnreadable when a file is gone or has other bytes than the manifest says.
    """
    with TemporaryFile() as file:
        _write(packet, file)
        file.seek(0)
        digest = sha256()
        while chunk := file.read(CHUNK):
            digest.update(chunk)
        length = file.tell()
        file.seek(0)
        yield Bundle(file, digest.hexdigest(), length)


def pieces(one: PacketFile) -> Iterator[bytes]:
    """Read a file of a packet in pieces of 256 KiB, and check at the end that it was the right one.

    Raises PacketUnreadable.
    """
    digest, length = sha256(), 0
    try:
        with one.opener() as content:
            while chunk := content.read(CHUNK):
                digest.update(chunk)
                length += len(chunk)
                yield chunk
    except (NotFound, OSError) as error:
        raise PacketUnreadable(f"{one.name} cannot be read ({type(error).__name__}); restore it.") from error
    if (digest.hexdigest(), length) != (one.sha256, one.length):
        raise PacketUnreadable(f"{one.name} has other bytes than when it was put in; restore it.")


def checklist_text(packet: Packet) -> str:
    """Write the checklist as people read it: what the packet holds, and what was done."""
    items = [(one["done"], Text(**one["text"])) for one in packet.manifest["checklist"]]
    done = [f"[{'x' if is_done else ' '}] {text.zh} / {text.en}" for is_done, text in items]
    held = [f"{one.sha256}  {one.name} ({one.length})" for one in packet.files]
    return "\n".join([packet.title, f"{packet.authority} {packet.kind} {packet.id}", "", *done, "", *held, ""])


def _gather(holds: Contents, open_file: OpenFile) -> tuple[list[PacketFile], list[Json]]:
    drawn = [one for form in holds.forms for one in form.files]
    files = _placed("forms", drawn, open_file)
    names = iter([one.name for one in files])
    forms = [
        {
            "code": form.code,
            "data_sha256": form.data_sha256,
            "files": [next(names) for _ in form.files],
            "id": form.id,
            "version": form.version,
        }
        for form in holds.forms
    ]
    return files + _placed("attachments", holds.attachments, open_file), forms


def _placed(folder: str, given: Sequence[Stored], open_file: OpenFile) -> list[PacketFile]:
    names = distinct(one.name for one in given)
    found = []
    for name, one in zip(names, given, strict=True):
        with open_file(one.sha256) as content:
            seen = inspect(name, content)
        if seen.sha256 != one.sha256:
            raise PacketUnreadable(f"{name} has other bytes than its SHA-256 says; restore it from the backup.")
        opener = partial(open_file, one.sha256)
        found.append(PacketFile(f"{folder}/{name}", seen.media_type, seen.sha256, seen.length, opener))
    return found


def _check_size(files: Sequence[PacketFile]) -> None:
    if not files:
        raise Unusable("A packet holds at least one file; draw its forms first.", code="packet.empty")
    if len(files) > MOST_FILES or sum(one.length for one in files) > MOST_BYTES:
        told = f"A packet holds at most {MOST_FILES} files and 2 GiB; leave some out, or make two."
        raise Unusable(told, code="packet.too_large")


def _write(packet: Packet, file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, strict_timestamps=True) as archive:
        for name, text in ((MANIFEST, canonical(dict(packet.manifest))), (CHECKLIST, checklist_text(packet).encode())):
            with archive.open(_entry(name, len(text)), "w") as member:
                member.write(text)
        for one in packet.files:
            with archive.open(_entry(one.name, one.length), "w") as member:
                for piece in pieces(one):
                    member.write(piece)


def _entry(name: str, length: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_DAY)
    entry.create_system, entry.external_attr = 3, 0o644 << 16  # else they would tell on which system it was written
    entry.file_size = length
    return entry
