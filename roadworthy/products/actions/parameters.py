"""The verbs over definitions of technical parameters."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from roadworthy.database import Actor, Database, View, Work
from roadworthy.kernel.errors import Unusable
from roadworthy.products import rules, store
from roadworthy.products.actions.editing import ROLE, amend, only, second_person
from roadworthy.products.model import ParameterDefinition, ParameterType

AMENDABLE = {"label", "unit", "is_main", "tolerance", "annex2", "needed_if", "needs_report", "source"}


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
        made = [checked_definition(one) for one in definitions]
        check_conditions(work, made)
        define(work, made)
    return made


def define(work: Work, made: Iterable[ParameterDefinition]) -> None:
    """Write checked definitions; one event for each."""
    for one in made:
        store.save_definitions(work, [one])
        work.record("parameter.defined", f"parameter:{one.key}", {"definition": one.to_json()})


def check_conditions(view: View, made: Iterable[ParameterDefinition]) -> None:
    """Check that `needed_if` names yes/no parameters, defined already or among `made`.

    Raises Unusable.
    """
    known = store.all_definitions(view) | {one.key: one for one in made}
    for one in made:
        condition = known.get(one.needed_if) if one.needed_if else None
        if one.needed_if and (condition is None or condition.type is not ParameterType.BOOL):
            raise Unusable(
                f"needed_if of {one.key} is {one.needed_if}, which is no yes/no parameter; define it as bool first.",
                code="condition.unusable",
                at="needed_if",
            )


def amend_parameter(database: Database, actor: Actor, key: str, **changes: Any) -> ParameterDefinition:
    """Change anything but key and type; a type never changes, since kept values would lose their sense.

    Raises NotPermitted, NotFound, Unusable, NothingChanged.
    """
    only(changes, AMENDABLE)
    with database.begin(actor, attempt="parameter.amend", subject=f"parameter:{key[: rules.MAX_KEY]}") as work:
        actor.require(ROLE)
        known = store.load_definition(work, key)
        wanted = checked_definition(replace(known, **changes))
        check_conditions(work, [wanted])
        if rules.loosens_parameter(known, wanted):
            second_person(work, actor, f"parameter:{key}")
        rows = store.definition_row(known), store.definition_row(wanted)
        amend(work, store.parameter_definition, {"key": key}, *rows, "parameter.amended")
    return wanted


def checked_definition(one: ParameterDefinition) -> ParameterDefinition:
    """Check a definition and give it in the form in which it is kept.

    Raises Unusable.
    """
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
    needed_if = None if one.needed_if is None else rules.parse_key(one.needed_if)
    source = rules.parse_words(one.source, "source", 200) if one.source else ""
    key, unit = rules.parse_key(one.key), one.unit.strip()
    return replace(one, key=key, unit=unit, tolerance=tolerance, needed_if=needed_if, source=source)
