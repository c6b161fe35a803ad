"""Tables of vehicles, ECU units and imports, and all SQL over them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    Row,
    Select,
    String,
    UniqueConstraint,
    func,
    select,
)

from roadworthy.database import Instant, JsonText, View, Work, record_table
from roadworthy.fleet.model import MAX_FILTER_VINS, EcuUnit, ImpId, Installed, Vehicle, VehicleFilter, VehId
from roadworthy.kernel.errors import NotFound, Unusable
from roadworthy.kernel.vin import Vin
from roadworthy.products.model import EcuId, TypId, VarId

_CHUNK = 500  # values per IN list: far below every limit of bound parameters

vehicle_import = record_table(
    "vehicle_import",
    Column("id", String(32), primary_key=True),
    Column("what", String(16), nullable=False),
    Column("count", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("imported_by", String(64), nullable=False),
    Column("imported_at", Instant, nullable=False),
)

vehicle = record_table(
    "vehicle",
    Column("id", String(32), primary_key=True),
    Column("vin", String(17), nullable=False, unique=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False, index=True),
    Column("variant_id", ForeignKey("variant.id")),
    Column("sold", Boolean, nullable=False),
    Column("test_fleet", Boolean, nullable=False),
    Column("province", String(40), nullable=False),
    Column("plant", String(80), nullable=False),
    Column("built_on", String(10)),
    # No foreign key: the import's row, with its count, is written after the vehicles that stream in.
    Column("import_id", String(32), nullable=False, index=True),
    Column("salt", String(32), nullable=False),
    Column("token_sha256", String(64), unique=True),
)

ecu_unit = record_table(
    "ecu_unit",
    Column("vehicle_id", ForeignKey("vehicle.id"), primary_key=True),
    Column("serial", String(64), primary_key=True),
    Column("ecu_id", ForeignKey("ecu.id"), nullable=False),
    Column("hardware_id", String(64), nullable=False),
    Column("public_key", String(64)),
    Column("key_provisioned", Boolean, nullable=False),
    Column("reported_path", String(400)),
    Column("reported_sha256", String(64)),
    Column("reported_version", String(120)),
    Column("reported_at", Instant),
    Column("attested_path", String(400)),
    Column("attested_sha256", String(64)),
    Column("attested_version", String(120)),
    Column("attested_at", Instant),
    Column("report_counter", BigInteger, nullable=False),
    Column("salt", String(32), nullable=False),
    UniqueConstraint("vehicle_id", "ecu_id"),
    UniqueConstraint("ecu_id", "serial"),
    key=("vehicle_id", "serial"),
)


vehicle_attributes = record_table(
    "vehicle_attributes",
    Column("vehicle_id", ForeignKey("vehicle.id"), primary_key=True),
    Column("attributes", JsonText, nullable=False),
    Column("salt", String(32), nullable=False),
    Column("told_at", Instant, nullable=False),
    key=("vehicle_id",),
)


def load_vehicle(view: View, vehicle_id: str) -> Vehicle:
    """Give one vehicle.

    Raises NotFound.
    """
    row = view.first(select(vehicle).where(vehicle.c.id == vehicle_id))
    if row is None:
        raise NotFound(f"There is no vehicle {vehicle_id[:40]}; look it up by VIN to find the id.")
    return vehicle_of_row(row)


def vehicle_by_vin(view: View, vin: str) -> Vehicle | None:
    """Give the vehicle of a VIN, or None."""
    row = view.first(select(vehicle).where(vehicle.c.vin == vin))
    return None if row is None else vehicle_of_row(row)


def vehicle_by_token_digest(view: View, token_sha256: str) -> Vehicle | None:
    """Give the vehicle whose device token has this SHA-256, or None; one indexed read."""
    row = view.first(select(vehicle).where(vehicle.c.token_sha256 == token_sha256))
    return None if row is None else vehicle_of_row(row)


def vehicles_by_vin(view: View, vins: Iterable[str]) -> dict[str, Vehicle]:
    """Give the known vehicles among any number of VINs, by VIN; read in pieces of 500."""
    return {
        row.vin: vehicle_of_row(row)
        for part in _parts(vins)
        for row in view.all(select(vehicle).where(vehicle.c.vin.in_(part)))
    }


def vehicles_by_id(view: View, ids: Iterable[str]) -> dict[str, Vehicle]:
    """Give the known vehicles among any number of ids, by id; read in pieces of 500."""
    return {
        row.id: vehicle_of_row(row)
        for part in _parts(ids)
        for row in view.all(select(vehicle).where(vehicle.c.id.in_(part)))
    }


def ids_of_import(view: View, import_id: str) -> list[str]:
    """Give the ids of all vehicles of an import, in order."""
    query = select(vehicle.c.id).where(vehicle.c.import_id == import_id).order_by(vehicle.c.id)
    return [row.id for row in view.all(query)]


def select_vehicles(wanted: VehicleFilter) -> Select[Any]:
    """Give a Select of the vehicles that a filter names, for higher rooms to join or count.

    Columns: id, vin, vehicle_type_id, variant_id, province, sold, test_fleet.
    Raises Unusable for more than 10,000 VINs; use `vehicles_by_vin`.
    """
    table = vehicle
    query = select(
        table.c.id, table.c.vin, table.c.vehicle_type_id, table.c.variant_id, table.c.province, table.c.sold,
        table.c.test_fleet,
    )  # fmt: skip
    return query.where(*_conditions(wanted))


def page_vehicles(view: View, wanted: VehicleFilter, after: str = "", limit: int = 50) -> list[Vehicle]:
    """Give vehicles in the order of their ids, one more than `limit` where there are more."""
    query = select(vehicle).where(vehicle.c.id > after, *_conditions(wanted)).order_by(vehicle.c.id)
    return [vehicle_of_row(row) for row in view.all(query.limit(limit + 1))]


def all_vehicles(view: View, wanted: VehicleFilter, batch: int = 2_000) -> Iterator[Vehicle]:
    """Give all vehicles that a filter names, read in batches in the order of ids."""
    after = ""
    while True:
        found = page_vehicles(view, wanted, after, batch)
        yield from found[:batch]
        if len(found) <= batch:
            return
        after = found[batch - 1].id


def count_vehicles(view: View, wanted: VehicleFilter) -> int:
    """Give the number of vehicles that a filter names."""
    return int(view.scalar(select(func.count()).select_from(select_vehicles(wanted).subquery())))


def known_vins(view: View, vins: Sequence[str]) -> set[str]:
    """Give those of `vins` that are in the fleet already."""
    return {row.vin for part in _parts(vins) for row in view.all(select(vehicle.c.vin).where(vehicle.c.vin.in_(part)))}


def known_serials(view: View, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Give those of the pairs (ECU id, serial) that a unit carries already."""
    wanted = set(pairs)
    rows = (
        row
        for part in _parts(serial for _, serial in pairs)
        for row in view.all(select(ecu_unit.c.ecu_id, ecu_unit.c.serial).where(ecu_unit.c.serial.in_(part)))
    )
    return {(row.ecu_id, row.serial) for row in rows} & wanted


