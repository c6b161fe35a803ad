"""The verbs over vehicle types, variants, ECUs and parameter definitions; all by a homologation officer."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from roadworthy.database import Actor, Database, Work
from roadworthy.database.history import last_actor
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable
from roadworthy.products import rules, store
from roadworthy.products.model import (
    ClientProfile,
    Ecu,
    EcuId,
    ParameterDefinition,
    ParameterType,
    TypId,
    Variant,
    VarId,
    VehicleType,
)
from roadworthy.products.states import VEHICLE_TYPE

ROLE = "homologation_officer"
NULLABLE = frozenset({"licensed_manufacturer", "influences", "is_main", "tolerance"})


class NothingChanged(Refused):
    """Nothing would change; the record says this already."""

    code = "nothing_changed"


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
    _only(changes, allowed)
    with database.begin(actor, attempt="vehicle_type.amend", subject=type_id) as work:
        actor.require(ROLE)
        known = store.load_vehicle_type(work, type_id)
        wanted = _checked_type(replace(known, **changes))
        if rules.loosens_type(known, wanted):
            _second_person(work, actor, type_id)
        changed = _changed(known.to_json(), wanted.to_json())
        work.update(store.vehicle_type, {"id": type_id}, _after(changed), **_before(changed))
        work.record("vehicle_type.amended", type_id, {"changed": changed})
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


def add_ecu(
    database: Database,
    actor: Actor,
    type_id: TypId,
    *,
    name: str,
    hardware_id: str,
    supplier: str,
    client_profile: str = ClientProfile.TUF,
    is_primary: bool = False,
    holds_driving_automation: bool = False,
    approval_relevant: bool = False,
    influences: Iterable[str] | None = None,
) -> Ecu:
    """Add an ECU of a vehicle type; `influences` are parameter keys, None when nobody has determined them.

    Raises NotPermitted, NotFound, Unusable, Refused when the name exists or the type has a primary already.
    """
    with database.begin(actor, attempt="ecu.add", subject=type_id) as work:
        actor.require(ROLE)
        store.load_vehicle_type(work, type_id)
        keys = None if influences is None else tuple(influences)
        made = _checked_ecu(
            work,
            Ecu(
                EcuId.new(work.now), type_id, name, hardware_id, supplier, _profile(client_profile), is_primary,
                holds_driving_automation, approval_relevant, keys,
            ),
        )  # fmt: skip
        store.save_ecu(work, made)
        work.record("ecu.added", made.id, {"vehicle_type": type_id, "hardware_id": made.hardware_id})
    return made


def amend_ecu(database: Database, actor: Actor, ecu_id: EcuId, **changes: Any) -> Ecu:
    """Change supplier, client_profile, is_primary, holds_driving_automation, approval_relevant or influences.

    Raises NotPermitted, NotFound, Unusable, NothingChanged.
    """
    allowed = {
        "supplier", "client_profile", "is_primary", "holds_driving_automation", "approval_relevant", "influences",
    }  # fmt: skip
    _only(changes, allowed)
    if changes.get("influences") is not None:
        changes["influences"] = tuple(changes["influences"])
    if "client_profile" in changes:
        changes["client_profile"] = _profile(changes["client_profile"])
    with database.begin(actor, attempt="ecu.amend", subject=ecu_id) as work:
        actor.require(ROLE)
        known = store.load_ecu(work, ecu_id)
        wanted = _checked_ecu(work, replace(known, **changes))
        if rules.loosens_ecu(known, wanted):
            _second_person(work, actor, ecu_id)
        changed = _changed(known.to_json(), wanted.to_json())
        work.update(store.ecu, {"id": ecu_id}, _after(changed), **_before(changed))
        work.record("ecu.amended", ecu_id, {"changed": changed})
    return wanted


def define_parameter(database: Database, actor: Actor, definition: ParameterDefinition) -> ParameterDefinition:
    """Define a technical parameter.

    Raises NotPermitted, Unusable, Refused when the key exists.
    """
    return define_parameters(database, actor, [definition])[0]


def define_parameters(
    database: Database, actor: Actor, definitions: Iterable[ParameterDefinition]
) -> list[ParameterDefinition]:
    """Define several technical parameters, all or none; one event for each.

    Raises NotPermitted, Unusable, Refused when a key exists.
    """
    with database.begin(actor, attempt="parameter.define") as work:
        actor.require(ROLE)
        made = [_checked_definition(one) for one in definitions]
        for one in made:
            store.save_definitions(work, [one])
            work.record("parameter.defined", f"parameter:{one.key}", {"definition": one.to_json()})
    return made


def amend_parameter(database: Database, actor: Actor, key: str, **changes: Any) -> ParameterDefinition:
    """Change label, unit, is_main or tolerance; a type never changes, since kept values would lose their sense.

    Raises NotPermitted, NotFound, Unusable, NothingChanged.
    """
    _only(changes, {"label", "unit", "is_main", "tolerance"})
    with database.begin(actor, attempt="parameter.amend", subject=f"parameter:{key[: rules.MAX_KEY]}") as work:
        actor.require(ROLE)
        known = store.load_definition(work, key)
        wanted = _checked_definition(replace(known, **changes))
        if rules.loosens_parameter(known, wanted):
            _second_person(work, actor, f"parameter:{key}")
        changed = _changed(store.definition_row(known), store.definition_row(wanted))
        work.update(store.parameter_definition, {"key": key}, _after(changed), **_before(changed))
        work.record("parameter.amended", f"parameter:{key[: rules.MAX_KEY]}", {"changed": changed})
    return wanted


def _second_person(work: Work, actor: Actor, subject: str) -> None:
    """Require that who loosens an entry is not who wrote it last: the class of an upgrade follows from it.

    Raises NotPermitted.
    """
    if last_actor(work, subject) == actor.id:
        raise NotPermitted(
            "This could make the law ask for less, and you wrote the entry last; ask another homologation officer.",
            code="four_eyes",
        )


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


def _checked_ecu(work: Work, one: Ecu) -> Ecu:
    if one.influences is not None:
        if len(set(one.influences)) > rules.MAX_INFLUENCES:
            raise Unusable(f"influences names at most {rules.MAX_INFLUENCES} parameters; null means all.")
        unknown = sorted(set(one.influences) - set(store.all_definitions(work)))
        if unknown:
            raise Unusable(
                f"influences names parameters that are not defined: {', '.join(unknown[:5])}; define them first.",
                code="parameter.unknown",
                at="influences",
            )
    return replace(
        one,
        name=rules.parse_words(one.name, "name", 64),
        hardware_id=rules.parse_hardware_id(one.hardware_id),
        supplier=rules.parse_words(one.supplier, "supplier"),
        influences=None if one.influences is None else tuple(sorted(set(one.influences))),
    )


def _checked_definition(one: ParameterDefinition) -> ParameterDefinition:
    tolerance = one.tolerance
    if tolerance is not None:
        if one.type is not ParameterType.NUMBER:
            raise Unusable("Only numbers have a tolerance.", code="tolerance.unusable", at="tolerance")
        tolerance = rules.parse_number(tolerance, "tolerance")
        if tolerance.startswith("-"):
            raise Unusable("A tolerance is zero or more.", code="tolerance.unusable", at="tolerance")
    rules.parse_words(one.label.zh, "label.zh", 200)
    rules.parse_words(one.label.en, "label.en", 200)
    if len(one.unit) > 32:
        raise Unusable("A unit has at most 32 characters.", code="unit.unusable", at="unit")
    return replace(one, key=rules.parse_key(one.key), unit=one.unit.strip(), tolerance=tolerance)


def _profile(text: str) -> ClientProfile:
    if text not in list(ClientProfile):
        raise Unusable(f"client_profile is one of {', '.join(ClientProfile)}.", at="client_profile")
    return ClientProfile(text)


def _only(changes: Mapping[str, Any], allowed: set[str]) -> None:
    if unknown := sorted(set(changes) - allowed):
        raise Unusable(f"{', '.join(unknown)} cannot be changed; these can: {', '.join(sorted(allowed))}.")
    if empty := sorted(name for name, value in changes.items() if value is None and name not in NULLABLE):
        raise Unusable(f"{', '.join(empty)} cannot be null; leave it out to keep it.", at=empty[0])


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    if not changed:
        raise NothingChanged
    return changed


def _before(changed: Mapping[str, list[Any]]) -> dict[str, Any]:
    return {name: pair[0] for name, pair in changed.items()}


def _after(changed: Mapping[str, list[Any]]) -> dict[str, Any]:
    return {name: pair[1] for name, pair in changed.items()}
