"""What the director signer demands before it builds an order. Pure: lease, assignment rows, moment -> the order.

1. The gate decision is open, made by two people, live at this moment.
2. The assignment event is `assignment.made` and each row opened under it is a row of `assignment`.
3. Each row names this vehicle and this VIN, this gate decision, its campaign, wave and release.
4. Each row's package is the cleared one (path, SHA-256, length), its hardware id is cleared, no ECU stands twice.
5. The order expires after now, at most one day from now, and not after the lease.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from roadworthy.kernel.errors import Malformed, Refused
from roadworthy.kernel.time import to_text
from roadworthy.signing.lease import Lease, NotCleared
from roadworthy.signing.model import EcuTarget, VehicleOrder, VehicleTarget

LONGEST = timedelta(days=1)
MADE = "assignment.made"


def empty_order(vin: str, version: int, expires: datetime, now: datetime) -> VehicleOrder:
    """Give the order to install nothing; it needs no proof, and still names its vehicle.

    Raises Refused for an expiry out of bounds.
    """
    _require_expiry(expires, now, now + LONGEST)
    return VehicleOrder(vin, version, expires)


def order_of(
    wanted: VehicleOrder,
    vehicle: str,
    lease: Lease,
    event: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> VehicleOrder:
    """Give the order that `rows` of the assignment `event` allow under `lease`; `wanted` has VIN, version, expiry.

    Raises NotCleared with the reason, Refused for an expiry out of bounds, Malformed for a row without its fields.
    """
    lease.require_live(now)
    _require_expiry(wanted.expires, now, min(now + LONGEST, lease.not_after))
    if event.get("kind") != MADE:
        raise NotCleared(
            f"The receipt proves {str(event.get('kind'))[:64]!r}, not {MADE}; send the assignment's receipt."
        )
    try:
        if event["subject"] not in [row["id"] for row in rows]:
            raise NotCleared("The opened rows are not those of this assignment; send the openings of its own rows.")
        ecus: dict[str, EcuTarget] = {}
        for row in rows:
            _require_row(row, lease, wanted.vin, vehicle)
            if row["ecu_serial"] in ecus:
                raise NotCleared(f"ECU {row['ecu_serial']} stands twice in the assignment; assign it once.")
            ecus[row["ecu_serial"]] = EcuTarget(row["hardware_id"], lease.release_counter)
    except (KeyError, TypeError) as error:
        raise Malformed(f"An assignment row lacks the field {error}; send the whole row.") from error
    custom = {
        "assignment": event["subject"],
        "correlationId": f"urn:roadworthy:campaign:{lease.campaign}",
        "gate": lease.gate,
    }
    target = VehicleTarget(lease.sha256, lease.length, ecus)
    return VehicleOrder(wanted.vin, wanted.version, wanted.expires, {lease.path: target}, custom)


def _require_row(row: Mapping[str, Any], lease: Lease, vin: str, vehicle: str) -> None:
    pairs = (
        ("vehicle", row["vehicle_id"], vehicle),
        ("VIN", row["vin"], vin),
        ("gate decision", row["decision_id"], lease.gate),
        ("campaign", row["campaign_id"], lease.campaign),
        ("wave", row["wave"], lease.wave),
        ("release", row["release_id"], lease.release),
        ("path", row["path"], lease.path),
        ("SHA-256", row["sha256"], lease.sha256),
        ("length", row["length"], lease.length),
    )
    for name, assigned, expected in pairs:
        if assigned != expected or type(assigned) is not type(expected):
            raise NotCleared(f"The assignment's {name} is not the one asked for and cleared; assign the vehicle anew.")
    if row["hardware_id"] not in lease.hardware_ids:
        raise NotCleared(f"Hardware {row['hardware_id']} is not cleared by {lease.gate}; clear its vehicle type.")


def _require_expiry(expires: datetime, now: datetime, latest: datetime) -> None:
    if not now < expires <= latest:
        raise Refused(
            f"The order expires at {to_text(expires)}; choose a time after now, {to_text(now)}, and at most "
            f"{to_text(latest)} (one day, and no longer than the lease).",
            code="director.expiry",
        )
