"""The Director's files of one vehicle: what it shall install now. Lean, since there are millions of them.

A dict, its canonical bytes, one Ed25519 signature, the file: nothing else. Tests assert that the bytes equal
python-tuf's. The VIN stands inside also when there is nothing to install, so that the empty order of one vehicle
cannot quiet another (Uptane 2.1.0, 5.3.2; uptane-standard issue 202).
"""

from collections.abc import Mapping
from hashlib import sha256

from tuf.api.metadata import SPECIFICATION_VERSION  # type: ignore[attr-defined] # python-tuf re-exports these without __all__

from roadworthy.kernel.event import Json
from roadworthy.signing.canonical import Signature, envelope, signable
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import Bundle, VehicleOrder, VehicleTarget, tuf_instant

_SPECIFICATION = ".".join(SPECIFICATION_VERSION)


def make_bundle(order: VehicleOrder, online: SigningKey) -> Bundle:
    """Sign targets, snapshot and timestamp of one vehicle, all with the order's version and expiry.

    Raises Unprintable when an id or path holds anything but printable ASCII.
    """
    targets = _signed_file(
        order,
        online,
        "targets",
        {
            "custom": {**order.custom, "vin": order.vin},
            "targets": {path: _target(target) for path, target in order.targets.items()},
        },
    )
    snapshot = _signed_file(order, online, "snapshot", {"meta": {"targets.json": _meta(order, targets)}})
    timestamp = _signed_file(order, online, "timestamp", {"meta": {"snapshot.json": _meta(order, snapshot)}})
    return Bundle(targets, snapshot, timestamp)


def _signed_file(order: VehicleOrder, online: SigningKey, role: str, fields: Mapping[str, Json]) -> bytes:
    body = signable(
        {
            "_type": role,
            "expires": tuf_instant(order.expires),
            "spec_version": _SPECIFICATION,
            "version": order.version,
            **fields,
        }
    )
    return envelope(body, [Signature(online.keyid, online.sign(body).hex())])


def _meta(order: VehicleOrder, content: bytes) -> dict[str, Json]:
    return {"hashes": {"sha256": sha256(content).hexdigest()}, "length": len(content), "version": order.version}


def _target(target: VehicleTarget) -> dict[str, Json]:
    ecus = {
        serial: {"hardwareId": ecu.hardware_id, "releaseCounter": ecu.release_counter}
        for serial, ecu in target.ecus.items()
    }
    return {"custom": {"ecuIdentifiers": ecus}, "hashes": {"sha256": target.sha256}, "length": target.length}
