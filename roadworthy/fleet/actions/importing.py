"""Import of vehicles and of ECU units from CSV or Excel: every wrong cell is named, and nothing is half imported."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from sqlalchemy import Table

from roadworthy.accounts.permissions import require_any
from roadworthy.database import Actor, Database, Work
from roadworthy.fleet import rules, store
from roadworthy.fleet.model import ImpId, Imported, VehId
from roadworthy.fleet.rules import EcuRow, VehicleRow
from roadworthy.kernel.errors import Unusable
from roadworthy.products import store as products
from roadworthy.products.model import Ecu, VarId
from roadworthy.products.sheets import Line, RowError, RowsUnusable, SheetColumn, located, read_table, walk

ROLES = ("administrator", "homologation_officer")


class _Import:
    """One running import: what was found so far, and the rows written so far (rolled back if it is refused)."""

    def __init__(self, work: Work, table: Table, *, skip_bad: bool) -> None:
        self.id = ImpId.new(work.now)
        self.work, self.table, self.skip_bad = work, table, skip_bad
        self.errors: list[RowError] = []
        self.warnings: list[RowError] = []
        self.count = 0

    def write(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write rows, unless an error has already decided that nothing is kept."""
        if self.skip_bad or not self.errors:
            whole = list(rows)
            self.work.insert_all(self.table, whole)
            self.count += len(whole)

    def finish(self, what: str, stream: BinaryIO, columns: Sequence[SheetColumn]) -> Imported:
        """Refuse the import when a row is bad (with skip_bad: when no row is good), or record it."""
        self.errors = located(stream, columns, self.errors)
        if self.errors and not (self.skip_bad and self.count):
            raise RowsUnusable(self.errors)
        if not self.count:
            raise Unusable("The table has a header and no rows; fill in the rows.", code="table.empty")
        skipped = len({error.row for error in self.errors})
        store.save_import(self.work, self.id, what, self.count, skipped)
        self.work.record(f"{what}.imported", self.id, {"count": self.count, "skipped": skipped})
        return Imported(self.id, self.count, tuple(self.errors), tuple(self.warnings))


def import_vehicles(database: Database, actor: Actor, stream: BinaryIO, *, skip_bad: bool = False) -> Imported:
    """Import vehicles from a CSV or Excel file with the columns of `rules.VEHICLE_COLUMNS`.

    Nothing is written unless all rows are good; with `skip_bad` the good rows are. One event for the whole import.
    Raises NotPermitted, Malformed, RowsUnusable with every wrong cell.
    """
    with database.begin(actor, attempt="vehicles.import") as work:
        require_any(actor, *ROLES)
        running = _Import(work, store.vehicle, skip_bad=skip_bad)
        types = {code: found.id for code, found in products.all_vehicle_types(work).items()}
        variants: dict[tuple[str, str], VarId] = {
            (v.vehicle_type_id, v.code): v.id for v in products.list_variants(work)
        }

        def keep(batch: Sequence[VehicleRow]) -> None:
            known = store.known_vins(work, [one.vin for one in batch])
            running.errors += [_known_vin(one) for one in batch if one.vin in known]
            running.write(_vehicle(work, running.id, one) for one in batch if one.vin not in known)

        def read(line: Line) -> VehicleRow | None:
            found, errors, warnings = rules.read_vehicle(line.row, line.cells, types, variants)
            running.errors += errors
            running.warnings += warnings
            return found

        table = read_table(stream, rules.VEHICLE_COLUMNS)
        walk(table, running.errors, read, lambda one: [("vin", one.vin)], keep)
        return running.finish("vehicles", stream, rules.VEHICLE_COLUMNS)


def import_ecus(database: Database, actor: Actor, stream: BinaryIO, *, skip_bad: bool = False) -> Imported:
    """Import ECU units that bring their own keys, with the columns of `rules.ECU_COLUMNS`.

    Nothing is written unless all rows are good; with `skip_bad` the good rows are. One event for the whole import.
    Raises NotPermitted, Malformed, RowsUnusable with every wrong cell.
    """
    with database.begin(actor, attempt="ecus.import") as work:
        require_any(actor, *ROLES)
        running = _Import(work, store.ecu_unit, skip_bad=skip_bad)
        designs: dict[tuple[str, str], Ecu] = {(e.vehicle_type_id, e.name): e for e in products.list_ecus(work)}

        def keep(batch: Sequence[EcuRow]) -> None:
            running.write(_good_units(work, batch, designs, running.errors))

        def read(line: Line) -> EcuRow | None:
            found, errors = rules.read_ecu(line.row, line.cells)
            running.errors += errors
            return found

        def names(one: EcuRow) -> list[tuple[str, str]]:
            return [("ecu", f"{one.vin}/{one.ecu}"), ("serial", f"{one.ecu}/{one.serial}")]

        walk(read_table(stream, rules.ECU_COLUMNS), running.errors, read, names, keep)
        return running.finish("ecus", stream, rules.ECU_COLUMNS)


def _known_vin(one: VehicleRow) -> RowError:
    return RowError(one.row, "vin", f"{one.vin} is in the fleet already", "remove the row")


def _vehicle(work: Work, import_id: ImpId, one: VehicleRow) -> dict[str, Any]:
    return {
        "id": VehId.new(work.now),
        "vin": one.vin,
        "vehicle_type_id": one.vehicle_type_id,
        "variant_id": one.variant_id,
        "sold": one.sold,
        "test_fleet": one.test_fleet,
        "province": one.province,
        "plant": one.plant,
        "built_on": one.built_on,
        "import_id": import_id,
        "salt": secrets.token_hex(16),
        "token_sha256": None,
    }


def _good_units(
    work: Work, batch: Sequence[EcuRow], designs: Mapping[tuple[str, str], Ecu], errors: list[RowError]
) -> list[dict[str, Any]]:
    vehicles = store.vehicles_by_vin(work, [one.vin for one in batch])
    units = store.units_of_many(work, [found.id for found in vehicles.values()])
    fitted: list[tuple[EcuRow, str, Ecu]] = []
    for one in batch:
        vehicle = vehicles.get(one.vin)
        design = designs.get((vehicle.vehicle_type_id, one.ecu)) if vehicle else None
        if vehicle is None:
            errors.append(RowError(one.row, "vin", f"{one.vin} is not in the fleet", "import the vehicle first"))
        elif design is None:
            errors.append(RowError(one.row, "ecu", f"its vehicle type has no ECU {one.ecu!r}", "correct the name"))
        elif any(unit.ecu_id == design.id for unit in units.get(vehicle.id, ())):
            errors.append(RowError(one.row, "ecu", f"{one.vin} has its {one.ecu} already", "remove the row"))
        else:
            fitted.append((one, vehicle.id, design))
    taken = store.known_serials(work, [(design.id, one.serial) for one, _, design in fitted])
    good: list[dict[str, Any]] = []
    for one, vehicle_id, design in fitted:
        if (design.id, one.serial) in taken:
            errors.append(
                RowError(one.row, "serial", "another vehicle has a unit of this serial", "correct the serial")
            )
            continue
        salt = secrets.token_hex(16)
        good.append(
            store.new_unit_row(
                vehicle_id, design.id, design.hardware_id, one.serial, one.public_key, provisioned=False, salt=salt
            )
        )
    return good
