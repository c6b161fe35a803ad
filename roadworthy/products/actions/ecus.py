"""The verbs over ECUs of vehicle types."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from roadworthy.database import Actor, Database
from roadworthy.kernel.errors import Unusable
from roadworthy.products import rules, store
from roadworthy.products.actions.editing import ROLE, amend, only, second_person
from roadworthy.products.model import ClientProfile, Ecu, EcuId, TypId


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
        made = checked_ecu(
            store.all_definitions(work),
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
    only(changes, allowed)
    if changes.get("influences") is not None:
        changes["influences"] = tuple(changes["influences"])
    if "client_profile" in changes:
        changes["client_profile"] = _profile(changes["client_profile"])
    with database.begin(actor, attempt="ecu.amend", subject=ecu_id) as work:
        actor.require(ROLE)
        known = store.load_ecu(work, ecu_id)
        wanted = checked_ecu(store.all_definitions(work), replace(known, **changes))
        if rules.loosens_ecu(known, wanted):
            second_person(work, actor, ecu_id)
        amend(work, store.ecu, {"id": ecu_id}, known.to_json(), wanted.to_json(), "ecu.amended")
    return wanted


def checked_ecu(defined: Collection[str], one: Ecu) -> Ecu:
    """Check an ECU; `defined` are the keys of all parameters.

    Raises Unusable.
    """
    if one.influences is not None:
        if len(set(one.influences)) > rules.MAX_INFLUENCES:
            raise Unusable(f"influences names at most {rules.MAX_INFLUENCES} parameters; null means all.")
        unknown = sorted(set(one.influences) - set(defined))
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


def _profile(text: str) -> ClientProfile:
    if text not in list(ClientProfile):
        raise Unusable(f"client_profile is one of {', '.join(ClientProfile)}.", at="client_profile")
    return ClientProfile(text)
