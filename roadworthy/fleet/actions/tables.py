"""Templates to fill in, and the fleet as a table that can be imported again."""

from collections.abc import Iterator, Sequence

from roadworthy.database import View
from roadworthy.fleet import store
from roadworthy.fleet.model import Vehicle, VehicleFilter
from roadworthy.fleet.rules import ECU_COLUMNS, VEHICLE_COLUMNS
from roadworthy.kernel.errors import NotFound
from roadworthy.products import store as products
from roadworthy.products.sheets import SheetColumn, template_xlsx, write_csv

_TABLES: dict[str, Sequence[SheetColumn]] = {"vehicles": VEHICLE_COLUMNS, "ecus": ECU_COLUMNS}


def template(what: str, kind: str) -> bytes:
    """Give an empty table of `vehicles` or `ecus` as `csv` or `xlsx`.

    Raises NotFound for other words.
    """
    if what not in _TABLES or kind not in ("csv", "xlsx"):
        raise NotFound("There are templates vehicles and ecus, as csv and xlsx.")
    if kind == "xlsx":
        return template_xlsx(_TABLES[what])
    return "".join(write_csv(_TABLES[what], ())).encode("utf-8-sig")


def export_csv(view: View, wanted: VehicleFilter) -> Iterator[str]:
    """Give the vehicles that a filter names as CSV in pieces; importing it gives the same vehicles."""
    codes = {found.id: code for code, found in products.all_vehicle_types(view).items()}
    variants = {variant.id: variant.code for variant in products.list_variants(view)}
    yield "\ufeff"
    yield from write_csv(
        VEHICLE_COLUMNS,
        (
            _cells(one, codes[one.vehicle_type_id], variants[one.variant_id] if one.variant_id else "")
            for one in store.all_vehicles(view, wanted)
        ),
    )


def _cells(one: Vehicle, model_code: str, variant: str) -> dict[str, str]:
    return {
        "vin": one.vin,
        "model_code": model_code,
        "variant": variant,
        "sold": "true" if one.sold else "false",
        "test_fleet": "true" if one.test_fleet else "false",
        "province": one.province,
        "plant": one.plant,
        "built_on": one.built_on or "",
    }
