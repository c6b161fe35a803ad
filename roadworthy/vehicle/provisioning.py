"""What is put into a vehicle at the plant: who it is, whom it trusts, where it calls."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root  # type: ignore[attr-defined] # python-tuf re-exports these without __all__

from roadworthy.kernel.errors import Malformed, RoadworthyError, Unusable
from roadworthy.kernel.vin import parse_vin

# Serials become folder names, so nothing that walks out of a folder may stand in one.
_SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN = re.compile(r"[!-~]{1,512}")
_SEED = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Ecu:
    """One control unit: its serial, its hardware, and the key it signs its reports with."""

    serial: str
    hardware_id: str
    primary: bool
    private_key: Ed25519PrivateKey = field(repr=False, compare=False)


@dataclass(frozen=True)
class Provisioning:
    """One vehicle. `image_root` and `director_root` are root.json bytes: the only keys it trusts at first."""

    vin: str
    vehicle: str
    server: str
    token: str = field(repr=False)
    ecus: tuple[Ecu, ...]
    image_root: bytes = field(repr=False)
    director_root: bytes = field(repr=False)
    log_vkey: str

    @property
    def primary(self) -> Ecu:
        """Give the ECU that verifies and reports for the vehicle."""
        return next(ecu for ecu in self.ecus if ecu.primary)

    @property
    def by_serial(self) -> dict[str, Ecu]:
        """Give the ECUs by serial."""
        return {ecu.serial: ecu for ecu in self.ecus}

    @property
    def image_url(self) -> str:
        """Give the base URL of the Image repository, with a slash at its end."""
        return f"{self.server}/uptane/image/"

    @property
    def director_url(self) -> str:
        """Give the base URL of this vehicle's Director repository, with a slash at its end."""
        return f"{self.server}/uptane/vehicle/{quote(self.vin)}/director/"


def read_provisioning(path: Path) -> Provisioning:
    """Read a provisioning file.

    Raises Malformed when it is no JSON, Unusable when a field is missing or wrong; both name the file.
    """
    try:
        return parse_provisioning(json.loads(path.read_bytes()))
    except OSError as error:
        raise Unusable(f"{path} cannot be read ({error.strerror}); give a provisioning file.") from error
    except ValueError as error:
        raise Malformed(f"{path} is no JSON ({error}); ask the server for the provisioning file again.") from error
    except RoadworthyError as error:
        raise type(error)(f"{path}: {error.message}", at=error.at) from error


def parse_provisioning(document: Any) -> Provisioning:
    """Check a parsed provisioning document.

    Raises Unusable naming the field and what it should be.
    """
    if not isinstance(document, Mapping):
        raise Unusable("the provisioning document is no JSON object; ask the server for it again.")
    return Provisioning(
        vin=parse_vin(_text(document, "vin")),
        vehicle=_text(document, "vehicle"),
        server=_server(_text(document, "server")),
        token=_formed(document, "token", _TOKEN, "1 to 512 printable ASCII characters without blanks"),
        ecus=_ecus(document.get("ecus")),
        image_root=_root(document, "image_root"),
        director_root=_root(document, "director_root"),
        log_vkey=_text(document, "log_vkey"),
    )


def _text(document: Mapping[str, Any], name: str, at: str = "") -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise Unusable(f"{at}{name} is missing or no text; ask the server for the provisioning file again.", at=name)
    return value


def _formed(document: Mapping[str, Any], name: str, form: re.Pattern[str], wanted: str, at: str = "") -> str:
    value = _text(document, name, at)
    if not form.fullmatch(value):
        raise Unusable(f"{at}{name} must be {wanted}; ask the server for the provisioning file again.", at=name)
    return value


def _server(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise Unusable(f"server {url!r} is no http(s) URL; write it like https://ota.example.com.", at="server")
    return url.rstrip("/")


def _ecus(found: Any) -> tuple[Ecu, ...]:
    if not isinstance(found, list) or not found:
        raise Unusable("ecus is missing or empty; a vehicle has at least its primary ECU.", at="ecus")
    ecus = tuple(_ecu(item, f"ecus[{number}].") for number, item in enumerate(found))
    if len({ecu.serial for ecu in ecus}) != len(ecus):
        raise Unusable("two ECUs have the same serial; every serial must be unique.", at="ecus")
    if sum(ecu.primary for ecu in ecus) != 1:
        raise Unusable("exactly one ECU must be primary; it verifies and reports for the others.", at="ecus")
    return ecus


def _ecu(item: Any, at: str) -> Ecu:
    if not isinstance(item, Mapping):
        raise Unusable(f"{at[:-1]} is no JSON object.", at=at)
    primary = item.get("primary", False)
    if not isinstance(primary, bool):
        raise Unusable(f"{at}primary must be true or false.", at=at)
    seed = _formed(item, "private_key", _SEED, "64 lower-case hex digits (an Ed25519 seed)", at)
    return Ecu(
        serial=_formed(item, "serial", _SERIAL, "1 to 64 of A-Z a-z 0-9 . _ -", at),
        hardware_id=_text(item, "hardware_id", at),
        primary=primary,
        private_key=Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)),
    )


def _root(document: Mapping[str, Any], name: str) -> bytes:
    """Check that the text is root metadata signed by itself: a wrong anchor must not look like an attack later."""
    text = _text(document, name).encode()
    try:
        metadata = Metadata[Root].from_bytes(text)
        if not isinstance(metadata.signed, Root):
            raise Unusable(f"{name} is {metadata.signed.type} metadata; it must be root metadata.", at=name)
        metadata.signed.verify_delegate(Root.type, metadata.signed_bytes, metadata.signatures)
    except RepositoryError as error:
        raise Unusable(
            f"{name} is no valid TUF root ({error}); take it from the server's trust folder.", at=name
        ) from error
    return text
