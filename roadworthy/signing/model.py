"""What is signed: image targets, the set of image metadata files, the bundle of one vehicle."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from roadworthy.kernel.errors import Broken, Malformed
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import parse_instant
from roadworthy.signing.keys import PublicKey

IMAGE_ROLES = ("root", "targets", "released", "snapshot", "timestamp")
LARGEST_VERSION = 2**31 - 1


def tuf_instant(moment: datetime) -> str:
    """Write an instant as TUF does, whole seconds UTC; a fraction is cut, so that expiry is never later."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def read_expiry(value: object) -> datetime:
    """Read an expiry that somebody asks for.

    Raises Malformed when it is no instant of this age: at its ends an instant has no UTC form.
    """
    if not isinstance(value, str) or not re.match(r"2[0-9]{3}-", value):
        raise Malformed(f"{str(value)[:40]!r} is no expiry; write it like 2026-03-01T00:00:00Z.")
    return parse_instant(value)


@dataclass(frozen=True)
class RoleKeys:
    """Who may sign a role, and how many of them must."""

    keys: tuple[PublicKey, ...]
    threshold: int = 1


@dataclass(frozen=True)
class ImageTarget:
    """A package that may be installed: where, its bytes, which hardware, and the gate decisions that cleared it."""

    path: str
    sha256: str
    length: int
    hardware_ids: tuple[str, ...]
    release_counter: int
    gates: tuple[str, ...]


@dataclass(frozen=True)
class Released:
    """The signed portion of the `released` role, read back."""

    version: int
    expires: datetime
    targets: tuple[ImageTarget, ...]


@dataclass(frozen=True)
class Header:
    """What every TUF file says about itself."""

    role: str
    version: int
    expires: datetime


def header_of(content: bytes) -> Header:
    """Read type, version and expiry of one of our own files.

    Raises Broken when it is no TUF file.
    """
    try:
        signed = json.loads(content)["signed"]
        return Header(str(signed["_type"]), int(signed["version"]), parse_instant(signed["expires"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Broken("A metadata file of ours is no TUF file; restore it from a backup.") from error


@dataclass(frozen=True)
class ImageSet:
    """One consistent set of image repository files, as bytes."""

    root: bytes
    targets: bytes
    released: bytes
    snapshot: bytes
    timestamp: bytes

    def of_role(self, role: str) -> bytes:
        """Give the file of a role."""
        found: bytes = getattr(self, role)
        return found

    def files(self) -> dict[str, bytes]:
        """Give the files under the names that clients fetch (consistent snapshots)."""
        return {file_name(role, header_of(self.of_role(role)).version): self.of_role(role) for role in IMAGE_ROLES}


def file_name(role: str, version: int) -> str:
    """Give the name that clients fetch: `7.targets.json`; the timestamp has no number."""
    return "timestamp.json" if role == "timestamp" else f"{version}.{role}.json"


@dataclass(frozen=True)
class EcuTarget:
    """What one ECU is to install: its hardware and the release counter it may not fall below."""

    hardware_id: str
    release_counter: int


@dataclass(frozen=True)
class VehicleTarget:
    """One image for a vehicle: its bytes and the ECUs (by serial) that take it."""

    sha256: str
    length: int
    ecus: Mapping[str, EcuTarget]


@dataclass(frozen=True)
class VehicleOrder:
    """What one vehicle is told: its VIN always, and the images by path, with why they are allowed."""

    vin: str
    version: int
    expires: datetime
    targets: Mapping[str, VehicleTarget] = field(default_factory=dict)
    custom: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """The three Director files of one vehicle, as bytes; all three carry the same version."""

    targets: bytes
    snapshot: bytes
    timestamp: bytes
