"""What stands between a filing and its next step: the form, the scope, and the other authority's paper."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from roadworthy.filings.model import FORMS, Filing, FilingKind
from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.event import Json
from roadworthy.law.filling import Filled, check, fill
from roadworthy.law.form import Form, FormField

# What only one authority gives or gets; its papers need not agree about it.
_OWN = {"receipt", "delivery"}
_LONGEST_SHOWN = 60


class Incomplete(Refused):
    """The filing lacks what its kind needs; revise it first."""

    code = "filing.incomplete"


@dataclass(frozen=True)
class Model:
    """A vehicle type as papers name it."""

    id: str
    code: str
    name: str


def merged(base: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply a JSON merge patch (RFC 7396): mappings are merged, null removes, anything else replaces."""
    found = dict(base)
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping):
            inner = found.get(key)
            found[key] = merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            found[key] = value
    return found


def document_of(filing: Filing, models: Sequence[Model]) -> dict[str, Any]:
    """Give the facts that fill the form: what the scope and the answers of the authority say, and the facts over it.

    A fact that contradicts the scope stays, so that it is shown and found.
    """
    known: dict[str, Any] = {"receipt": _given(number=filing.receipt_number or filing.submission_number)}
    if models:
        known["models"] = [{"code": one.code, "name": one.name} for one in models]
    if len(models) == 1:
        known["model"] = {"code": models[0].code, "name": models[0].name}
    known |= _given(vin_set_sha256=filing.scope.vin_set_digest)
    known["package"] = _given(sha256=filing.scope.package_sha256)
    known["plan"] = _given(start=filing.scope.planned_release)
    return merged(known, filing.facts)


def findings_of(
    filing: Filing, form: Form, models: Sequence[Model], others: Iterable[tuple[Filing, Filled]], stage: str
) -> tuple[Finding, ...]:
    """Give what stands between a filing and `stage`; empty when nothing does.

    `others` are the other authority's live papers of the same matter, filled.
    """
    filled = fill(form, document_of(filing, models))
    found = [*_of_scope(filing), *_form_against_scope(filing, models), *check(form, filled, stage=stage)]
    for other, theirs in others:
        found += differences(filing, filled, other, theirs)
    return tuple(found)


def differences(ours: Filing, filled: Filled, other: Filing, theirs: Filled) -> list[Finding]:
    """Give one finding for each thing that two papers of one matter say differently.

    Fields are the same thing when both forms take them from the same source; columns of lists likewise. What one
    paper leaves blank contradicts nothing: whether it may is for its own form to say.
    """
    by_source = {asked.source: asked for asked in theirs.form.fields}
    found = [
        _differing(ours, other, asked.id, asked.label, (mine, yours))
        for asked in filled.form.fields
        if asked.source.partition(".")[0] not in _OWN and (same := by_source.get(asked.source))
        for mine, yours in [_comparable(asked, filled.values[asked.id], same, theirs.values[same.id])]
        if mine is not None and yours is not None and mine != yours
    ]
    said = {one.code for one in found}
    for name, label in _SCOPE_LABELS.items():
        mine, yours = getattr(ours.scope, name), getattr(other.scope, name)
        one = _differing(ours, other, name, label, (mine, yours))
        if mine is not None and yours is not None and mine != yours and one.code not in said:
            found.append(one)
    return found


def files_missing(filing: Filing, filled: Filled, stored: Collection[str]) -> list[Finding]:
    """Give one finding for each file that the paper names and that is not among its attachments (by SHA-256)."""
    found = []
    for asked in filled.form.fields:
        for one in _files(asked, filled.values[asked.id]):
            if asked.source.partition(".")[0] not in _OWN and one.get("sha256") not in stored:
                name = str(one.get("name"))[:_LONGEST_SHOWN]
                zh, en = asked.label.zh, asked.label.en
                text = Text(f"「{zh}」所列文件{name}未入库。", f"The file {name} of “{en}” is not stored.")
                fix = Text("请将该文件作为附件上传。", "Upload it as an attachment.")
                code = f"{filing.kind}.{asked.id}.not_stored"
                found.append(Finding(code, Outcome.BLOCKED, text, FORMS[filing.kind].clause, fix))
    return found


def _files(asked: FormField, value: Any) -> list[Mapping[str, Any]]:
    columns = [column.id for column in asked.columns if column.type == "file"]
    rows = value if isinstance(value, list) else []
    given = [value] if asked.type == "file" else [_cell(row, column) for row in rows for column in columns]
    return [one for one in given if isinstance(one, Mapping)]


