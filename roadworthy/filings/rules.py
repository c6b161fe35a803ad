"""Pure rules of filings.

1. A filing can be submitted when its form has what its kind needs; dates of past acts do not lie in the future.
2. It can be accepted with a receipt: number, date not before the submission, SHA-256 of the stored document; and by
   somebody other than its author (Notice 45 II.1: nobody approves the own work).
3. It counts ("valid") while it is accepted and its validity has not ended; a returned, refused, withdrawn or expired
   one counts as none, like one that does not exist.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from roadworthy.filings.model import FORMS, Filing, FilingKind, Scope
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import parse_date

SHA256 = re.compile(r"[0-9a-f]{64}")
_RELEASE = re.compile(r"REL-[0-9A-Z]{26}")


class Incomplete(Refused):
    """The filing lacks what its kind needs; revise it first."""

    code = "filing.incomplete"


def state_word(filing: Filing | None, today: date | None = None) -> str:
    """Give the word of the facts for a filing: none, submitted, or valid; `today` is the day in Beijing.

    Without `today` the end of validity is not looked at (the worker's `expire` then decides).
    """
    if filing is None:
        return "none"
    if filing.status == "submitted":
        return "submitted"
    ended = today is not None and filing.valid_until is not None and filing.valid_until < today.isoformat()
    return "valid" if filing.status == "accepted" and not ended else "none"


def covers(filing: Filing, vehicle_type_id: str | None, package_sha256: str | None) -> bool:
    """Whether a filing names this vehicle type and this package; None asks for neither."""
    of_type = vehicle_type_id is None or vehicle_type_id in filing.scope.vehicle_type_ids
    of_package = package_sha256 is None or package_sha256 == filing.scope.package_sha256
    # An enterprise filing covers the company: it names no vehicle type and no package.
    return (of_type and of_package) or filing.kind is FilingKind.MIIT_ENTERPRISE


def best_of(
    newest_first: Iterable[Filing], vehicle_type_id: str | None, package_sha256: str | None, today: date
) -> tuple[str, Filing | None]:
    """Give the word and the filing that serves best: the first valid one, else the first submitted one."""
    best: tuple[str, Filing | None] = ("none", None)
    for found in newest_first:
        word = state_word(found, today) if covers(found, vehicle_type_id, package_sha256) else "none"
        if word == "valid":
            return word, found
        if word == "submitted" and best[1] is None:
            best = (word, found)
    return best


def grants(permit: Filing, vehicle_type_id: str, after: Mapping[str, Json]) -> bool:
    """Whether a change permit names every value of `after` for a vehicle type; an empty `after` is granted by none."""
    granted = (permit.scope.parameter_values or {}).get(vehicle_type_id, {})
    return bool(after) and all(key in granted and granted[key] == value for key, value in after.items())


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


def check_complete(filing: Filing) -> None:
    """Refuse the submission of a form that lacks something.

    Raises Incomplete, naming what.
    """
    form, scope = FORMS[filing.kind], filing.scope
    values = scope.parameter_values or {}
    lacking = [
        name
        for name, lacks in (
            ("vehicle_type_ids", form.needs_vehicle_types and not scope.vehicle_type_ids),
            ("package_sha256", form.needs_package and scope.package_sha256 is None),
            ("parameter_values", form.needs_values and not all(values.get(one) for one in scope.vehicle_type_ids)),
        )
        if lacks
    ]
    if lacking:
        raise Incomplete(f"A {filing.kind} needs {', '.join(lacking)}; revise the draft.")


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


def check_other_person(filing: Filing, actor_id: str) -> None:
    """Refuse that the author of a filing records its acceptance.

    Raises NotPermitted.
    """
    if actor_id == filing.author:
        raise NotPermitted("The author cannot record the acceptance; ask another officer.", code="four_eyes")


def check_author(filing: Filing, actor_id: str) -> None:
    """Refuse that somebody else rewrites a filing: then its author would no longer be the one of the four eyes.

    Raises NotPermitted.
    """
    if actor_id != filing.author:
        raise NotPermitted(
            "Only the author rewrites a filing; ask the author, or draft a new one.", code="author.other"
        )
