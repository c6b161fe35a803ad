"""What all verbs share: move a filing with its event, check the right to, fill its form, find what is missing."""

from collections.abc import Mapping, Sequence
from typing import Any

from roadworthy.database import Actor, View, Work
from roadworthy.filings import rules, store
from roadworthy.filings.model import FORMS, FilId, Filing, Role
from roadworthy.filings.rules.checking import Model
from roadworthy.filings.states import EVENTS, FILING
from roadworthy.kernel.decision import Finding
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import Json, digest_of
from roadworthy.kernel.time import beijing_date
from roadworthy.law.forms import Filled, Form, every_form, fill, load_forms
from roadworthy.products import store as products

OFFICER = "homologation_officer"
# A returned or reopened paper begins again: nobody has signed or sent what it will say.
UNSENT: dict[str, Any] = dict.fromkeys(
    ("packet_id", "submitted_on", "package_delivered_on", "acknowledged_at", "submission_number")
)


def move(work: Work, filing_id: FilId, verb: str, changes: Mapping[str, Any] | None = None) -> Filing:
    """Move a filing and record it. Raises WrongState, NotPermitted, Changed."""
    step, changed = store.move_filing(work, filing_id, verb, changes or {})
    work.record(EVENTS[verb], filing_id, told(changed), move=step)
    return changed


def known(work: Work, filing_id: FilId, verb: str) -> Filing:
    """Load a filing and check the move first: a wrong state or role is told before details are."""
    found = store.load_filing(work, filing_id)
    may(work.actor, found, verb)
    return found


def may(actor: Actor, one: Filing, verb: str) -> None:
    """Check that a filing can make a move and the actor may. Raises WrongState, NotPermitted."""
    actor.require(FILING.move(one.status, verb).role)


def told(one: Filing) -> dict[str, Json]:
    """Give what the log tells about a filing: ids and digests, no person's words and no readable receipt number."""
    number = one.receipt_number
    return {
        "filing": one.id,
        "group": one.group_id,
        "kind": str(one.kind),
        "authority": str(one.authority),
        "clause": FORMS[one.kind].clause,
        "form_version": one.form_version,
        "round": one.round,
        "subject": one.subject_id,
        "vehicle_types": list(one.scope.vehicle_type_ids),
        "release": one.scope.release_id,
        "package_sha256": one.scope.package_sha256,
        "facts_sha256": digest_of({"facts": dict(one.facts), "salt": one.salt}),
        "packet": one.packet_id,
        "submitted_on": one.submitted_on,
        "package_delivered_on": one.package_delivered_on,
        "document_sha256": one.document_sha256,
        "receipt_sha256": None if number is None else digest_of({"number": number, "salt": one.salt}),
        "has_values": one.scope.parameter_values is not None,
    }


def form_of(one: Filing) -> Form:
    """Give the version of the form with which a paper was begun."""
    found = every_form().get((str(one.kind), one.form_version))
    if found is None:
        raise Unusable(f"Version {one.form_version} of the form {one.kind} is gone; bring its file back.", at="form")
    return found


def newest_form(view: View, kind: str) -> Form:
    """Give the form of a kind for a paper begun now: the one in force in Beijing, else the newest."""
    day = beijing_date(view.now)
    return load_forms(day=day).get(kind) or load_forms()[kind]


def models_of(view: View, one: Filing) -> list[Model]:
    """Give the vehicle types of a filing as papers name them."""
    types = [products.load_vehicle_type(view, type_id) for type_id in one.scope.vehicle_type_ids]
    return [Model(found.id, found.model_code, found.name) for found in types]


def filled(view: View, one: Filing) -> Filled:
    """Fill the form of a filing."""
    return fill(form_of(one), rules.document_of(one, models_of(view, one)))


def lacking(view: View, one: Filing, stage: str, *, compare: bool = True) -> tuple[Finding, ...]:
    """Give what stands between a filing and `stage` of its form; without `compare`, by itself alone."""
    others = [(other, filled(view, other)) for other in store.companions(view, one)] if compare else []
    found = rules.findings_of(one, form_of(one), models_of(view, one), others, stage)
    stored = {kept.sha256 for kept in store.documents_of(view, one.id) if kept.role is Role.ATTACHMENT}
    return (*found, *rules.files_missing(one, filled(view, one), stored))


def require_whole(found: Sequence[Finding], one: Filing, verb: str) -> None:
    """Refuse when something was found. Raises Incomplete, with the findings."""
    if found:
        codes = ", ".join(dict.fromkeys(finding.code for finding in found[:5]))
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise rules.Incomplete(
            f"This {one.kind} cannot {verb} yet: {codes}{more}; `roadworthy filing check {one.id}` says what to do.",
            findings=found,
        )