_SCOPE_LABELS = {
    "package_sha256": Text("升级包SHA-256", "SHA-256 of the package"),
    "vin_set_digest": Text("备案范围车辆清单", "VIN set of the scope"),
    "planned_release": Text("计划发布日期", "Planned day of release"),
}


def _comparable(asked: FormField, mine: Any, same: FormField, yours: Any) -> tuple[Any, Any]:
    """Give both values in a form in which they can be compared: lists by the columns that both have."""
    if not isinstance(mine, list) or not isinstance(yours, list):
        return mine, yours
    their_column = {column.source: column.id for column in same.columns}
    shared = [(c.id, their_column[c.source]) for c in asked.columns if c.source in their_column]
    return [[_cell(row, a) for a, _ in shared] for row in mine], [[_cell(row, b) for _, b in shared] for row in yours]


def _cell(row: Any, column: str) -> Any:
    return row.get(column) if isinstance(row, Mapping) else row


def _differing(ours: Filing, other: Filing, field: str, label: Text, values: tuple[Json, Json]) -> Finding:
    mine, yours = (_shown(value) for value in _first_unequal(*values))
    text = Text(
        f"「{label.zh}」与{other.authority}的{other.id}不一致:本件为“{mine}”,对方为“{yours}”。",
        f"“{label.en}” differs from {other.id} at {other.authority}: “{mine}” here, “{yours}” there.",
    )
    fix = Text("核实后改正其中一件,使两件一致。", "Find out which is right and correct the other.")
    return Finding(f"{ours.kind}.{field}.differs", Outcome.BLOCKED, text, FORMS[ours.kind].clause, fix)


def _first_unequal(mine: Json, yours: Json) -> tuple[Json, Json]:
    """Give what to show of two unequal values: of lists, the first row that is not the same."""
    if isinstance(mine, list) and isinstance(yours, list):
        pairs: Iterable[tuple[Json, Json]] = zip_longest(mine, yours, fillvalue=[])
        return next((pair for pair in pairs if pair[0] != pair[1]), (mine, yours))
    return mine, yours


def _shown(value: Json) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _of_scope(filing: Filing) -> Iterator[Finding]:
    """Give what the scope must name for the gate to compare it with what is released, and does not."""
    form, scope = FORMS[filing.kind], filing.scope
    values = scope.parameter_values or {}
    for name, lacks, label in (
        ("vehicle_type_ids", form.needs_vehicle_types and not scope.vehicle_type_ids, Text("车型", "vehicle types")),
        ("package_sha256", form.needs_package and scope.package_sha256 is None, Text("升级包", "the package")),
        (
            "parameter_values",
            form.needs_values and not all(values.get(one) for one in scope.vehicle_type_ids),
            Text("变更后的参数值", "the parameter values to be permitted"),
        ),
        ("subject", form.needs_subject and filing.subject_id is None, Text("所涉事件", "the incident")),
    ):
        if lacks:
            text = Text(f"备案范围未指明{label.zh}。", f"The scope does not name {label.en}.")
            fix = Text(f"请在范围中指明{label.zh}。", f"Name {label.en} in the scope.")
            yield Finding(f"{filing.kind}.scope.{name}", Outcome.BLOCKED, text, form.clause, fix)


def _form_against_scope(filing: Filing, models: Sequence[Model]) -> Iterator[Finding]:
    """Give what the paper says and the scope, which the gate goes by, says differently."""
    document, scope = document_of(filing, models), filing.scope
    pairs: list[tuple[str, Any, Any]] = [
        ("package_sha256", _at(document, "package", "sha256"), scope.package_sha256),
        ("vin_set_digest", document.get("vin_set_sha256"), scope.vin_set_digest),
    ]
    # An incident or a recall may concern models that the scope leaves out; a filing for the gate may not.
    if FORMS[filing.kind].needs_vehicle_types and filing.kind is not FilingKind.RECALL_PLAN:
        listed = document.get("models")
        codes = sorted(str(_cell(row, "code")) for row in listed) if isinstance(listed, list) else []
        pairs.append(("models", codes or None, sorted(one.code for one in models) or None))
        if len(models) == 1:
            pairs.append(("model", _at(document, "model", "code"), models[0].code))
    for name, said, scoped in pairs:
        if said is not None and scoped is not None and said != scoped:
            text = Text(
                f"表格与备案范围不一致({name}):表格为{said},范围为{scoped}。",
                f"Form and scope differ ({name}): the form says {said}, the scope {scoped}.",
            )
            fix = Text("改正表格或范围。", "Correct the form or the scope.")
            yield Finding(f"{filing.kind}.{name}.scope", Outcome.BLOCKED, text, FORMS[filing.kind].clause, fix)


def _at(document: Mapping[str, Any], *path: str) -> Any:
    value: Any = document
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
