"""The verbs over vehicle types, their variants and announcements."""

from dataclasses import replace
from typing import Any

from roadworthy.database import Actor, Database
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.time import beijing_date, parse_date
from roadworthy.products import rules, store
from roadworthy.products.actions.editing import ROLE, amend, only, second_person
from roadworthy.products.model import AnnId, Announcement, AnnouncementKind, TypId, Variant, VarId, VehicleType
from roadworthy.products.states import VEHICLE_TYPE

MOST_BATCH = 99_999


def add_vehicle_type(
    database: Database,
    actor: Actor,
    *,
    model_code: str,
    name: str,
    automation_level: int,
    licensed_manufacturer: str | None = None,
    imported: bool = False,
    annex2_supplemented: bool = False,
) -> VehicleType:
    """Add an announced model; `automation_level` 0..5 as admitted.

    Raises NotPermitted, Unusable, Refused when the model code exists.
    """
    with database.begin(actor, attempt="vehicle_type.add") as work:
        actor.require(ROLE)
        made = _checked_type(
            VehicleType(
                TypId.new(work.now), model_code, name, automation_level, licensed_manufacturer, imported,
                annex2_supplemented, VEHICLE_TYPE.initial,
            )
        )  # fmt: skip
        store.save_vehicle_type(work, made)
        work.record("vehicle_type.added", made.id, {"model_code": made.model_code})
    return made


def amend_vehicle_type(database: Database, actor: Actor, type_id: TypId, **changes: Any) -> VehicleType:
    """Change name, automation_level, licensed_manufacturer, imported or annex2_supplemented.

    Raises NotPermitted, NotFound, Unusable, NothingChanged.
    """
    allowed = {"name", "automation_level", "licensed_manufacturer", "imported", "annex2_supplemented"}
    only(changes, allowed)
    with database.begin(actor, attempt="vehicle_type.amend", subject=type_id) as work:
        actor.require(ROLE)
        known = store.load_vehicle_type(work, type_id)
        wanted = _checked_type(replace(known, **changes))
        if rules.loosens_type(known, wanted):
            second_person(work, actor, type_id)
        amend(work, store.vehicle_type, {"id": type_id}, known.to_json(), wanted.to_json(), "vehicle_type.amended")
    return wanted


def retire(database: Database, actor: Actor, type_id: TypId) -> VehicleType:
    """Retire a vehicle type: no new release targets it. Raises NotPermitted, NotFound, WrongState."""
    return _move_type(database, actor, type_id, "retire", "vehicle_type.retired")


def reinstate(database: Database, actor: Actor, type_id: TypId) -> VehicleType:
    """Take a retired vehicle type back. Raises NotPermitted, NotFound, WrongState."""
    return _move_type(database, actor, type_id, "reinstate", "vehicle_type.reinstated")


def add_variant(database: Database, actor: Actor, type_id: TypId, code: str, name: str = "") -> Variant:
    """Add a variant of a vehicle type.

    Raises NotPermitted, NotFound, Unusable, Refused when the code exists.
    """
    parsed = rules.parse_words(code, "code", 64)
    with database.begin(actor, attempt="variant.add", subject=type_id) as work:
        actor.require(ROLE)
        store.load_vehicle_type(work, type_id)
        made = Variant(VarId.new(work.now), type_id, parsed, rules.parse_words(name or code, "name"))
        store.save_variant(work, made)
        work.record("variant.added", made.id, {"vehicle_type": type_id})
    return made


def amend_variant(database: Database, actor: Actor, variant_id: VarId, name: str) -> Variant:
    """Rename a variant; its code stays, since vehicles were imported by it.

    Raises NotPermitted, NotFound, Unusable, NothingChanged.
    """
    parsed = rules.parse_words(name, "name")
    with database.begin(actor, attempt="variant.amend", subject=variant_id) as work:
        actor.require(ROLE)
        known = store.load_variant(work, variant_id)
        wanted = replace(known, name=parsed)
        amend(work, store.variant, {"id": variant_id}, known.to_json(), wanted.to_json(), "variant.amended")
    return wanted


def add_announcement(
    database: Database, actor: Actor, type_id: TypId, batch: int, announced_on: str, kind: str = AnnouncementKind.FIRST
) -> Announcement:
    """Enter in which batch of the announcement a vehicle type stood; `announced_on` is an ISO day, not in the future.

    An entry stays as it is: a later batch is entered beside it. Raises NotPermitted, NotFound, Unusable, Refused when
    the batch stands there already.
    """
    if isinstance(batch, bool) or not 1 <= batch <= MOST_BATCH:
        raise Unusable(f"batch is a number from 1 to {MOST_BATCH}.", code="batch.unusable", at="batch")
    if kind not in list(AnnouncementKind):
        raise Unusable(f"kind is one of {', '.join(AnnouncementKind)}.", code="kind.unknown", at="kind")
    day = parse_date(announced_on)
    with database.begin(actor, attempt="announcement.add", subject=type_id) as work:
        actor.require(ROLE)
        store.load_vehicle_type(work, type_id)
        if day > beijing_date(work.now):
            raise Unusable("announced_on lies in the future; enter it once it is announced.", at="announced_on")
        made = Announcement(AnnId.new(work.now), type_id, batch, AnnouncementKind(kind), day.isoformat())
        work.insert(store.announcement, made.to_json())
        work.record("announcement.added", made.id, {"batch": batch, "kind": str(kind), "vehicle_type": type_id})
    return made


def _move_type(database: Database, actor: Actor, type_id: TypId, verb: str, kind: str) -> VehicleType:
    with database.begin(actor, attempt=f"vehicle_type.{verb}", subject=type_id) as work:
        store.load_vehicle_type(work, type_id)
        step, row = work.move(store.vehicle_type, {"id": type_id}, VEHICLE_TYPE, verb)
        work.record(kind, type_id, move=step)
        return store.type_of_row(row)


def _checked_type(one: VehicleType) -> VehicleType:
    if isinstance(one.automation_level, bool) or one.automation_level not in range(6):
        raise Unusable("automation_level is 0 to 5 (GB/T 40429).", code="level.unusable", at="automation_level")
    maker = one.licensed_manufacturer
    if maker is None and not one.imported:
        raise Unusable(
            "A domestic model needs licensed_manufacturer, the holder of its production licence.",
            code="manufacturer.missing",
            at="licensed_manufacturer",
        )
    return replace(
        one,
        model_code=rules.parse_model_code(one.model_code),
        name=rules.parse_words(one.name, "name"),
        licensed_manufacturer=None if maker is None else rules.parse_words(maker, "licensed_manufacturer"),
    )
