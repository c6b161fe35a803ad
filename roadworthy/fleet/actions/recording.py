"""What is learned about single vehicles: who a token is, reports, attestations, corrections of the master data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from roadworthy.accounts.credentials import looks_like_secret, secret_digest
from roadworthy.accounts.permissions import require_any
from roadworthy.database import FLEET, Actor, Database, View, Work
from roadworthy.fleet import rules, store
from roadworthy.fleet.actions.importing import ROLES
from roadworthy.fleet.model import Attested, EcuUnit, Report, Vehicle, VehId
from roadworthy.fleet.rules import Unattested
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.products.sheets import CellUnusable, cell_text


def vehicle_of_token(view: View, token: str) -> Vehicle | None:
    """Give the vehicle that a device token belongs to, or None; one indexed read of the token's digest."""
    return store.vehicle_by_token_digest(view, secret_digest(token)) if looks_like_secret(token) else None


def record_report(work: Work, vehicle_id: VehId, reports: Iterable[Report]) -> tuple[EcuUnit, ...]:
    """Keep what a vehicle says is installed; give the units about which it says something new.

    Nothing new: no write and no event. Raises Unusable for an unknown serial or an unusable value.
    """
    units = {unit.serial: unit for unit in store.units_of(work, vehicle_id)}
    changed: list[EcuUnit] = []
    for report in reports:
        unit = _unit(units, rules.check_report(report).serial)
        told = (report.path, report.sha256, report.version)
        if unit.reported.at is None or told != (unit.reported.path, unit.reported.sha256, unit.reported.version):
            columns = ("reported_path", "reported_sha256", "reported_version", "reported_at")
            units[unit.serial] = store.change_unit(work, unit, dict(zip(columns, (*told, work.now), strict=True)))
            changed.append(units[unit.serial])
    if changed:
        facts = [{"ecu": unit.ecu_id, "sha256": unit.reported.sha256} for unit in changed]
        work.record("software.reported", vehicle_id, {"ecus": facts}, lane=FLEET)
    return tuple(changed)


def record_attestation(work: Work, vehicle_id: VehId, manifests: Sequence[Mapping[str, Any]]) -> tuple[EcuUnit, ...]:
    """Keep what ECUs have signed; `manifests` are ECU version manifests. Give the units whose software is new.

    The same software as attested before: no write, since a replay of it tells nothing untrue. Other software needs
    a counter above the kept one. Raises Malformed, Unusable for an unknown serial, Unattested.
    """
    units = {unit.serial: unit for unit in store.units_of(work, vehicle_id)}
    changed: list[tuple[EcuUnit, Attested]] = []
    for manifest in manifests:
        signed = manifest.get("signed")
        unit = _unit(units, str(signed.get("ecu_serial")) if isinstance(signed, Mapping) else "")
        found = rules.check_ecu_manifest(manifest, unit)
        if (found.path, found.sha256) == (unit.attested.path, unit.attested.sha256):
            continue
        if found.counter <= unit.report_counter:
            raise Unattested("The counter of the manifest is not above the last one; it is old.", code="manifest.old")
        units[unit.serial] = store.change_unit(work, unit, _columns(work, found))
        changed.append((units[unit.serial], found))
    if changed:
        facts = [
            {"ecu": unit.ecu_id, "hardware_id": unit.hardware_id, "path": found.path, "sha256": found.sha256}
            for unit, found in changed
        ]
        work.record("software.attested", vehicle_id, {"ecus": facts}, lane=FLEET)
    return tuple(unit for unit, _ in changed)


def amend_vehicle(
    database: Database,
    actor: Actor,
    vehicle_id: VehId,
    *,
    sold: bool | None = None,
    test_fleet: bool | None = None,
    province: str | None = None,
) -> Vehicle:
    """Correct what is kept about a vehicle; None leaves as it is. Only compliance says that a sold car is not sold.

    Raises NotPermitted, NotFound, Unusable, Refused when nothing would change.
    """
    try:
        checked = None if province is None else cell_text("province", province.strip(), 40)
    except CellUnusable as error:
        raise Unusable(f"province: {error.problem}; {error.remedy}.", at="province") from error
    given = {"sold": sold, "test_fleet": test_fleet, "province": checked}
    with database.begin(actor, attempt="vehicle.amend", subject=vehicle_id) as work:
        known = store.load_vehicle(work, vehicle_id)
        # The law asks for less of cars that are not sold or only tested: not for the importer alone to say.
        if known.sold and (sold is False or (test_fleet and not known.test_fleet)):
            actor.require("compliance_officer")
        else:
            require_any(actor, *ROLES)
        changes = {name: value for name, value in given.items() if value is not None and value != getattr(known, name)}
        if not changes:
            raise Refused("Nothing would change; the record says this already.", code="nothing_changed")
        before = {name: getattr(known, name) for name in changes}
        row = work.update(store.vehicle, {"id": vehicle_id}, changes, **before)
        work.record("vehicle.amended", vehicle_id, {"changed": sorted(changes)})
    return store.vehicle_of_row(row)


def _unit(units: Mapping[str, EcuUnit], serial: str) -> EcuUnit:
    if serial not in units:
        raise Unusable(f"This vehicle has no ECU of serial {serial[:64]!r}.", code="serial.unknown", at="ecu_serial")
    return units[serial]


def _columns(work: Work, found: Attested) -> dict[str, Any]:
    return {
        "attested_path": found.path,
        "attested_sha256": found.sha256,
        "attested_version": None,  # a manifest names no version: path and hash lead to the release
        "attested_at": work.now,
        "report_counter": found.counter,
    }
