"""What an upgrade changes, what a model lacks, how its production stands; pure. Facts follow from it: it never guesses.

1. Looked at are the parameters that touched ECUs can influence, and those the release declares.
2. No declared value for an influenced parameter: missing. No registered value to compare with: missing.
3. Numbers differ when they are further apart than the tolerance; without one, when they are unequal.
4. Texts differ when they differ after NFKC and with runs of blanks as one; lists are compared as sets of such texts.
5. A declared parameter that is not defined is an error of the caller, not a change.
6. A model is supplemented (N45-2c) when every Annex 2 parameter it needs is registered, those that need it are
   verified by a report that counts, and a confirmed receipt of each ministry covers them all. While the company has
   marked no parameter as one of Annex 2, what was stated of the model is all there is.
7. Production is checked (N45-2d) when no finding holds and every registered main parameter was compared since.
8. A number (SWIN) moved when under each regulation in which the software takes part this release has a registered
   number that no release approved before it had.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from roadworthy.admission.model import (
    Authority,
    BuildRecord,
    Comparison,
    Difference,
    Finding,
    ModelConsistency,
    ParameterChange,
    RegisteredValue,
    SupplementReceipt,
    SupplementState,
    SwinLink,
    Verdict,
)
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import Json
from roadworthy.products.model import ParameterDefinition, ParameterType
from roadworthy.products.rules import needed, parse_value


def diff(
    registered: Mapping[str, Json],
    declared: Mapping[str, Json],
    definitions: Mapping[str, ParameterDefinition],
    touched: Iterable[str],
) -> tuple[tuple[ParameterChange, ...], tuple[str, ...]]:
    """Compare registered with declared values; `touched` are the keys that touched ECUs can influence.

    Give the changes, and the keys of which it is unknown whether they change, both in the order of keys.
    Raises Unusable for a declared key that is not defined and for values of a wrong type.
    """
    if unknown := sorted(set(declared) - set(definitions)):
        raise Unusable(
            f"Unknown parameter: {', '.join(unknown[:5])}; define it in products or correct the key.",
            code="parameter.unknown",
            at=unknown[0],
        )
    changes: list[ParameterChange] = []
    missing: list[str] = []
    for key in sorted({*touched, *declared}):
        before, after, definition = registered.get(key), declared.get(key), definitions.get(key)
        if before is None or after is None or definition is None:
            missing.append(key)
        elif not same_value(definition, before, after):
            kept = parse_value(definition, after)
            changes.append(ParameterChange(key, definition.is_main, before, kept, definition.unit))
    return tuple(changes), tuple(missing)


def compare(
    before: Mapping[str, Json], after: Mapping[str, Json], definitions: Mapping[str, ParameterDefinition]
) -> tuple[Difference, ...]:
    """Compare two states of the registry; equal is what `same_value` says, and both without a value is no difference.

    A parameter that is no longer defined is compared literally.
    """
    found: list[Difference] = []
    for key in sorted({*before, *after}):
        one, other, definition = before.get(key), after.get(key), definitions.get(key)
        if one == other or (
            definition and one is not None and other is not None and same_value(definition, one, other)
        ):
            continue
        main, unit = (definition.is_main, definition.unit) if definition else (None, "")
        found.append(Difference(key, main, one, other, unit))
    return tuple(found)


def supplement_state(
    definitions: Mapping[str, ParameterDefinition],
    values: Mapping[str, Json],
    verified: Collection[str],
    receipts: Iterable[SupplementReceipt],
    *,
    stated: bool,
) -> SupplementState:
    """Say how far the Annex 2 supplement of a model is.

    `verified` are the keys for which a report counts, `stated` is the flag of the vehicle type.
    """
    if not any(one.annex2 for one in definitions.values()):
        return SupplementState("stated", stated)
    wanted = needed(definitions.values(), values)
    missing = tuple(one.key for one in wanted if one.key not in values)
    unverified = tuple(one.key for one in wanted if one.needs_report and one.key not in verified)
    keys = {one.key for one in wanted}
    confirmed = [one for one in receipts if one.status == "confirmed"]
    lacking = tuple(
        str(ministry)
        for ministry in Authority
        if not any(one.authority is ministry and keys <= set(one.parameters) for one in confirmed)
    )
    return SupplementState("evidence", not (missing or unverified or lacking), missing, unverified, lacking)


def compare_build(record: BuildRecord, definition: ParameterDefinition, registered: Json) -> Comparison:
    """Compare a built value with the registered one, within the tolerance.

    Raises Unusable for a value of a wrong type.
    """
    built = parse_value(definition, record.built)
    kept = BuildRecord(record.vin, record.vehicle_type_id, record.parameter_key, built)
    if registered is None:
        return Comparison(kept, None, Verdict.UNREGISTERED)
    same = same_value(definition, registered, built)
    return Comparison(kept, registered, Verdict.EQUAL if same else Verdict.DIFFERENT)


def model_consistency(
    registered: Mapping[str, RegisteredValue],
    definitions: Mapping[str, ParameterDefinition],
    compared: Mapping[str, datetime],
    findings: Iterable[Finding],
) -> ModelConsistency:
    """Say how production of a model stands; `compared` tells when each parameter was last compared."""
    holding = tuple(one.id for one in findings if one.holds)
    unchecked = tuple(
        key
        for key, one in registered.items()
        if definitions[key].counts_as_main and (key not in compared or compared[key] < one.registered_at)
    )
    fresh = True if compared and not unchecked else None
    return ModelConsistency(False if holding else fresh, holding, unchecked)


def swin_regulations(links: Iterable[SwinLink], ecu_ids: Collection[str]) -> set[tuple[str, str]]:
    """Give the regulations (regime, regulation) in which the software of these ECUs takes part."""
    return {(one.regime, one.regulation) for one in links if one.ecu_id in ecu_ids}


def swin_moved(
    links: Sequence[SwinLink], release_id: str, ecu_ids: Collection[str], earlier: Collection[str]
) -> bool | None:
    """Whether a release moves the number of every regulation in which its touched ECUs take part.

    `earlier` are the releases approved before it. None while the model has no number with software in the register;
    once it has, software that the register does not know has not moved.
    """
    wanted = swin_regulations(links, ecu_ids)
    if not links:
        return None
    old = {one.swin_id for one in links if one.release_id in earlier}
    mine = {(one.regime, one.regulation, one.swin_id) for one in links if one.release_id == release_id and one.counts}
    return bool(wanted) and all(any((r, n) == key and i not in old for r, n, i in mine) for key in wanted)


def same_value(definition: ParameterDefinition, one: Json, other: Json) -> bool:
    """Whether two values of a parameter count as equal.

    Raises Unusable for values of a wrong type.
    """
    first, second = parse_value(definition, one), parse_value(definition, other)
    if definition.type is ParameterType.NUMBER:
        return _within(first, second, definition.tolerance or "0")
    if definition.type is ParameterType.TEXT:
        return _normal(first) == _normal(second)
    if definition.type is ParameterType.LIST:
        return {_normal(item) for item in first} == {_normal(item) for item in second}
    return bool(first == second)


def _within(first: str, second: str, tolerance: str) -> bool:
    """Compare in whole numbers of the smallest place: decimal arithmetic would round to its context's digits."""
    places = max(len(number.partition(".")[2]) for number in (first, second, tolerance))
    one, other, most = (_scaled(number, places) for number in (first, second, tolerance))
    return abs(one - other) <= most


def _scaled(number: str, places: int) -> int:
    whole, _, fraction = number.partition(".")
    return int(f"{whole}{fraction.ljust(places, '0')}")


def _normal(text: Any) -> str:
    return " ".join(unicodedata.normalize("NFKC", str(text)).split())
