"""Builds a signed .swu as SWUpdate reads it: a cpio archive ("crc") of sw-description, its CMS signature, payload."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True)
class Signer:
    """A self-signed certificate and its key, as PEM files."""

    certificate: Path
    key: Path


def make_signer(folder: Path) -> Signer:
    """Make a signer whose certificate is good for e-mail protection, SWUpdate's default purpose."""
    signer = Signer(folder / "swu.crt", folder / "swu.key")
    _openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=swu",
        "-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=emailProtection",
        "-keyout", signer.key, "-out", signer.certificate,
    )  # fmt: skip
    return signer


def make_swu(folder: Path, payload: Path, installed: Path, version: str, signer: Signer) -> Path:
    """Make an image that writes `payload` to the file `installed`; give its path."""
    description = folder / "sw-description"
    digest = sha256(payload.read_bytes()).hexdigest()
    description.write_text(
        f'software = {{ version = "{version}"; hardware-compatibility: ["1.0"];\n'
        f'  files: ({{ filename = "{payload.name}"; path = "{installed}"; sha256 = "{digest}"; }}); }};\n',
        encoding="ascii",
    )
    signature = folder / "sw-description.sig"
    _openssl(
        "cms", "-sign", "-binary", "-nosmimecap", "-outform", "DER", "-in", description, "-out", signature,
        "-signer", signer.certificate, "-inkey", signer.key,
    )  # fmt: skip
    swu = folder / f"{payload.stem}-{version}.swu"
    swu.write_bytes(cpio_crc([description, signature, payload]))
    return swu


def cpio_crc(files: Sequence[Path]) -> bytes:
    """Give an archive of `files` in cpio's "crc" format: magic 070702, 13 fields of 8 hex digits, sum of bytes."""
    parts = [_entry(n, file.name, file.read_bytes()) for n, file in enumerate(files, start=1)]
    whole = b"".join([*parts, _entry(0, "TRAILER!!!", b"")])
    return whole + b"\0" * (-len(whole) % 512)


def _entry(inode: int, name: str, content: bytes) -> bytes:
    mode, links = (0o100644, 1) if inode else (0, 1)
    fields = [inode, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name) + 1, sum(content) & 0xFFFFFFFF]
    head = b"070702" + b"".join(b"%08x" % field for field in fields) + name.encode("ascii") + b"\0"
    return head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
