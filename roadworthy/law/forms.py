"""Forms of authorities as dated data (`form/1`): which facts a paper asks for, from which stage on, and since when.

Conditions are those of rule packs, but over the fields of the form itself, so that a filled form says alone whether
it is complete. Nothing here is the authority's own layout until a person has compared it (`verified_by`); each field
says whether it was seen in a source (S) or is proposed by us (I).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from roadworthy.law.fields import PackRefused
from roadworthy.law.filling import Filled, check, fill
from roadworthy.law.form import SCHEMA, STAGES, Column, Form, FormField, Need, Section
from roadworthy.law.load import SHIPPED, load_all, read_files
from roadworthy.law.packs import Texts
from roadworthy.law.read_form import read_form

__all__ = [
    "STAGES",
    "Column",
    "Filled",
    "Form",
    "FormField",
    "Need",
    "Section",
    "assemble_forms",
    "check",
    "every_form",
    "fill",
    "load_forms",
]


@cache
def load_forms(folder: Path | None = None, day: date | None = None) -> Mapping[str, Form]:
    """Give the forms below `folder` (the shipped ones when none is given) by id: in force on `day`, or the newest.

    Raises LawFileUnreadable or PackRefused (both Unusable), naming file, line, field and what to write instead.
    """
    versions = sorted(every_form(folder).values(), key=lambda form: form.since)
    return {form.id: form for form in versions if day is None or form.in_force(day)}


@cache
def every_form(folder: Path | None = None) -> Mapping[tuple[str, str], Form]:
    """Give every version of every form by (id, version): old papers keep the version they were begun with."""
    texts = next(iter(load_all(folder).values())).texts
    return assemble_forms(read_files(folder or SHIPPED), texts)


def assemble_forms(raw: Mapping[str, Any], texts: Texts) -> Mapping[tuple[str, str], Form]:
    """Make checked forms of the plain values by file name; files of other schemas are passed over."""
    found: dict[tuple[str, str], Form] = {}
    for name, value in raw.items():
        if isinstance(value, Mapping) and value.get("schema") == SCHEMA:
            form = read_form(value, name)
            _check_clauses(form, texts)
            _check_dates(form, found.values())
            found[form.id, form.version] = form
    return found


def _check_clauses(form: Form, texts: Texts) -> None:
    for clause in form.cites:
        if clause not in texts.clauses:
            en = f"cites {clause}, which no pack declares; declare the clause"
            raise PackRefused(form.place, en, f"引用了未声明的条款{clause},请声明")


def _check_dates(form: Form, others: Iterable[Form]) -> None:
    for other in others:
        if other.id != form.id:
            continue
        if other.version == form.version:
            en = f"version {form.version} stands twice; number one of them anew"
            raise PackRefused(form.place, en, f"版本{form.version}重复出现,请改其一的版本号")
        first, second = sorted((form, other), key=lambda one: one.since)
        if first.until is None or first.until > second.since:
            en = f"versions {first.version} and {second.version} are in force at once; write until on the older"
            raise PackRefused(form.place, en, f"版本{first.version}和{second.version}同时有效,请给旧版本写until")
