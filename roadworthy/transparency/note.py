"""Signed notes: a text and the keys that stand for it (C2SP signed-note; cosignature/v1 of C2SP tlog-cosignature).

    text, ending in a newline
    <empty line>
    (em dash) (space) key name (space) base64(4 bytes key id || signature) (newline), once or more

A signature by an unknown key says nothing and is passed over; a wrong one by a known key spoils the whole note.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from roadworthy.kernel.errors import Broken, Malformed, Refused

ED25519, COSIGNATURE = 0x01, 0x04  # signature types of C2SP signed-note

# Sixteen post-quantum signatures of 5 kB must fit (C2SP signed-note, Format); a note is never larger than this.
MAX_NOTE_CHARACTERS = 256 * 1024
MAX_SIGNATURES = 100

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_NAME = re.compile(r"[^\s+]{1,255}")
_DASH = "\u2014 "


class Unproved(Refused):
    """What was shown does not prove what it claims; ask for a complete and unaltered proof."""

    code = "unproved"


class NoteSigner(Protocol):
    """A named Ed25519 key: the name stands in the note, `public` is 32 bytes, `sign` gives 64 raw bytes."""

    @property
    def name(self) -> str:
        """Name the key, for a log its origin."""
        ...

    @property
    def public(self) -> bytes:
        """Give the public key, 32 bytes."""
        ...

    def sign(self, message: bytes, /) -> bytes:
        """Sign with Ed25519 (RFC 8032)."""
        ...


@dataclass(frozen=True)
class Verifier:
    """A public key as notes name it."""

    name: str
    algorithm: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Give the four bytes SHA-256(name || newline || type || public key)[:4]."""
        return sha256(self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """Write the key as text: name+hex id+base64(type || public key)."""
        blob = base64.b64encode(bytes([self.algorithm]) + self.public).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{blob}"

    @classmethod
    def parse(cls, vkey: str) -> "Verifier":
        """Read a vkey.

        Raises Malformed when it is none, its id does not fit or its type is not Ed25519 (0x01, 0x04).
        """
        name, _, rest = vkey.partition("+")
        claimed, _, blob = rest.partition("+")
        key = strict_base64(blob, what="the key of a vkey")
        if not _NAME.fullmatch(name) or _CONTROL.search(name) or len(key) != 33 or key[0] not in {ED25519, COSIGNATURE}:
            raise Malformed(f"{vkey[:80]!r} is no Ed25519 vkey; copy the whole line name+id+key.")
        found = cls(name, key[0], key[1:])
        if claimed != found.key_id.hex():
            raise Malformed(f"the id {claimed[:16]!r} of vkey {name} does not fit its key; copy the whole line.")
        return found


@dataclass(frozen=True)
class Signature:
    """One signature line. `at` is the signed POSIX time of a cosignature that has been verified."""

    name: str
    key_id: bytes
    blob: bytes
    at: int | None = None


@dataclass(frozen=True)
class OpenNote:
    """A text with those of its signatures that were verified, at least one."""

    text: str
    signatures: tuple[Signature, ...]


def vkey_of(signer: NoteSigner, algorithm: int = ED25519) -> str:
    """Give the vkey under which notes of `signer` are verified."""
    return Verifier(signer.name, algorithm, signer.public).vkey


def sign_note(text: str, signer: NoteSigner) -> str:
    """Write a note of `text` (ending in a newline) signed with Ed25519.

    Raises Malformed when `text` cannot stand in a note.
    """
    _check_text(text)
    return f"{text}\n{_line(signer, ED25519, signer.sign(text.encode()))}"


def cosign_note(note: str, signer: NoteSigner, at: int) -> str:
    """Add a cosignature/v1 line: `signer` saw this checkpoint at POSIX second `at`.

    Raises Malformed when `note` is none.
    """
    text, _ = parse_note(note)
    blob = at.to_bytes(8, "big") + signer.sign(_cosigned(text, at))
    return note + _line(signer, COSIGNATURE, blob)


def open_note(note: str, vkeys: Iterable[str]) -> OpenNote:
    """Check a note against known keys and give its text.

    Raises Malformed when `note` or a vkey cannot be read, Unproved when a known key's signature is wrong or no
    known key signed.
    """
    known: dict[tuple[str, bytes], Verifier] = {}
    for vkey in vkeys:
        verifier = Verifier.parse(vkey)
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise Malformed(f"two different keys share the name and id of {vkey[:80]}; rename one.")
    text, lines = parse_note(note)
    verified: dict[tuple[str, bytes], Signature] = {}
    for line in lines:
        signer = known.get((line.name, line.key_id))
        if signer is not None:
            found = _verified(text, line, signer)
            verified.setdefault((line.name, line.key_id), found)
    if not verified:
        names = ", ".join(sorted(name for name, _ in known)) or "nobody"
        raise Unproved(f"the note carries no signature of {names}; get it from its publisher again.")
    return OpenNote(text, tuple(verified.values()))


def parse_note(note: str) -> tuple[str, tuple[Signature, ...]]:
    """Split a note into text and unverified signature lines; the text means nothing before `open_note`.

    Raises Malformed.
    """
    if len(note) > MAX_NOTE_CHARACTERS:
        raise Malformed(f"a note has at most {MAX_NOTE_CHARACTERS} characters, this one {len(note)}.")
    end = note.rfind("\n\n")
    if end < 0 or not note.endswith("\n") or len(note) == end + 2:
        raise Malformed("this is no signed note: text, an empty line and signature lines were expected.")
    text = note[: end + 1]
    _check_text(text)
    lines = note[end + 2 : -1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed(f"a note has at most {MAX_SIGNATURES} signatures, this one {len(lines)}.")
    return text, tuple(_signature(line) for line in lines)


def strict_base64(text: str, *, what: str) -> bytes:
    """Read standard base 64 (RFC 4648 section 4) that has one spelling only.

    Raises Malformed, naming `what`.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"{what} is no base 64.") from error
    if base64.b64encode(data).decode("ascii") != text:
        raise Malformed(f"{what} is base 64 with loose bits; copy it unaltered.")
    return data


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise Malformed("the text of a note ends in a newline and has no other control characters.")


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not _NAME.fullmatch(name) or _CONTROL.search(line):
        raise Malformed(f"{line[:80]!r} is no signature line of a note.")
    blob = strict_base64(encoded, what=f"the signature of {name}")
    if len(blob) < 5:
        raise Malformed(f"the signature of {name} is too short.")
    return Signature(name, blob[:4], blob[4:])


def _verified(text: str, line: Signature, verifier: Verifier) -> Signature:
    message, signature, at = text.encode(), line.blob, None
    if verifier.algorithm == COSIGNATURE:
        at, signature = int.from_bytes(line.blob[:8], "big"), line.blob[8:]
        message = _cosigned(text, at)
    try:
        Ed25519PublicKey.from_public_bytes(verifier.public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Unproved(f"the signature of {line.name} does not fit this note: it was altered.") from error
    return Signature(line.name, line.key_id, line.blob, at)


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def _line(signer: NoteSigner, algorithm: int, blob: bytes) -> str:
    if not _NAME.fullmatch(signer.name):
        raise Broken(f"{signer.name!r} cannot name a key in a note: no blanks and no plus sign.")
    key_id = Verifier(signer.name, algorithm, signer.public).key_id
    return f"{_DASH}{signer.name} {base64.b64encode(key_id + blob).decode('ascii')}\n"
