"""Fill a form from a document of facts, and say what is still missing. Pure.

A value that is absent, null, blank or an empty list is not given. Whether a field is needed may hang on other fields
of the form; while those are not known, neither is the need, and the paper is not complete.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.kernel.event import digest_of
from roadworthy.kernel.time import parse_date, parse_instant
from roadworthy.law.condition import UNKNOWN, Condition, missing, truth
from roadworthy.law.form import STAGES, Asked, Form, FormField

SUBMIT = "submit"
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class NotPlain(Unusable):
    """A value is not plain JSON with finite numbers; write it as text."""

    code = "form.not_plain"


@dataclass(frozen=True)
class Filled:
    """A form with values by field id: None, bool, int, text (also for decimals), file objects, lists of rows."""

    form: Form
    values: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """Give the SHA-256 (hex) over form, version and values; it stands at the foot of every page."""
        return digest_of({"form": self.form.id, "values": dict(self.values), "version": self.form.version})


def fill(form: Form, facts: Mapping[str, Any]) -> Filled:
    """Take every field's value along its source path; what is not there is None, other facts are passed over.

    The rows of a list may be objects, or bare values where the list has one column. Floats become decimal text.
    Raises NotPlain for values that are not plain JSON.
    """
    return Filled(form, {asked.id: _taken(asked, facts) for asked in form.fields})


def check(form: Form, filled: Filled, *, stage: str = SUBMIT) -> list[Finding]:
    """Give what stands between `filled` and `stage`, in the order of the paper; empty when nothing does.

    A finding's code is FORM.FIELD, or FORM.FIELD[ROW].COLUMN with rows counted from 0.
    """
    reached = frozenset(STAGES[: STAGES.index(stage) + 1])
    facts = _Values(form, filled.values)
    return [found for asked in form.fields for found in _check_field(form, asked, facts, reached)]


class _Values:
    """The filled fields as facts for conditions; a value of the wrong kind counts as not known."""

    def __init__(self, form: Form, values: Mapping[str, Any]) -> None:
        self.values = values
        self.asked = {asked.id: asked for asked in form.fields}

    def value(self, name: str) -> Any:
        value, asked = self.values.get(name), self.asked[name]
        wrong = value is None or (asked.type != "list" and _PROBLEMS[asked.type](value, asked) is not None)
        return UNKNOWN if wrong else value

    def unknown(self, name: str) -> frozenset[str]:
        return frozenset({name} if self.value(name) is UNKNOWN else ())

    def condition_of(self, _: str) -> Condition | None:
        return None

    def alternatives(self, _: str) -> tuple[Any, ...]:
        return ()

    def reach(self, _: str, __: Any) -> list[tuple[str, Any]]:
        return []


def _taken(asked: FormField, facts: Mapping[str, Any]) -> Any:
    value = _at(facts, asked.source)
    if asked.type == "list" and isinstance(value, list | tuple):
        alone = len(asked.columns) == 1
        return [_row(asked, {asked.columns[0].source: row} if _bare(row, alone) else row) for row in value] or None
    return _given(value, asked.source)


def _bare(row: Any, alone: bool) -> bool:
    return alone and not isinstance(row, Mapping)


def _row(asked: FormField, row: Any) -> Any:
    if not isinstance(row, Mapping):
        return _given(row, asked.source)
    values = {}
    for column in asked.columns:
        bare = column.source in row
        values[column.id] = _given(row[column.source] if bare else _at(row, column.source), asked.source)
    return values


def _at(facts: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(facts, Mapping):
            return None
        facts = facts.get(key)
    return facts


def _given(value: Any, path: str) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return _plain(value, path)


def _plain(value: Any, path: str) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(inner, path) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, path) for inner in value]
    raise NotPlain(f"{path} holds {type(value).__name__}, which is not plain JSON; write it as text.", at=path)


def _check_field(form: Form, asked: FormField, facts: _Values, reached: frozenset[str | None]) -> list[Finding]:
    value = facts.values.get(asked.id)
    code = f"{form.id}.{asked.id}"
    if value is not None:
        return _check_rows(form, asked, value, reached) if asked.type == "list" else _wrong(form, asked, value, code)
    if asked.required.stage not in reached:
        return []
    needed = True if asked.required.when is None else truth(asked.required.when, facts)
    if needed:
        return [_missing(form, asked, code)]
    if needed is None and asked.required.when is not None:
        return [_undecided(form, asked, sorted(missing(asked.required.when, facts)), code)]
    return []


def _check_rows(form: Form, asked: FormField, rows: Any, reached: frozenset[str | None]) -> list[Finding]:
    code = f"{form.id}.{asked.id}"
    if not isinstance(rows, list):
        return [_finding(form, asked, code, Text("应为列表", "must be a list"))]
    found: list[Finding] = []
    for number, row in enumerate(rows):
        here = f"{code}[{number}]"
        if not isinstance(row, Mapping):
            found.append(_finding(form, asked, here, Text("应为一行各列的值", "must be a row of columns")))
            continue
        for column in asked.columns:
            value = row.get(column.id)
            if value is not None:
                found += _wrong(form, column, value, f"{here}.{column.id}")
            elif column.required.stage in reached:
                found.append(_missing(form, column, f"{here}.{column.id}"))
    return found


def _missing(form: Form, asked: Asked, code: str) -> Finding:
    text = Text(f"缺少「{asked.label.zh}」。", f"“{asked.label.en}” is missing.")
    fix = Text(f"请填写「{asked.label.zh}」。", f"Fill in “{asked.label.en}”.")
    return Finding(code, Outcome.BLOCKED, text, ", ".join(form.cites), fix)


def _undecided(form: Form, asked: Asked, names: list[str], code: str) -> Finding:
    labels = [field.label for field in form.fields if field.id in names]
    zh, en = "、".join(f"「{label.zh}」" for label in labels), ", ".join(f"“{label.en}”" for label in labels)
    text = Text(f"是否须填「{asked.label.zh}」取决于{zh}。", f"Whether “{asked.label.en}” is needed hangs on {en}.")
    return Finding(code, Outcome.HOLD, text, ", ".join(form.cites), Text(f"请先填写{zh}。", f"Fill in {en} first."))


def _wrong(form: Form, asked: Asked, value: Any, code: str) -> list[Finding]:
    problem = _PROBLEMS[asked.type](value, asked)
    return [] if problem is None else [_finding(form, asked, code, problem)]


def _finding(form: Form, asked: Asked, code: str, problem: Text) -> Finding:
    text = Text(f"「{asked.label.zh}」{problem.zh}。", f"“{asked.label.en}” {problem.en}.")
    fix = Text(f"请改正「{asked.label.zh}」。", f"Correct “{asked.label.en}”.")
    return Finding(code, Outcome.BLOCKED, text, ", ".join(form.cites), fix)


def _text(value: Any, _: Asked) -> Text | None:
    return None if isinstance(value, str) else Text("应为文本", "must be text")


def _date(value: Any, _: Asked) -> Text | None:
    good = isinstance(value, str) and len(value) == 10 and _reads(parse_date, value)
    return None if good else Text("应为日期,如2026-03-01", "must be a date such as 2026-03-01")


def _instant(value: Any, _: Asked) -> Text | None:
    good = isinstance(value, str) and _reads(parse_instant, value)
    example = "2026-03-01T08:00:00+08:00"
    return None if good else Text(f"应为带时差的时刻,如{example}", f"must be an instant such as {example}")


def _int(value: Any, _: Asked) -> Text | None:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if good else Text("应为非负整数", "must be a whole number, not below 0")


def _number(value: Any, _: Asked) -> Text | None:
    good = not isinstance(value, bool) and (
        isinstance(value, int) or (isinstance(value, str) and _DECIMAL.fullmatch(value) is not None)
    )
    return None if good else Text("应为数字", "must be a number")


def _bool(value: Any, _: Asked) -> Text | None:
    return None if isinstance(value, bool) else Text("应为是或否", "must be yes or no")


def _enum(value: Any, asked: Asked) -> Text | None:
    if isinstance(value, str) and value in asked.values:
        return None
    zh = "、".join(text.zh for text in asked.values.values())
    return Text(f"应为其中之一:{zh}", f"must be one of {', '.join(asked.values)}")


def _file(value: Any, _: Asked) -> Text | None:
    good = (
        isinstance(value, Mapping)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("sha256"), str)
        and _SHA256.fullmatch(value["sha256"]) is not None
    )
    return None if good else Text("应为附件及其SHA-256", "must be a file with its name and SHA-256")


def _reads(parse: Any, value: str) -> bool:
    try:
        parse(value)
    except Malformed:
        return False
    return True


_PROBLEMS = {
    "text": _text,
    "date": _date,
    "instant": _instant,
    "int": _int,
    "number": _number,
    "bool": _bool,
    "enum": _enum,
    "file": _file,
}
