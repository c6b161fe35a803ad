"""Registering values, with who and on which ground; and how two states of the registry differ."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roadworthy.admission import rules, store
from roadworthy.admission.model import Difference, Ground, RegisteredValue, ValId
from roadworthy.database import Actor, Database, View, Work
from roadworthy.filings import rules as filing_rules
from roadworthy.filings import store as filings
from roadworthy.filings.model import FilingKind
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.event import Json, digest_of
from roadworthy.kernel.time import beijing_date
from roadworthy.products import store as products
from roadworthy.products.model import TypId
from roadworthy.products.rules import parse_value, parse_words

ROLE = "homologation_officer"
State = tuple[TypId, datetime | None]  # a vehicle type, at an instant or now


def register_values(
    database: Database,
    actor: Actor,
    type_id: TypId,
    values: Mapping[str, Any],
    *,
    ground: str,
    reference: str,
    cause: str = "",
) -> tuple[RegisteredValue, ...]:
    """Register parameter values of a vehicle type; give those that are new or changed.

    `ground` is one of Ground, `reference` the announcement batch or the filing id. Registering the same values
    again changes nothing and is no error, so that a repeated reaction is harmless. All or nothing.
    Values on the ground of a change permit must be those that the permit named by `reference` grants, in force now.
    Raises NotPermitted, NotFound, Unusable naming the parameter, Refused without such a permit.
    """
    if ground not in list(Ground):
        raise Unusable(f"ground is one of {', '.join(Ground)}.", code="ground.unknown", at="ground")
    told = parse_words(reference, "reference")
    with database.begin(actor, attempt="values.register", subject=type_id, cause=cause) as work:
        actor.require(ROLE)
        products.load_vehicle_type(work, type_id)
        parsed = parse_values(work, values)
        known = store.current_values(work, type_id)
        return register(work, type_id, known, parsed, Ground(ground), told)


def register(
    work: Work,
    type_id: TypId,
    known: Mapping[str, RegisteredValue],
    parsed: Mapping[str, Json],
    ground: Ground,
    reference: str,
) -> tuple[RegisteredValue, ...]:
    """Put parsed values in the place of those `known`; give the new ones, none when nothing changes.

    Raises NotFound, Refused for a ground that does not cover the values.
    """
    changed = {key: value for key, value in parsed.items() if key not in known or known[key].value != value}
    if not changed:
        return ()
    if ground is Ground.CHANGE_PERMIT:
        check_permit(work, type_id, reference, changed)
    new = tuple(
        RegisteredValue(
            ValId.new(work.now), type_id, key, value, ground, reference, work.actor.id, work.now, current=True
        )
        for key, value in changed.items()
    )
    store.replace_values(work, [known[key] for key in changed if key in known], new)
    digest = digest_of(changed)
    facts = {"count": len(new), "ground": str(ground), "reference": reference, "values_sha256": digest}
    work.record("values.registered", type_id, facts)
    return new


def difference(view: View, before: State, after: State) -> tuple[Difference, ...]:
    """Compare two states of the registry: one vehicle type at two instants, or two vehicle types.

    Raises NotFound.
    """
    definitions = products.all_definitions(view)
    return rules.compare(_values_in(view, before), _values_in(view, after), definitions)


def _values_in(view: View, state: State) -> dict[str, Json]:
    type_id, moment = state
    products.load_vehicle_type(view, type_id)
    found = store.current_values(view, type_id) if moment is None else store.values_as_of(view, type_id, moment)
    return {key: one.value for key, one in found.items()}


def check_permit(view: View, type_id: TypId, reference: str, values: Mapping[str, Json]) -> None:
    """Check that `reference` is a change permit in force that grants these values for this vehicle type.

    Raises NotFound, Refused.
    """
    found = filings.load_filing(view, reference)
    today = beijing_date(view.now)
    valid = filing_rules.state_word(found, today) == "valid" and found.kind is FilingKind.MIIT_CHANGE_PERMIT
    if not valid or not filing_rules.grants(found, type_id, values):
        raise Refused(
            f"{reference} is no change permit in force that grants these very values for this vehicle type (N45-7b).",
            code="permit.none",
        )


def parse_values(view: View, values: Mapping[str, Any]) -> dict[str, Json]:
    """Read values by their definitions into the form in which they are kept, in the order of keys.

    Raises Unusable for a key that is not defined or a value of a wrong type.
    """
    definitions = products.all_definitions(view)
    if unknown := sorted(set(values) - set(definitions)):
        raise Unusable(
            f"Unknown parameter: {', '.join(unknown[:5])}; define it in products or correct the key.",
            code="parameter.unknown",
            at=unknown[0],
        )
    return {key: parse_value(definitions[key], values[key]) for key in sorted(values)}