def units_of(view: View, vehicle_id: str) -> list[EcuUnit]:
    """Give the ECU units of a vehicle, in the order of serials."""
    query = select(ecu_unit).where(ecu_unit.c.vehicle_id == vehicle_id).order_by(ecu_unit.c.serial)
    return [unit_of_row(row) for row in view.all(query)]


def units_of_many(view: View, vehicle_ids: Iterable[str]) -> dict[str, list[EcuUnit]]:
    """Give the ECU units of any number of vehicles, by vehicle id; read in pieces of 500."""
    found: dict[str, list[EcuUnit]] = {}
    for part in _parts(vehicle_ids):
        for row in view.all(select(ecu_unit).where(ecu_unit.c.vehicle_id.in_(part)).order_by(ecu_unit.c.serial)):
            found.setdefault(row.vehicle_id, []).append(unit_of_row(row))
    return found


def load_attributes(view: View, vehicle_id: str) -> tuple[dict[str, str], datetime] | None:
    """Give what a vehicle has told of itself and when, None when it never has."""
    columns = select(vehicle_attributes.c.attributes, vehicle_attributes.c.told_at)
    row = view.first(columns.where(vehicle_attributes.c.vehicle_id == vehicle_id))
    return None if row is None else (dict(row.attributes), row.told_at)


