"""Ed25519 keys (RFC 8032): public halves by name, private halves in encrypted files opened by URI.

Each custody is a passphrase of its own, so that the processes of one installation hold different keys even when
they share a computer: no single process can release software alone.
"""

import json
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from roadworthy.kernel.errors import Broken, Refused
from roadworthy.kernel.event import Json, canonical, digest_of
from roadworthy.signing.files import create_file
from roadworthy.signing.pkcs8 import encrypted_pem

# Which custody (and so which process and passphrase) opens which key.
CUSTODY: Mapping[str, str] = {
    "image-root": "OFFLINE",
    "director-root": "OFFLINE",
    "image-targets": "OFFLINE",
    "release": "WORKER",
    "image-online": "WORKER",
    "log": "WORKER",
    "gate": "GATE",
    "director-online": "DIRECTOR",
}
SHORTEST_PASSPHRASE = 8


class NoKey(Refused):
    """There is no usable key."""

    code = "key.missing"


class WrongPassphrase(Refused):
    """The key cannot be opened with this passphrase."""

    code = "key.passphrase"


@dataclass(frozen=True)
class PublicKey:
    """The public half: a name for people and 32 bytes of Ed25519."""

    name: str
    public: bytes

    def tuf_key(self) -> dict[str, Json]:
        """Give the key object of TUF metadata."""
        return {"keytype": "ed25519", "keyval": {"public": self.public.hex()}, "scheme": "ed25519"}

    @cached_property
    def keyid(self) -> str:
        """The TUF key id: SHA-256 of the canonical key object, 64 hex digits (TUF 1.0, 4.2)."""
        return digest_of(self.tuf_key())

    def to_json(self) -> dict[str, Json]:
        """Give what a `.pub.json` file holds."""
        return {"keyid": self.keyid, "name": self.name, **self.tuf_key()}


class SigningKey:
    """A key that can sign. Shows its name and key id, never its secret."""

    def __init__(self, public_key: PublicKey, sign: Callable[[bytes], bytes]) -> None:
        """Join a public key with whatever signs for it: a private key in memory, later a hardware module."""
        self.public_key = public_key
        self.sign = sign

    @classmethod
    def generate(cls, name: str) -> Self:
        """Make a key that lives in memory only."""
        return cls.of(name, Ed25519PrivateKey.generate())

    @classmethod
    def of(cls, name: str, private: Ed25519PrivateKey) -> Self:
        """Sign with `private`."""
        return cls(PublicKey(name, private.public_key().public_bytes_raw()), private.sign)

    @property
    def name(self) -> str:
        """The name for people."""
        return self.public_key.name

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self.public_key.public

    @property
    def keyid(self) -> str:
        """The TUF key id."""
        return self.public_key.keyid

    def __repr__(self) -> str:
        return f"SigningKey({self.name!r}, keyid={self.keyid[:8]})"


def passphrase_for(custody: str, environ: Mapping[str, str]) -> str:
    """Give the passphrase of a custody (OFFLINE, WORKER, GATE, DIRECTOR) from ROADWORTHY_PASSPHRASE_<CUSTODY>.

    Raises WrongPassphrase when it is not set.
    """
    variable = f"ROADWORTHY_PASSPHRASE_{custody.upper()}"
    if found := environ.get(variable, ""):
        return found
    raise WrongPassphrase(f"{variable} is not set; set it to the passphrase of the {custody.lower()} keys.")


def generate_key(path: Path | str, passphrase: str, name: str) -> PublicKey:
    """Make a key pair: the private half at `path` (encrypted, mode 0600), the public half beside it.

    `keys/gate.pem` gets `keys/gate.pub.json`. Both are written whole or not at all. Raises Refused when one of
    them exists already, or when the passphrase is shorter than 8 characters.
    """
    path = Path(path)
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise WrongPassphrase(f"The passphrase for {name} is too short; use at least {SHORTEST_PASSPHRASE} characters.")
    shown = public_path(path)
    if path.exists() or shown.exists():
        raise Refused(
            f"{path} or {shown.name} exists; a key is never overwritten. Move it away first.", code="key.exists"
        )
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    made = PublicKey(name, private.public_key().public_bytes_raw())
    create_file(path, encrypted_pem(secret, passphrase), mode=0o600)
    create_file(shown, canonical(made.to_json()) + b"\n", mode=0o644)
    return made


