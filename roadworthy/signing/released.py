"""Reads the signed portion of `released` strictly: what the gate signer cannot judge, it does not sign.

The portion is read against a closed schema. An unknown field could carry a delegation, and with it the gate's
signature would cover images that nobody cleared.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from roadworthy.kernel.errors import Malformed
from roadworthy.signing.canonical import signable
from roadworthy.signing.model import LARGEST_VERSION, ImageTarget, Released, read_expiry, tuf_instant

_PATH = re.compile(r"[A-Za-z0-9._+-]+/[A-Za-z0-9._+-]+/[A-Za-z0-9._+-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_released(portion: str) -> Released:
    """Read canonical text as the portion of a `released` role.

    Raises Malformed for bytes that are not canonical, unknown or missing fields, and values out of range.
    """
    try:
        told = json.loads(portion)
    except (ValueError, RecursionError) as error:
        raise Malformed("`released` is no JSON; send the text that released_portion gives.") from error
    fields = _fields(told, "released", {"_type", "expires", "spec_version", "targets", "version"})
    if signable(told).decode("ascii") != portion:
        raise Malformed("`released` is not in canonical form; send the text that released_portion gives.")
    if fields["_type"] != "targets" or not re.fullmatch(r"1\.0\.[0-9]{1,3}", _text(fields, "spec_version")):
        raise Malformed("`released` is no targets role of TUF 1.0.")
    expires = read_expiry(fields["expires"])
    if tuf_instant(expires) != fields["expires"]:
        raise Malformed("`released` expires at no whole second of UTC; write it like 2026-03-01T00:00:00Z.")
    if not isinstance(fields["targets"], dict):
        raise Malformed("`targets` of `released` is no object.")
    targets = tuple(_target(path, item) for path, item in sorted(fields["targets"].items()))
    return Released(_count(fields, "version", LARGEST_VERSION), expires, targets)


def _target(path: str, item: Any) -> ImageTarget:
    if not _PATH.fullmatch(path) or ".." in path:
        raise Malformed(f"{path[:80]!r} is no image path; write it maker/part/file.", at=path[:80])
    fields = _fields(item, path, {"custom", "hashes", "length"})
    hashes = _fields(fields["hashes"], path, {"sha256"})
    custom = _fields(fields["custom"], path, {"gate", "hardwareIds", "releaseCounter"})
    if not _SHA256.fullmatch(_text(hashes, "sha256")):
        raise Malformed(f"{path}: sha256 is not 64 hex digits.", at=path)
    return ImageTarget(
        path=path,
        sha256=hashes["sha256"],
        length=_count(fields, "length", 2**53),
        hardware_ids=_names(custom, "hardwareIds", path),
        release_counter=_count(custom, "releaseCounter", LARGEST_VERSION, least=0),
        gates=_names(custom, "gate", path),
    )


def _fields(value: Any, where: str, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or set(value) != names:
        raise Malformed(f"{where}: the fields must be exactly {', '.join(sorted(names))}.", at=where)
    return value


def _text(fields: Mapping[str, Any], name: str) -> str:
    found = fields[name]
    if not isinstance(found, str):
        raise Malformed(f"`{name}` is no text.")
    return found


def _count(fields: Mapping[str, Any], name: str, most: int, *, least: int = 1) -> int:
    found = fields[name]
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        raise Malformed(f"`{name}` is no whole number from {least} to {most}.")
    return found


def _names(fields: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    found = fields[name]
    if not isinstance(found, list) or not found or not all(isinstance(n, str) and n for n in found):
        raise Malformed(f"{where}: `{name}` must be a list of at least one name.", at=where)
    if len(set(found)) != len(found):
        raise Malformed(f"{where}: `{name}` names one twice.", at=where)
    return tuple(found)