def put_attributes(work: Work, vehicle_id: str, attributes: Mapping[str, str], *, new: bool, salt: str) -> None:
    """Insert or change what a vehicle tells of itself."""
    values = {"attributes": dict(attributes), "salt": salt, "told_at": work.now}
    if new:
        work.insert(vehicle_attributes, {"vehicle_id": vehicle_id, **values})
    else:
        work.update(vehicle_attributes, {"vehicle_id": vehicle_id}, values)


def save_import(work: Work, import_id: ImpId, what: str, count: int, skipped: int) -> None:
    """Insert what an import did; after its rows, in the same unit of work."""
    line = {"id": import_id, "what": what, "count": count, "skipped": skipped}
    work.insert(vehicle_import, {**line, "imported_by": work.actor.id, "imported_at": work.now})


def change_unit(work: Work, unit: EcuUnit, changes: Mapping[str, Any]) -> EcuUnit:
    """Change an ECU unit whose counter is still as known.

    Raises Changed.
    """
    key = {"vehicle_id": unit.vehicle_id, "serial": unit.serial}
    return unit_of_row(work.update(ecu_unit, key, changes, report_counter=unit.report_counter))


def new_unit_row(
    vehicle_id: str, ecu_id: str, hardware_id: str, serial: str, public_key: str, *, provisioned: bool, salt: str
) -> dict[str, Any]:
    """Give the columns of a unit about which nothing is known but its key."""
    return {
        "vehicle_id": vehicle_id,
        "serial": serial,
        "ecu_id": ecu_id,
        "hardware_id": hardware_id,
        "public_key": public_key,
        "key_provisioned": provisioned,
        "report_counter": 0,
        "salt": salt,
    }


def vehicle_of_row(row: Row[Any]) -> Vehicle:
    """Read a vehicle."""
    return Vehicle(
        VehId(row.id), Vin(row.vin), TypId(row.vehicle_type_id), VarId(row.variant_id) if row.variant_id else None,
        row.sold, row.test_fleet, row.province, row.plant, row.built_on, ImpId(row.import_id), row.salt,
        row.token_sha256,
    )  # fmt: skip


def unit_of_row(row: Row[Any]) -> EcuUnit:
    """Read an ECU unit."""
    reported = _installed(row.reported_path, row.reported_sha256, row.reported_version, row.reported_at)
    attested = _installed(row.attested_path, row.attested_sha256, row.attested_version, row.attested_at)
    return EcuUnit(
        VehId(row.vehicle_id), row.serial, EcuId(row.ecu_id), row.hardware_id, row.public_key, row.key_provisioned,
        reported, attested, row.report_counter, row.salt,
    )  # fmt: skip


def _installed(path: str | None, sha256: str | None, version: str | None, at: datetime | None) -> Installed:
    return Installed(path, sha256, version, at)


def _conditions(wanted: VehicleFilter) -> list[Any]:
    if wanted.vins is not None and len(wanted.vins) > MAX_FILTER_VINS:
        raise Unusable(f"A filter takes at most {MAX_FILTER_VINS} VINs; make a target set of longer lists.", at="vins")
    lists = (
        (vehicle.c.vehicle_type_id, wanted.vehicle_type_ids),
        (vehicle.c.variant_id, wanted.variant_ids),
        (vehicle.c.province, wanted.provinces),
        (vehicle.c.vin, wanted.vins),
    )
    flags = ((vehicle.c.sold, wanted.sold), (vehicle.c.test_fleet, wanted.test_fleet))
    listed = [column.in_(values) for column, values in lists if values is not None]
    return listed + [column.is_(value) for column, value in flags if value is not None]


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    whole = list(values)
    return (whole[start : start + _CHUNK] for start in range(0, len(whole), _CHUNK))
