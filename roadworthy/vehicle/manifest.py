"""The vehicle version manifest: what each ECU runs, signed by that ECU, and all of it signed by the primary.

Fields as Uptane 2.1.0, 5.4.2.1; JSON as `PUT .../director/manifest` takes it. Signatures are Ed25519 over the
canonical bytes of `signed`; a key id is the SHA-256 of the raw public key.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roadworthy.kernel.event import canonical
from roadworthy.kernel.time import to_text
from roadworthy.vehicle.attack import Order
from roadworthy.vehicle.provisioning import Ecu, Provisioning
from roadworthy.vehicle.state import Installed, State

# What an ECU reports that was never updated: no name stands for it, so the name says so.
NO_IMAGE = Installed("noimage", sha256(b"").hexdigest(), 0, 0, "")


def installation_report(order: Order, *, success: bool, code: str, description: str) -> dict[str, Any]:
    """Say how an assignment ended. `code` is one word, `description` ASCII."""
    text = description.encode("ascii", "backslashreplace").decode("ascii")
    result = {"success": success, "code": code, "description": text}
    return {"correlation_id": order.correlation_id, "assignment": order.assignment, "result": result}


def vehicle_manifest(vehicle: Provisioning, state: State, report: Any, attacks: str, at: datetime) -> bytes:
    """Give the signed manifest as canonical bytes, with `state.report_counter` as its counter.

    `attacks` stands in the primary's report: the primary verifies for all.
    """
    reports = {ecu.serial: _ecu_report(ecu, state, attacks if ecu.primary else "", at) for ecu in vehicle.ecus}
    body = {
        "vin": vehicle.vin,
        "primary_ecu_serial": vehicle.primary.serial,
        "ecu_version_manifests": reports,
        "installation_report": report,
    }
    return canonical(_signed(body, vehicle.primary.private_key))


def key_id(key: Ed25519PrivateKey) -> str:
    """Give the SHA-256 of the raw public key, in hex."""
    return sha256(key.public_key().public_bytes_raw()).hexdigest()


def _ecu_report(ecu: Ecu, state: State, attacks: str, at: datetime) -> dict[str, Any]:
    installed = state.ecus.get(ecu.serial, NO_IMAGE)
    body = {
        "ecu_serial": ecu.serial,
        "hardware_id": ecu.hardware_id,
        "attacks_detected": attacks,
        "report_counter": state.report_counter,
        "installed_image": {
            "filepath": installed.path,
            "fileinfo": {"length": installed.length, "hashes": {"sha256": installed.sha256}},
        },
        "time": to_text(at),
    }
    return _signed(body, ecu.private_key)


def _signed(body: dict[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    signature = key.sign(canonical(body)).hex()
    return {"signatures": [{"keyid": key_id(key), "method": "ed25519", "sig": signature}], "signed": body}
