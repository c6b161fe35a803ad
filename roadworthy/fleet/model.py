"""Vehicles, ECU units, what is installed, and the results of imports and provisioning."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadworthy.kernel.ids import Id
from roadworthy.kernel.time import to_text
from roadworthy.kernel.vin import Vin
from roadworthy.products.model import EcuId, TypId, VarId
from roadworthy.products.sheets import RowError

MAX_FILTER_VINS = 10_000


class VehId(Id, prefix="VEH"):
    """Names a vehicle without telling its VIN."""


class ImpId(Id, prefix="IMP"):
    """Names one import."""


class PrvId(Id, prefix="PRV"):
    """Names one provisioning."""


@dataclass(frozen=True)
class Vehicle:
    """One vehicle. `token_sha256` is the digest of its device token, None before provisioning."""

    id: VehId
    vin: Vin
    vehicle_type_id: TypId
    variant_id: VarId | None
    sold: bool
    test_fleet: bool
    province: str
    plant: str
    built_on: str | None
    import_id: ImpId
    salt: str
    token_sha256: str | None

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows: no salt, no token digest."""
        return {
            "id": self.id,
            "vin": self.vin,
            "vehicle_type_id": self.vehicle_type_id,
            "variant_id": self.variant_id,
            "sold": self.sold,
            "test_fleet": self.test_fleet,
            "province": self.province,
            "plant": self.plant,
            "built_on": self.built_on,
            "import_id": self.import_id,
            "provisioned": self.token_sha256 is not None,
        }


@dataclass(frozen=True)
class Installed:
    """Software on an ECU unit: image path, SHA-256 (64 hex), version as told, and since when it is known here."""

    path: str | None
    sha256: str | None
    version: str | None
    at: datetime | None

    def to_json(self) -> dict[str, Any] | None:
        """Give what the API shows; None when nothing is known."""
        if self.at is None:
            return None
        return {"path": self.path, "sha256": self.sha256, "version": self.version, "at": to_text(self.at)}


@dataclass(frozen=True)
class EcuUnit:
    """One ECU in one vehicle. `key_provisioned` tells keys made here from keys that the supplier brought."""

    vehicle_id: VehId
    serial: str
    ecu_id: EcuId
    hardware_id: str
    public_key: str | None
    key_provisioned: bool
    reported: Installed
    attested: Installed
    report_counter: int
    salt: str

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {
            "serial": self.serial,
            "ecu_id": self.ecu_id,
            "hardware_id": self.hardware_id,
            "public_key": self.public_key,
            "reported": self.reported.to_json(),
            "attested": self.attested.to_json(),
            "report_counter": self.report_counter,
        }


@dataclass(frozen=True)
class Report:
    """What a vehicle says is installed on one of its ECUs, without proof; unknown parts are None."""

    serial: str
    path: str | None = None
    sha256: str | None = None
    version: str | None = None


@dataclass(frozen=True)
class Attested:
    """What an ECU has signed: its software and its counter."""

    path: str
    sha256: str
    length: int
    counter: int


@dataclass(frozen=True)
class VehicleFilter:
    """Which vehicles: None means any, an empty tuple means none.

    At most 10,000 VINs; `store.vehicles_by_vin` takes longer lists.
    """

    vehicle_type_ids: tuple[str, ...] | None = None
    variant_ids: tuple[str, ...] | None = None
    provinces: tuple[str, ...] | None = None
    sold: bool | None = None
    test_fleet: bool | None = None
    vins: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Imported:
    """What an import did: rows written, rows left out with reasons, and warnings about rows that were written."""

    id: ImpId
    count: int
    errors: tuple[RowError, ...]
    warnings: tuple[RowError, ...]

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows: all counts, and the first 200 errors and warnings each."""
        return {
            "id": self.id,
            "count": self.count,
            "error_count": len(self.errors),
            "errors": [error.to_json() for error in self.errors[:200]],
            "warning_count": len(self.warnings),
            "warnings": [warning.to_json() for warning in self.warnings[:200]],
        }


@dataclass(frozen=True)
class ProvisionedEcu:
    """Secrets of one ECU: `private_key` is a 32 byte Ed25519 seed as hex, None where the unit brought its own key."""

    serial: str
    hardware_id: str
    primary: bool
    private_key: str | None


@dataclass(frozen=True)
class Provisioned:
    """Secrets of one vehicle, shown once; the roof adds server and roots of trust to make a provisioning file."""

    vehicle_id: VehId
    vin: Vin
    token: str
    ecus: tuple[ProvisionedEcu, ...]

    def to_json(self) -> Mapping[str, Any]:
        """Give the vehicle's part of its provisioning file."""
        ecus = [
            {"serial": e.serial, "hardware_id": e.hardware_id, "primary": e.primary, "private_key": e.private_key}
            for e in self.ecus
        ]
        return {"vin": self.vin, "vehicle": self.vehicle_id, "token": self.token, "ecus": ecus}
