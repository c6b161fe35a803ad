"""Give vehicles their secrets: a device token each, and an Ed25519 key for each ECU that brought none."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roadworthy.accounts.credentials import new_secret, secret_digest
from roadworthy.database import Actor, Database, Work
from roadworthy.fleet import store
from roadworthy.fleet.model import EcuUnit, ImpId, Provisioned, ProvisionedEcu, PrvId, Vehicle, VehId
from roadworthy.kernel.errors import NotFound, Refused, Unusable
from roadworthy.products import store as products
from roadworthy.products.model import Ecu
from roadworthy.products.rules import primary_of

ROLE = "administrator"


class ProvisionedAlready(Refused):
    """Some of these vehicles have their secrets already; ask to renew them if the old ones are lost."""

    code = "vehicle.provisioned"


def provision(
    database: Database,
    actor: Actor,
    vehicle_ids: Iterable[VehId] | None = None,
    *,
    import_id: ImpId | None = None,
    renew: bool = False,
) -> list[Provisioned]:
    """Make the secrets of some vehicles, or of all of an import, and give them back this once.

    Kept are public keys and token digests only. Units that brought their own key keep it; the
    primary ECU comes first, the others by name. `renew` replaces the
    token and the keys that were made here; what was made before stops working.
    Raises NotPermitted, Unusable, NotFound, NoPrimary, ProvisionedAlready.
    """
    if (vehicle_ids is None) == (import_id is None):
        raise Unusable("Name either vehicles or an import.", code="vehicles.unnamed")
    with database.begin(actor, attempt="vehicles.provision") as work:
        actor.require(ROLE)
        vehicles = _named(work, vehicle_ids, import_id)
        if not renew and any(vehicle.token_sha256 is not None for vehicle in vehicles):
            raise ProvisionedAlready
        designs = _designs(work, vehicles)
        units = store.units_of_many(work, [vehicle.id for vehicle in vehicles])
        new_rows: list[dict[str, Any]] = []
        made = [_one(work, v, designs[v.vehicle_type_id], units.get(v.id, []), new_rows) for v in vehicles]
        for start in range(0, len(new_rows), 1_000):
            work.insert_all(store.ecu_unit, new_rows[start : start + 1_000])
        facts = {"count": len(made), "import": import_id, "renewed": renew}
        work.record("vehicles.provisioned", PrvId.new(work.now), facts)
    return made


def _named(work: Work, vehicle_ids: Iterable[VehId] | None, import_id: ImpId | None) -> list[Vehicle]:
    wanted = list(dict.fromkeys(store.ids_of_import(work, import_id) if import_id else vehicle_ids or ()))
    if not wanted:
        raise NotFound("No vehicle is named; check the ids.")
    found = store.vehicles_by_id(work, wanted)
    if lost := [one for one in wanted if one not in found]:
        raise NotFound(f"There is no vehicle {', '.join(lost[:5])}; check the ids.")
    return [found[one] for one in wanted]


def _designs(work: Work, vehicles: Sequence[Vehicle]) -> dict[str, tuple[Ecu, list[Ecu]]]:
    type_ids = sorted({vehicle.vehicle_type_id for vehicle in vehicles})
    ecus = products.list_ecus(work, type_ids)
    by_type = {one: [ecu for ecu in ecus if ecu.vehicle_type_id == one] for one in type_ids}
    primaries = {one: primary_of(of_type) for one, of_type in by_type.items()}
    return {
        one: (primaries[one], sorted(of_type, key=lambda ecu: (ecu != primaries[ecu.vehicle_type_id], ecu.name)))
        for one, of_type in by_type.items()
    }


def _one(
    work: Work, vehicle: Vehicle, design: tuple[Ecu, list[Ecu]], units: list[EcuUnit], new_rows: list[dict[str, Any]]
) -> Provisioned:
    primary, ecus = design
    token = new_secret()
    digest = secret_digest(token)
    work.update(store.vehicle, {"id": vehicle.id}, {"token_sha256": digest}, token_sha256=vehicle.token_sha256)
    fitted = {unit.ecu_id: unit for unit in units}
    made: list[ProvisionedEcu] = []
    for ecu in ecus:
        unit = fitted.get(ecu.id)
        serial = unit.serial if unit else f"{ecu.hardware_id[:51]}-{secrets.token_hex(6)}"
        seed: str | None = None
        if unit is None:
            seed, public = _key_pair()
            salt = secrets.token_hex(16)
            new_rows.append(
                store.new_unit_row(vehicle.id, ecu.id, ecu.hardware_id, serial, public, provisioned=True, salt=salt)
            )
        elif unit.key_provisioned:
            seed, public = _key_pair()
            store.change_unit(work, unit, {"public_key": public})
        made.append(ProvisionedEcu(serial, ecu.hardware_id, ecu.id == primary.id, seed))
    return Provisioned(vehicle.id, vehicle.vin, token, tuple(made))


def _key_pair() -> tuple[str, str]:
    """Make an Ed25519 key: 32 byte seed and raw public key, both as hex."""
    seed = secrets.token_bytes(32)
    return seed.hex(), Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()
