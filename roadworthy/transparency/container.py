"""A zip file with one possible form: what it holds decides every byte of it.

Members are stored, not compressed; no times, no attributes, no comments, nothing between, before or after. So a
reader can tell from the contents what each byte must be, a changed bit anywhere shows, and no archive can be a
bomb: it is as large as what it holds. Any unzip reads it. Layout: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16.
"""

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from roadworthy.kernel.errors import Malformed, Unusable

MAX_MEMBERS = 65_534  # one below what zip64 begins at, as for sizes
MAX_BYTES = 0xFFFF_FFFE
_MAX_NAME_BYTES = 500
_CHUNK = 1 << 20
_STRANGE = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
_VERSION, _UTF8, _FIRST_DAY = 20, 0x0800, 0x0021  # 1980-01-01, the first day zip knows


@dataclass(frozen=True)
class Member:
    """One file in a container: `offset` is where its content begins."""

    name: str
    offset: int
    size: int
    crc: int


def check_name(name: str) -> None:
    """Refuse names that leave the folder, hide in it or mean something else on another computer.

    Raises Unusable.
    """
    parts = name.split("/")
    plain = unicodedata.is_normalized("NFC", name) and not _STRANGE.search(name) and name.isprintable()
    if not plain or any(part in {"", ".", ".."} or part != part.strip(" .") for part in parts):
        raise Unusable(f"{name[:80]!r} cannot name a file in a bundle; use letters, digits, dots and hyphens.")
    if len(name.encode("utf-8", "replace")) > _MAX_NAME_BYTES:
        raise Unusable(f"the name {name[:40]!r}... is too long for a bundle; shorten it.")


def write_container(file: BinaryIO, files: Mapping[str, bytes]) -> None:
    """Write `files` in the given order.

    Raises Unusable for names that cannot be, or when it would be larger than 4 GiB or have more than 65,534 files.
    """
    _check_names(list(files))
    total = sum(len(content) + 2 * len(name.encode()) + 76 for name, content in files.items()) + 22
    if len(files) > MAX_MEMBERS or total > MAX_BYTES:
        raise Unusable("a bundle holds at most 65,534 files and 4 GiB; narrow its scope and make several.")
    members: list[Member] = []
    at = 0
    for name, content in files.items():
        member = Member(name, at + _LOCAL.size + len(name.encode()), len(content), zlib.crc32(content))
        file.write(_local(member))
        file.write(content)
        members.append(member)
        at = member.offset + member.size
    file.write(_directory(members, at))


def read_container(path: Path) -> list[Member]:
    """Read the list of files and check that every byte that is no content is as it must be.

    Raises Malformed; `at` names the file whose part of the container is wrong, if one is.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if not _END.size <= size <= MAX_BYTES:
            raise Malformed("this is no evidence bundle: its size cannot be.")
        file.seek(size - _END.size)
        end = _END.unpack(file.read(_END.size))
        count, length, start = end[4], end[5], end[6]
        if end[0] != b"PK\5\6" or start + length + _END.size != size or count * _CENTRAL.size > length:
            raise Malformed("this is no evidence bundle, or its end was cut off or changed.")
        file.seek(start)
        members = _members(file.read(length), count)
        _check_layout(file, members, start)
        file.seek(start)
        if file.read() != _directory(members, start):
            raise Malformed("the bundle's directory was changed.")
    return members


def digests(path: Path, members: list[Member]) -> Iterator[tuple[Member, str, bool]]:
    """Give each member with the SHA-256 of its content, and whether its checksum fits; a megabyte at a time."""
    with path.open("rb") as file:
        for member in members:
            file.seek(member.offset)
            digest, crc, left = sha256(), 0, member.size
            while left and (data := file.read(min(_CHUNK, left))):
                digest.update(data)
                crc, left = zlib.crc32(data, crc), left - len(data)
            yield member, digest.hexdigest(), crc == member.crc and left == 0


def read_member(path: Path, member: Member, limit: int) -> bytes:
    """Give a member's content.

    Raises Malformed when it is longer than `limit` bytes.
    """
    if member.size > limit:
        raise Malformed(f"{member.name} is too long to be what it should be.", at=member.name)
    with path.open("rb") as file:
        file.seek(member.offset)
        return file.read(member.size)


def _check_names(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        check_name(name)
        if name.casefold() in seen:
            raise Unusable(f"{name!r} stands twice in the bundle; rename one.", at=name)
        seen.add(name.casefold())
    # A file that is also a folder cannot be unpacked.
    for name in seen:
        parts = name.split("/")
        if any("/".join(parts[:depth]) in seen for depth in range(1, len(parts))):
            raise Unusable(f"{name!r} lies in a folder that is also a file; rename one.", at=name)


def _members(directory: bytes, count: int) -> list[Member]:
    members: list[Member] = []
    at = offset = 0
    for _ in range(count):
        if at + _CENTRAL.size > len(directory):
            raise Malformed("the bundle's directory is cut short.")
        fields = _CENTRAL.unpack_from(directory, at)
        at += _CENTRAL.size
        raw = directory[at : at + fields[10]]
        at += len(raw)
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("the bundle's directory holds a name that is no text.") from error
        member = Member(name, offset + _LOCAL.size + len(raw), fields[9], fields[7])
        if fields[16] != offset:
            raise Malformed(f"{name[:80]!r} does not lie where it must in the bundle.", at=name)
        members.append(member)
        offset = member.offset + member.size
    try:
        _check_names([member.name for member in members])
    except Unusable as error:
        raise Malformed(f"the bundle is not safe to unpack: {error.message}", at=error.at) from error
    return members


def _check_layout(file: BinaryIO, members: list[Member], end: int) -> None:
    if (members[-1].offset + members[-1].size if members else 0) != end:
        raise Malformed("the bundle has bytes that belong to no file.")
    for member in members:
        expected = _local(member)
        file.seek(member.offset - len(expected))
        if file.read(len(expected)) != expected:
            raise Malformed(f"the header of {member.name} was changed.", at=member.name)


def _flags(name: str) -> int:
    return 0 if name.isascii() else _UTF8


def _local(member: Member) -> bytes:
    name = member.name.encode()
    sizes = (member.crc, member.size, member.size, len(name), 0)
    return _LOCAL.pack(b"PK\3\4", _VERSION, _flags(member.name), 0, 0, _FIRST_DAY, *sizes) + name


def _directory(members: list[Member], start: int) -> bytes:
    lines: list[bytes] = []
    for member in members:
        name = member.name.encode()
        sizes = (member.crc, member.size, member.size, len(name), 0, 0, 0, 0, 0)
        head = (b"PK\1\2", _VERSION, _VERSION, _flags(member.name), 0, 0, _FIRST_DAY)
        lines.append(_CENTRAL.pack(*head, *sizes, member.offset - len(name) - _LOCAL.size) + name)
    whole = b"".join(lines)
    return whole + _END.pack(b"PK\5\6", 0, 0, len(members), len(members), len(whole), start, 0)
