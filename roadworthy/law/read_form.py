"""From the plain value of a `form/1` file to a `Form`; refuses whatever stands there wrongly or not at all."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import digest_of
from roadworthy.law.condition import Condition, FactRef, Test, tests_of
from roadworthy.law.fields import Fields, PackRefused, Place
from roadworthy.law.filling import check, fill
from roadworthy.law.form import GRADES, SCALARS, SCHEMA, STAGES, TYPES, Column, Form, FormField, Need, Section

_ID = re.compile(r"[a-z][a-z0-9_]{0,59}")
_PATH = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_RECIPIENT = re.compile(r"[A-Z]{2,12}")


def read_form(raw: Any, file: str) -> Form:
    """Read a form and fill in its own example; raises PackRefused naming file, line, field and what to do."""
    fields = Fields(raw, Place(file))
    fields.one_of("schema", (SCHEMA,))
    form_id = _named(fields, "id")
    fields.place = fields.place.of(form_id)
    until = fields.day("until", None)
    form = Form(
        id=form_id,
        version=fields.take("version", str),
        digest=digest_of(raw),
        since=date.fromisoformat(str(fields.day("since"))),
        until=date.fromisoformat(until) if until else None,
        authority=_authority(fields),
        cites=_cites(fields),
        title=fields.text("title"),
        verified_by=fields.nullable("verified_by"),
        sections=_sections(fields),
        example=fields.take("example", dict),
        place=fields.place,
    )
    fields.done()
    _check_ids(form)
    for asked in form.fields:
        if asked.required.when is not None:
            _check_condition(asked.required.when, form, asked.place)
    _check_example(form, fields.where("example"))
    return form


def _named(fields: Fields, key: str) -> str:
    name: str = fields.take(key, str)
    if not _ID.fullmatch(name):
        raise fields.refuse(key, f"is {name!r}; use small letters, digits and _", f"是{name!r},应为小写字母、数字和_")
    return name


def _authority(fields: Fields) -> tuple[str, ...]:
    names = fields.words("authority")
    if not names or not all(_RECIPIENT.fullmatch(name) for name in names):
        raise fields.refuse("authority", "must list recipients such as MIIT", "应列出接收机关,如MIIT")
    return names


def _cites(fields: Fields) -> tuple[str, ...]:
    cites = fields.words("cites")
    if not cites:
        raise PackRefused(fields.where("cites"), "cites no clause; name at least one", "未引用条款,请至少写一条")
    return cites


def _sections(fields: Fields) -> tuple[Section, ...]:
    place, found = fields.where("sections"), []
    for raw in fields.take("sections", list):
        inner = Fields(raw, place)
        title = inner.text("title")
        asked = tuple(_field(Fields(one, inner.place)) for one in inner.take("fields", list))
        inner.done()
        if not asked:
            raise PackRefused(inner.place, "a section has no fields; remove it", "有一节没有字段,请删除")
        found.append(Section(title, asked))
    if not found:
        raise PackRefused(place, "the form asks for nothing; write its sections", "表中没有内容,请写出各节")
    return tuple(found)


def _field(fields: Fields) -> FormField:
    kind, common = _asked(fields, TYPES)
    columns = tuple(_column(Fields(raw, fields.place)) for raw in fields.take("columns", list, []))
    if (kind == "list") != bool(columns):
        raise fields.refuse("columns", "belong to a list and only to one", "仅列表须写列")
    if len({column.id for column in columns}) < len(columns):
        raise fields.refuse("columns", "have one id twice; rename it", "有重复的列名,请改名")
    item = fields.nullable("item") if fields.has("item") else None
    grade = fields.one_of("grade", GRADES, "I")
    fields.done()
    return FormField(**common, item=item, grade=grade, columns=columns)


def _column(fields: Fields) -> Column:
    _, common = _asked(fields, SCALARS)
    fields.done()
    if common["required"].when is not None:
        raise PackRefused(fields.place, "a column has no condition; put it on the list", "列不可带条件,请写在列表上")
    return Column(**common)


def _asked(fields: Fields, types: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    name = _named(fields, "id")
    fields.place = fields.place.of(f"{fields.place.what.split(': ')[0]}: {name}")
    kind = fields.one_of("type", types)
    values = _values(fields) if kind == "enum" else {}
    source = fields.take("source", str, name)
    if not _PATH.fullmatch(source):
        raise fields.refuse("source", f"is {source!r}; write a path like producer.name", f"是{source!r},应为路径")
    common = {
        "id": name,
        "label": fields.text("label"),
        "type": kind,
        "required": _need(fields),
        "source": source,
        "values": values,
        "unit": fields.take("unit", str, "") if kind in ("int", "number") else "",
        "place": fields.place,
    }
    return kind, common


def _values(fields: Fields) -> Mapping[str, Text]:
    inner = fields.inner("values")
    values = {word: inner.text(word) for word in list(inner.names())}
    if len(values) < 2:
        raise fields.refuse("values", "needs at least two words", "至少应有两个选项")
    return values


def _need(fields: Fields) -> Need:
    """Read `required: always | never | {from: STAGE, when: CONDITION}`."""
    if not isinstance(fields.raw.get("required"), Mapping):
        word = fields.one_of("required", ("always", "never"))
        return Need(STAGES[0] if word == "always" else None)
    inner = fields.inner("required")
    stage = inner.one_of("from", STAGES, STAGES[0])
    need = Need(stage, inner.maybe_condition("when"))
    inner.done()
    return need


def _check_ids(form: Form) -> None:
    seen: set[str] = set()
    for asked in form.fields:
        if asked.id in seen:
            raise PackRefused(asked.place, "this id stands twice; rename one", "字段名重复,请改名")
        seen.add(asked.id)


def _check_condition(condition: Condition, form: Form, place: Place) -> None:
    known = {asked.id: asked for asked in form.fields}
    for test in tests_of(condition):
        other = test.operand.fact if isinstance(test.operand, FactRef) else test.fact
        for name in (test.fact, other):
            if name not in known:
                en, zh = f"when asks for {name}, which is no field of this form", f"条件中的{name}不是本表字段"
                raise PackRefused(place, en, zh)
        _check_operand(test, known[test.fact], place)


def _check_operand(test: Test, asked: FormField, place: Place) -> None:
    kinds = {"bool": bool, "int": int}
    operands = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    if test.op == "empty" or isinstance(test.operand, FactRef):
        return
    good = all(isinstance(value, kinds.get(asked.type, str)) for value in operands)
    ordered = asked.type in ("int", "date") or test.op in ("eq", "ne", "in")  # as text, 9 would be more than 10
    if asked.type == "list" or not good or not ordered or (asked.values and not set(operands) <= set(asked.values)):
        en = f"when: {asked.id} {test.op} {test.operand!r} can never be true; correct the value"
        raise PackRefused(place, en, f"条件{asked.id} {test.op} {test.operand!r}不可能成立,请改正")


def _check_example(form: Form, place: Place) -> None:
    try:
        findings = check(form, fill(form, form.example), stage=STAGES[-1])
    except Unusable as error:
        raise PackRefused(place, f"example: {error.message.rstrip('.')}", "样例不是普通数据") from error
    if findings:
        said = findings[0].text
        raise PackRefused(place, f"example: {said.en.rstrip('.')}", f"样例:{said.zh.rstrip('。')}")
    asked = {(one.source, one.type) for one in form.fields}
    asked |= {(f"{one.source}.{column.source}", column.type) for one in form.fields for column in one.columns}
    files = {path for path, kind in asked if kind == "file"}
    for name in _leaves(form.example, "", files):
        if name not in {path for path, _ in asked}:
            raise PackRefused(place, f"example: no field takes {name}; remove it", f"样例中的{name}无字段取用")


def _leaves(value: Mapping[str, Any], at: str, files: set[str]) -> Iterator[str]:
    for key, inner in value.items():
        name = f"{at}{key}"
        if isinstance(inner, Mapping) and name not in files:
            yield from _leaves(inner, f"{name}.", files)
            continue
        yield name
        for row in inner if isinstance(inner, list) else ():
            yield from _leaves(row, f"{name}.", files) if isinstance(row, Mapping) else ()
