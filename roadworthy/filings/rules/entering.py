"""What may be entered: scopes, facts, days, hashes, and by whom."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from roadworthy.filings.model import FORMS, Filing, FilingKind, Scope
from roadworthy.kernel.errors import NotPermitted, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.kernel.time import parse_date

SHA256 = re.compile(r"[0-9a-f]{64}")
MOST_FACTS = 1 << 20
_RELEASE = re.compile(r"REL-[0-9A-Z]{26}")
_SUBJECT = re.compile(r"[a-z][a-z_]{0,31}"), re.compile(r"[A-Z]{3}-[0-9A-Z]{26}")


def check_scope(kind: FilingKind, scope: Scope) -> Scope:
    """Check the form of what a filing covers; missing parts are allowed in a draft.

    Raises Unusable.
    """
    for name, value in (("package_sha256", scope.package_sha256), ("vin_set_digest", scope.vin_set_digest)):
        if value is not None:
            check_sha256(value, name)
    if scope.release_id is not None and not _RELEASE.fullmatch(scope.release_id):
        raise Unusable("release_id is no release id; it begins with REL-.", code="release.id", at="release_id")
    planned = None if scope.planned_release is None else parse_date(scope.planned_release).isoformat()
    if scope.parameter_values is not None:
        if not FORMS[kind].needs_values:
            raise Unusable("Only a change permit carries parameter values.", code="values.kind", at="parameter_values")
        if stray := sorted(set(scope.parameter_values) - set(scope.vehicle_type_ids)):
            raise Unusable(f"parameter_values names {stray[0]}, which the filing does not cover.", at=stray[0])
    return replace(scope, planned_release=planned)


def check_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Check that a document of facts is plain JSON without floats, and not too long.

    Raises Unusable.
    """
    plain = _plain(dict(facts), "facts")
    if len(canonical(plain)) > MOST_FACTS:
        raise Unusable("The facts take more than 1 MiB; put tables into an attachment.", code="facts.long", at="facts")
    return dict(plain)


def check_subject(subject: tuple[str, str] | None) -> tuple[str | None, str | None]:
    """Check what a paper is about: a type such as `incident`, and the id of one.

    Raises Unusable.
    """
    if subject is None:
        return None, None
    type_form, id_form = _SUBJECT
    if not (type_form.fullmatch(subject[0]) and id_form.fullmatch(subject[1])):
        raise Unusable("A subject is a word such as campaign and an id such as CMP-....", code="subject.form")
    return subject


def check_past(text: str, what: str, today: date, not_before: str | None = None) -> str:
    """Check the day of something that has happened: not after `today`, not before `not_before`.

    Raises Malformed, Unusable.
    """
    day = parse_date(text)
    if day > today:
        raise Unusable(
            f"{what} {text} lies in the future; record it on the day it happens.", code="day.future", at=what
        )
    if not_before is not None and day < date.fromisoformat(not_before):
        raise Unusable(f"{what} {text} lies before {not_before}; correct the date.", code="day.early", at=what)
    return day.isoformat()


def check_sha256(text: str, what: str) -> str:
    """Check a SHA-256.

    Raises Unusable.
    """
    if not SHA256.fullmatch(text):
        raise Unusable(f"{what} has 64 lower-case hex digits.", code="sha256.form", at=what)
    return text


def check_other_person(filing: Filing, actor_id: str, what: str) -> None:
    """Refuse that the author of a filing signs it off or records its acceptance.

    Raises NotPermitted.
    """
    check_other_than(filing.author, actor_id, what)


def check_other_than(author: str, actor_id: str, what: str) -> None:
    """Refuse that somebody checks the own work.

    Raises NotPermitted.
    """
    if actor_id == author:
        raise NotPermitted(f"The author cannot {what}; ask another officer.", code="four_eyes")


def check_author(filing: Filing, actor_id: str) -> None:
    """Refuse that somebody else rewrites a filing: then its author would no longer be the one of the four eyes.

    Raises NotPermitted.
    """
    if actor_id != filing.author:
        raise NotPermitted(
            "Only the author rewrites a filing; ask the author, or draft a new one.", code="author.other"
        )


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, float):
        raise Unusable(f"{where} holds a fraction as a number; write it as text.", code="facts.float", at=where)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, f"{where}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{where}[{n}]") for n, inner in enumerate(value)]
    if value is None or isinstance(value, bool | int | str):
        return value
    raise Unusable(f"{where} is not plain JSON; write it as text.", code="facts.form", at=where)
