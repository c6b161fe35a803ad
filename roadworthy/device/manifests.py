"""Signed vehicle version manifests (trust notes of Uptane 5.4.2): what each ECU attests, checked against its key.

1. the Primary's signature over the whole; 2. the VIN is the caller's; 3. each ECU's own signature by the public
key registered for its serial; 4. its report counter has increased; 5. the attested hash is stored; 6. the
vehicle's action is settled. Anything wrong refuses the whole manifest: nothing is half believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from roadworthy.campaigns import actions
from roadworthy.database import Database
from roadworthy.fleet import actions as fleet_actions
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import EcuUnit, Vehicle
from roadworthy.kernel.errors import Broken, Malformed, Refused
from roadworthy.kernel.event import canonical

MAX_ECUS = 200


class ManifestRefused(Refused):
    """The manifest cannot be believed; the vehicle has to send a new one with a higher counter."""

    code = "manifest.refused"
    status = 400


@dataclass(frozen=True)
class EcuReport:
    """What one ECU attests: its installed image (path, SHA-256, length in bytes), counter, and attacks it saw."""

    serial: str
    path: str
    sha256: str
    length: int
    counter: int
    attacks: str


def accept_manifest(database: Database, vehicle: Vehicle, body: Any) -> None:
    """Check a manifest and store what it attests, all in one unit of work.

    Raises Malformed for a wrong shape, ManifestRefused for a wrong signature, VIN, serial or counter.
    """
    signed = _object(body, "signed")
    with database.begin(actions.vehicle_actor(vehicle)) as work:
        units = {unit.serial: unit for unit in fleet_store.units_of(work, vehicle.id)}
        reports = read_manifest(body, vehicle.vin, units)
        success, detail = _outcome(signed)
        for report in reports:
            fleet_actions.record_attestation(
                work,
                units[report.serial],
                path=report.path,
                sha256=report.sha256,
                length=report.length,
                counter=report.counter,
            )
            told = detail or report.attacks
            actions.settle(work, vehicle, units[report.serial], report.sha256, success=success, detail=told)


def read_manifest(body: Any, vin: str, units: Mapping[str, EcuUnit]) -> list[EcuReport]:
    """Verify a manifest against the registered keys and give its reports; pure.

    Raises Malformed, ManifestRefused.
    """
    signed = _object(body, "signed")
    if signed.get("vin") != vin:
        raise ManifestRefused("The manifest is of another vehicle.")
    primary = units.get(str(signed.get("primary_ecu_serial")))
    if primary is None:
        raise ManifestRefused("The manifest's Primary is not registered for this vehicle.")
    _check_signature(body, primary)
    entries = _object(signed, "ecu_version_manifests")
    if not entries or len(entries) > MAX_ECUS:
        raise Malformed(f"ecu_version_manifests holds 1 to {MAX_ECUS} ECUs.")
    return [_report(serial, entry, units) for serial, entry in sorted(entries.items())]


def _report(serial: str, entry: Any, units: Mapping[str, EcuUnit]) -> EcuReport:
    unit = units.get(serial)
    if unit is None:
        raise ManifestRefused(f"ECU {serial[:64]!r} is not registered for this vehicle.")
    _check_signature(entry, unit)
    said = _object(entry, "signed")
    image = _object(said, "installed_image")
    info = _object(image, "fileinfo")
    digest = _object(info, "hashes").get("sha256")
    length, counter = info.get("length"), said.get("report_counter")
    if said.get("ecu_serial") != serial:
        raise ManifestRefused(f"The report under {serial!r} is of another ECU.")
    if not isinstance(counter, int) or not isinstance(length, int) or not _is_sha256(digest):
        raise Malformed("A report needs report_counter, fileinfo.length and fileinfo.hashes.sha256.", at=serial)
    if counter <= unit.report_counter:
        raise ManifestRefused(f"The report counter of {serial!r} did not increase: this is a replay.")
    attacks = str(said.get("attacks_detected") or "")
    return EcuReport(serial, str(image.get("filepath"))[:200], str(digest), length, counter, attacks)


def _check_signature(envelope: Any, unit: EcuUnit) -> None:
    signatures = envelope.get("signatures") if isinstance(envelope, dict) else None
    if not isinstance(signatures, list) or not signatures or unit.public_key is None:
        raise ManifestRefused(f"ECU {unit.serial!r} has signed nothing, or no key is registered for it.")
    raw = bytes.fromhex(unit.public_key)
    key, keyid = Ed25519PublicKey.from_public_bytes(raw), sha256(raw).hexdigest()
    try:
        message = canonical(_object(envelope, "signed"))
    except Broken as error:
        raise Malformed(f"The signed part is not canonical JSON: {error.message}") from error
    for signature in signatures:
        if isinstance(signature, dict) and signature.get("keyid") == keyid and signature.get("method") == "ed25519":
            try:
                key.verify(bytes.fromhex(str(signature.get("sig"))), message)
            except (InvalidSignature, ValueError) as error:
                raise ManifestRefused(f"The signature of ECU {unit.serial!r} is wrong.") from error
            return
    raise ManifestRefused(f"No signature by the registered key of ECU {unit.serial!r}.")


def _outcome(signed: Mapping[str, Any]) -> tuple[bool | None, str]:
    report = signed.get("installation_report")
    if not isinstance(report, dict) or not isinstance(report.get("result"), dict):
        return None, ""
    result = report["result"]
    success = result.get("success")
    return (success if isinstance(success, bool) else None), f"{result.get('code')}: {result.get('description')}"


def _is_sha256(text: Any) -> bool:
    return isinstance(text, str) and len(text) == 64 and all(c in "0123456789abcdef" for c in text)


def _object(holder: Any, name: str) -> dict[str, Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(found, dict):
        raise Malformed(f"The manifest needs an object {name!r}.", at=name)
    return found
