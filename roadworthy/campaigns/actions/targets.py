"""Target sets: which vehicles a filter or a VIN list names, without loading them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from roadworthy.campaigns import store
from roadworthy.campaigns.model import Campaign
from roadworthy.campaigns.rules import target_digest
from roadworthy.database import View
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import Vehicle, VehicleFilter
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import Json
from roadworthy.kernel.vin import parse_vin
from roadworthy.releases.rules import Cars

_LISTS = ("vehicle_type_ids", "variant_ids", "provinces")
_FLAGS = ("sold", "test_fleet")
EVERY = VehicleFilter()


def filter_of(told: Mapping[str, Json]) -> VehicleFilter:
    """Read a filter such as {"sold": true, "provinces": ["..."]}.

    Raises Unusable for an unknown name or a value of another type.
    """
    values: dict[str, Any] = {}
    for name, value in told.items():
        if name in _FLAGS and isinstance(value, bool):
            values[name] = value
        elif name in _LISTS and isinstance(value, list) and value and all(isinstance(v, str) for v in value):
            values[name] = tuple(value)
        else:
            known = ", ".join([*(f"{n}=[...]" for n in _LISTS), *(f"{n}=true" for n in _FLAGS)])
            raise Unusable(f"filter {name[:40]!r}: use {known}.", code="filter.unusable", at=f"filter.{name[:40]}")
    return VehicleFilter(**values)


def narrowed(wanted: Mapping[str, Json], release_types: Sequence[str]) -> dict[str, Json]:
    """Narrow a filter to the vehicle types of a release: a campaign never aims at others.

    Raises Unusable when nothing is left.
    """
    asked = filter_of(wanted).vehicle_type_ids
    left = sorted(type_id for type_id in release_types if asked is None or type_id in asked)
    if not left:
        raise Unusable("The filter names none of the release's vehicle types.", code="target.types", at="filter")
    return {**wanted, "vehicle_type_ids": left}


def matches(wanted: VehicleFilter, vehicle: Vehicle) -> bool:
    """Whether one vehicle is what a filter names: the same answer as the SQL of `select_vehicles`."""
    checks = (
        (wanted.vehicle_type_ids, vehicle.vehicle_type_id),
        (wanted.variant_ids, vehicle.variant_id),
        (wanted.provinces, vehicle.province),
    )
    flags = ((wanted.sold, vehicle.sold), (wanted.test_fleet, vehicle.test_fleet))
    return all(names is None or value in names for names, value in checks) and all(
        asked is None or asked is value for asked, value in flags
    )


def aims_at(view: View, campaign: Campaign, vehicle: Vehicle) -> bool:
    """Whether a vehicle belongs to a campaign's target set; one indexed read at most."""
    if campaign.by_list:
        return store.is_listed(view, campaign.id, vehicle.id)
    return still_aims_at(campaign, vehicle) and vehicle.id < store.newest_vehicle(campaign)


def still_aims_at(campaign: Campaign, vehicle: Vehicle) -> bool:
    """Whether a vehicle that was in a target set is in it still: its record may have been corrected. No read."""
    return campaign.by_list or matches(filter_of(campaign.filter), vehicle)


def kinds_of_cars(view: View, campaign: Campaign) -> dict[str, frozenset[Cars]]:
    """Give the vehicle types of a target set, each with the kinds of its vehicles (sold, stock, test)."""
    found: dict[str, set[Cars]] = {}
    for type_id, sold, test_fleet in store.target_types(view, store.in_target(campaign, _vehicles(campaign))):
        # A test vehicle that was sold is judged as sold.
        found.setdefault(type_id, set()).add(Cars(sold, test_fleet and not sold))
    return {type_id: frozenset(cars) for type_id, cars in found.items()}


def vin_digest(view: View, campaign: Campaign, type_ids: Collection[str]) -> str:
    """Give the digest of the VINs of a target set as it is now, of some vehicle types."""
    rows = view.all(store.in_target(campaign, _vehicles(campaign)))
    return target_digest(row.vin for row in rows if row.vehicle_type_id in type_ids)


def cars_of(view: View, campaign: Campaign) -> list[tuple[str, str]]:
    """Give (vehicle id, VIN) of a filter's target set."""
    return [(row.id, row.vin) for row in view.all(store.in_target(campaign, _vehicles(campaign)))]


def cars_listed(view: View, vins: Sequence[str], release_types: Sequence[str]) -> list[tuple[str, str]]:
    """Give (vehicle id, VIN) of a VIN list.

    Raises Unusable for a VIN that is wrong, not in the fleet, or of a type that the release is not for.
    """
    wanted = [parse_vin(vin) for vin in vins]
    known = fleet_store.vehicles_by_vin(view, wanted)
    if unknown := [vin for vin in wanted if vin not in known]:
        raise Unusable(
            f"{len(unknown)} VINs are not in the fleet, the first is {unknown[0]}; import them first.",
            code="target.unknown_vin",
            at="vins",
        )
    if strange := [vin for vin, car in known.items() if car.vehicle_type_id not in release_types]:
        raise Unusable(
            f"{len(strange)} VINs are of vehicle types that the release is not for, the first is {strange[0]}.",
            code="target.types",
            at="vins",
        )
    return [(car.id, car.vin) for car in known.values()]


def _vehicles(campaign: Campaign) -> Any:
    return fleet_store.select_vehicles(EVERY if campaign.by_list else filter_of(campaign.filter))
