"""Signed vehicle version manifests (Uptane 5.4.2): what each ECU attests, checked against its key.

1. the VIN is the caller's; 2. the Primary's signature over the whole is by its registered key; 3. every ECU of the
vehicle reports and no other; 4. each ECU's own report is checked and kept by `fleet` (signature, counter); 5. the
vehicle's action is settled. Anything wrong refuses the whole manifest: nothing is half believed.
"""

from collections.abc import Mapping
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
    """The manifest cannot be believed; the vehicle has to send a new one, signed by its own keys."""

    code = "manifest.refused"
    status = 400


def accept_manifest(database: Database, vehicle: Vehicle, body: Any) -> None:
    """Check a manifest and store what it attests, all in one unit of work.

    Raises Malformed for a wrong shape, ManifestRefused or Unattested for a wrong VIN, signature, serial or counter.
    """
    signed = _object(body, "signed")
    with database.begin(actions.vehicle_actor(vehicle)) as work:
        units = {unit.serial: unit for unit in fleet_store.units_of(work, vehicle.id)}
        reports = check_manifest(body, vehicle.vin, units)
        fleet_actions.record_attestation(work, vehicle.id, list(reports.values()))
        failed, detail = _failure(signed)
        shown = {
            serial: report["signed"]["installed_image"]["fileinfo"]["hashes"]["sha256"]
            for serial, report in reports.items()
        }
        actions.settle(work, vehicle, shown, failed, detail)


def check_manifest(body: Any, vin: str, units: Mapping[str, EcuUnit]) -> Mapping[str, Mapping[str, Any]]:
    """Check VIN and the Primary's signature of a manifest; give the ECU reports by serial. Pure.

    Raises Malformed, ManifestRefused.
    """
    signed = _object(body, "signed")
    if signed.get("vin") != vin:
        raise ManifestRefused("The manifest is of another vehicle.")
    primary = units.get(str(signed.get("primary_ecu_serial")))
    if primary is None or primary.public_key is None:
        raise ManifestRefused("The manifest's Primary is not registered with a key for this vehicle.")
    if not _signed_by(primary.public_key, body, signed):
        raise ManifestRefused("No signature of the manifest is by the Primary's registered key.")
    entries = _object(signed, "ecu_version_manifests")
    if not entries or len(entries) > MAX_ECUS:
        raise Malformed(f"ecu_version_manifests holds 1 to {MAX_ECUS} ECUs.")
    if strange := sorted(set(entries) - set(units)):
        raise ManifestRefused(f"ECU {strange[0][:64]!r} is not registered for this vehicle.")
    if missing := sorted(set(units) - set(entries)):
        raise ManifestRefused(f"There is no report of ECU {missing[0]!r}; report every ECU of the vehicle.")
    for serial, entry in entries.items():
        if _object(entry, "signed").get("ecu_serial") != serial:
            raise ManifestRefused(f"The report under {serial!r} is of another ECU.")
    return entries


def _signed_by(public_key: str, envelope: Mapping[str, Any], signed: Mapping[str, Any]) -> bool:
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) > 8:
        raise Malformed("The manifest needs a list of 1 to 8 signatures.", at="signatures")
    try:
        message = canonical(dict(signed))
    except Broken as error:
        raise Malformed(f"The signed part is not canonical JSON: {error.message}") from error
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    return any(_verifies(key, signature, message) for signature in signatures)


def _verifies(key: Ed25519PublicKey, signature: Any, message: bytes) -> bool:
    if not isinstance(signature, dict) or signature.get("method") != "ed25519":
        return False
    try:
        key.verify(bytes.fromhex(str(signature.get("sig"))), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _failure(signed: Mapping[str, Any]) -> tuple[str, str]:
    """Give the assignment that the manifest says has failed, and why; "" when it tells of no failure.

    Raises Malformed for a report of another shape.
    """
    if signed.get("installation_report") is None:
        return "", ""
    report = _object(signed, "installation_report")
    result = _object(report, "result")
    if not isinstance(result.get("success"), bool):
        raise Malformed("result.success is true or false.", at="installation_report")
    return "" if result["success"] else str(
        report.get("assignment")
    ), f"{result.get('code')}: {result.get('description')}"


def _object(holder: Any, name: str) -> dict[str, Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(found, dict):
        raise Malformed(f"The manifest needs an object {name!r}.", at=name)
    return found