def load_public(path: Path | str) -> PublicKey:
    """Read a `.pub.json` file, or the one beside a `.pem` file.

    Raises NoKey when there is none, Broken when it contradicts itself.
    """
    path = Path(path)
    path = path if path.name.endswith(".pub.json") else public_path(path)
    if not path.exists():
        raise NoKey(f"There is no public key at {path}; run `roadworthy init` or restore it.")
    try:
        told = json.loads(path.read_bytes())
        found = PublicKey(str(told["name"]), bytes.fromhex(told["keyval"]["public"]))
        consistent = found.to_json() == told and len(found.public) == 32
    except (ValueError, KeyError, TypeError) as error:
        raise Broken(f"{path} is no public key file; restore it from a backup.") from error
    if not consistent:
        raise Broken(f"{path} does not fit its own key id; restore it from a backup.")
    return found


def trusted_log(home: Path) -> str:
    """Give the log's verifier key of the installation at `home`: trust/log.vkey, one line.

    Raises NoKey when there is none.
    """
    path = home / "trust" / "log.vkey"
    if not path.is_file():
        raise NoKey(f"There is no log key at {path}; run `roadworthy init` or restore it.")
    return path.read_text("utf-8").strip()


def open_key(uri_or_path: Path | str, passphrase: str) -> SigningKey:
    """Open a private key by URI (`file:keys/gate.pem`) or path.

    Raises NoKey, WrongPassphrase or Refused, each saying what to do; the passphrase is in no message.
    """
    text = str(uri_or_path)
    scheme, colon, rest = text.partition(":")
    if not colon or "/" in scheme:
        scheme, rest = "file", text
    opener = _OPENERS.get(scheme)
    if opener is None:
        known = ", ".join(sorted(_OPENERS))
        raise NoKey(f"No way is known to open keys of scheme {scheme!r}; known: {known}.", code="key.scheme")
    return opener(rest, passphrase)


def register_scheme(scheme: str, opener: Callable[[str, str], SigningKey]) -> None:
    """Add a way to open keys: `opener(rest of the URI, passphrase)`."""
    _OPENERS[scheme] = opener


def public_path(path: Path) -> Path:
    """Give the place of the public half beside a private key file."""
    return path.with_name(re.sub(r"\.pem$", "", path.name) + ".pub.json")


def _open_file(rest: str, passphrase: str) -> SigningKey:
    path = Path(rest.removeprefix("//"))
    if not path.is_file():
        raise NoKey(f"There is no key at {path}; run `roadworthy init` or restore it from a backup.")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Refused(f"{path} can be read by other users; run: chmod 600 {path}", code="key.mode")
    try:
        private = load_pem_private_key(path.read_bytes(), passphrase.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise WrongPassphrase(
            f"{path} cannot be opened: the passphrase is another one, or the file is damaged. Check the environment "
            "variable ROADWORTHY_PASSPHRASE_<CUSTODY>, else restore the file from a backup."
        ) from error
    except TypeError as error:
        raise Refused(f"{path} is not encrypted; make a new key with a passphrase.", code="key.plain") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise NoKey(f"{path} is no Ed25519 key; make one with `roadworthy init`.", code="key.type")
    name = path.name.removesuffix(".pem")
    if public_path(path).exists():
        told = load_public(path)
        if told.public != private.public_key().public_bytes_raw():
            raise Broken(f"{public_path(path)} is the public half of another key; restore the right one.")
        name = told.name
    return SigningKey.of(name, private)


_OPENERS: dict[str, Callable[[str, str], SigningKey]] = {"file": _open_file}
