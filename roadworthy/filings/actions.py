"""The verbs over filings."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from roadworthy.database import Actor, Database, View, Work
from roadworthy.filings import rules, store
from roadworthy.filings.model import FORMS, FilId, Filing, FilingKind, Scope
from roadworthy.filings.states import FILING
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.event import Json, digest_of
from roadworthy.kernel.lifecycle import Move, WrongState
from roadworthy.kernel.time import beijing_date, parse_date
from roadworthy.products import store as products
from roadworthy.products.rules import parse_value, parse_words

ROLE = "homologation_officer"
SYSTEM = Actor("system:worker")


def draft(database: Database, actor: Actor, kind: str, scope: Scope) -> Filing:
    """Draft a filing; what its kind needs may still be missing.

    Raises NotPermitted, NotFound for an unknown vehicle type, Unusable.
    """
    if kind not in list(FilingKind):
        raise Unusable(f"kind is one of {', '.join(FilingKind)}.", code="kind.unknown", at="kind")
    of_kind = FilingKind(kind)
    with database.begin(actor, attempt="filing.draft") as work:
        actor.require(ROLE)
        made = Filing(
            FilId.new(work.now), of_kind, FORMS[of_kind].authority, _checked(work, of_kind, scope), actor.id, None,
            FILING.initial, None, None, None, None, None, None, None, secrets.token_hex(16),
        )  # fmt: skip
        store.save_filing(work, made)
        work.record("filing.drafted", made.id, _facts(made))
    return made


def revise(database: Database, actor: Actor, filing_id: FilId, **changes: Any) -> Filing:
    """Change the scope of a draft: any field of Scope; only its author may.

    Raises NotPermitted, NotFound, WrongState, Unusable.
    """
    with database.begin(actor, attempt="filing.revise", subject=filing_id) as work:
        actor.require(ROLE)
        known = store.load_filing(work, filing_id)
        rules.check_author(known, actor.id)
        if known.status != FILING.initial:
            raise WrongState(f"A filing that is {known.status} cannot be revised; a returned one is amended first.")
        columns = _scope_changes(work, known, changes)
        changed = store.change_filing(work, filing_id, columns, known.status)
        work.record("filing.revised", filing_id, _facts(changed))
    return changed


def submit(
    database: Database, actor: Actor, filing_id: FilId, submitted_on: str, package_delivered_on: str | None = None
) -> Filing:
    """Record that a filing was sent; days are ISO days in Beijing, not in the future.

    Raises NotPermitted, NotFound, WrongState, Incomplete, Unusable.
    """
    with database.begin(actor, attempt="filing.submit", subject=filing_id) as work:
        known, today = _known(work, filing_id, "submit"), beijing_date(work.now)
        rules.check_complete(known)
        changes: dict[str, Any] = {"submitted_on": rules.check_past(submitted_on, "submitted_on", today)}
        if package_delivered_on is not None:
            day = rules.check_past(package_delivered_on, "package_delivered_on", today)
            changes["package_delivered_on"] = day
        return _move(work, filing_id, "submit", "filing.submitted", changes)


def deliver_package(database: Database, actor: Actor, filing_id: FilId, delivered_on: str) -> Filing:
    """Record that the electronic package was handed over (SAMR21-1: the later of form and package counts).

    Raises NotPermitted, NotFound, WrongState unless submitted, Refused when it is recorded already, Unusable.
    """
    with database.begin(actor, attempt="filing.deliver_package", subject=filing_id) as work:
        actor.require(ROLE)
        known = store.load_filing(work, filing_id)
        if known.status != "submitted":
            raise WrongState(f"A filing that is {known.status} takes no package; submit it first.")
        if known.package_delivered_on is not None:
            raise Refused("The delivery of the package is recorded already.", code="package.delivered")
        day = rules.check_past(delivered_on, "delivered_on", beijing_date(work.now))
        changed = store.change_filing(work, filing_id, {"package_delivered_on": day}, known.status)
        work.record("filing.package_delivered", filing_id, _facts(changed))
    return changed


def accept(
    database: Database,
    actor: Actor,
    filing_id: FilId,
    *,
    receipt_number: str,
    receipt_date: str,
    document_sha256: str,
    valid_until: str | None = None,
) -> Filing:
    """Record the receipt of the authority; by another person than the author.

    `receipt_date` and `valid_until` are ISO days in Beijing, `document_sha256` the hash of the stored document.
    Raises NotPermitted, NotFound, WrongState, Unusable.
    """
    with database.begin(actor, attempt="filing.accept", subject=filing_id) as work:
        known, today = _known(work, filing_id, "accept"), beijing_date(work.now)
        rules.check_other_person(known, actor.id)
        day = rules.check_past(receipt_date, "receipt_date", today, known.submitted_on)
        until = None if valid_until is None else parse_date(valid_until)
        if until is not None and until < today:
            raise Unusable("valid_until lies in the past; check the document.", code="day.past", at="valid_until")
        changes = {
            "approver": actor.id,
            "receipt_number": parse_words(receipt_number, "receipt_number"),
            "receipt_date": day,
            "document_sha256": rules.check_sha256(document_sha256, "document_sha256"),
            "valid_until": None if until is None else until.isoformat(),
        }
        return _move(work, filing_id, "accept", "filing.accepted", changes)


def send_back(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Record that the authority returned a filing for amendment.

    Raises NotPermitted, NotFound, WrongState, Unusable.
    """
    return _remarked(database, actor, filing_id, "return", remark)


def refuse(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Record that the authority refused a filing. Raises NotPermitted, NotFound, WrongState, Unusable."""
    return _remarked(database, actor, filing_id, "refuse", remark)


def withdraw(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Take an accepted filing out of force; every lease that rests on it ends.

    Raises NotPermitted, NotFound, WrongState, Unusable.
    """
    return _remarked(database, actor, filing_id, "withdraw", remark)


def amend(database: Database, actor: Actor, filing_id: FilId, **changes: Any) -> Filing:
    """Make a returned filing a draft again, with changes of its scope; only its author may.

    Raises NotPermitted, NotFound, WrongState, Unusable.
    """
    with database.begin(actor, attempt="filing.amend", subject=filing_id) as work:
        known = _known(work, filing_id, "amend")
        rules.check_author(known, actor.id)
        columns = _scope_changes(work, known, changes) | {"submitted_on": None, "package_delivered_on": None}
        return _move(work, filing_id, "amend", "filing.amended", columns)


def expire(database: Database, actor: Actor, filing_id: FilId) -> Filing:
    """End a filing whose validity has run out; the system only.

    Raises NotPermitted, NotFound, WrongState, Refused while it is still valid.
    """
    with database.begin(actor, attempt="filing.expire", subject=filing_id) as work:
        known = _known(work, filing_id, "expire")
        if known.valid_until is None or known.valid_until >= beijing_date(work.now).isoformat():
            raise Refused("The validity of this filing has not ended.", code="filing.valid")
        return _move(work, filing_id, "expire", "filing.expired", {})


def expire_ended(database: Database) -> int:
    """End every filing whose validity has run out, as the system; give how many.

    Nothing waits for this: a filing counts only to the end of its validity, whatever its state says.
    """
    with database.read() as view:
        ended = store.ended_filings(view, beijing_date(view.now))
    for filing_id in ended:
        expire(database, SYSTEM, filing_id)
    return len(ended)


def standing(
    view: View, kind: FilingKind, vehicle_type_id: str | None = None, package_sha256: str | None = None
) -> tuple[str, Filing | None]:
    """Give the best there is of a kind for a vehicle type and a package: the word of the facts, and the filing.

    The word is `valid` (receipt held), else `submitted`, else `none` with no filing. Of equals the newest wins.
    """
    return rules.best_of(store.live_filings(view, kind), vehicle_type_id, package_sha256, beijing_date(view.now))


def in_force(
    view: View, kind: FilingKind, vehicle_type_id: str | None = None, package_sha256: str | None = None
) -> Filing | None:
    """Give the newest filing of a kind that is valid now and covers the vehicle type and the package, or None."""
    word, found = standing(view, kind, vehicle_type_id, package_sha256)
    return found if word == "valid" else None


def change_permit(view: View, vehicle_type_id: str, after: Mapping[str, Json]) -> Filing | None:
    """Give the newest change permit in force that grants all of `after` (new value by parameter key), or None.

    A permit for other parameters, or for other values, is none for this change (N45-7b).
    """
    today = beijing_date(view.now)
    for found in store.live_filings(view, FilingKind.MIIT_CHANGE_PERMIT):
        if rules.state_word(found, today) == "valid" and rules.grants(found, vehicle_type_id, after):
            return found
    return None


def _known(work: Work, filing_id: FilId, verb: str) -> Filing:
    """Load a filing and check the move first: a wrong state or role is told before details are."""
    known = store.load_filing(work, filing_id)
    work.actor.require(FILING.move(known.status, verb).role)
    return known


def _remarked(database: Database, actor: Actor, filing_id: FilId, verb: str, remark: str) -> Filing:
    with database.begin(actor, attempt=f"filing.{verb}", subject=filing_id) as work:
        _known(work, filing_id, verb)
        kind = {"return": "filing.returned", "refuse": "filing.refused", "withdraw": "filing.withdrawn"}[verb]
        return _move(work, filing_id, verb, kind, {"remark": parse_words(remark, "remark", 2_000)})


def _move(work: Work, filing_id: FilId, verb: str, kind: str, changes: dict[str, Any]) -> Filing:
    step: Move
    step, changed = store.move_filing(work, filing_id, verb, changes)
    work.record(kind, filing_id, _facts(changed), move=step)
    return changed


def _facts(one: Filing) -> dict[str, Json]:
    """Give what the log tells about a filing: ids and digests, no person's words and no readable receipt number."""
    number = one.receipt_number
    return {
        "filing": one.id,
        "kind": str(one.kind),
        "authority": str(one.authority),
        "clause": FORMS[one.kind].clause,
        "vehicle_types": list(one.scope.vehicle_type_ids),
        "release": one.scope.release_id,
        "package_sha256": one.scope.package_sha256,
        "submitted_on": one.submitted_on,
        "package_delivered_on": one.package_delivered_on,
        "document_sha256": one.document_sha256,
        "receipt_sha256": None if number is None else digest_of({"number": number, "salt": one.salt}),
        "has_values": one.scope.parameter_values is not None,
    }


def _scope_changes(work: Work, known: Filing, changes: dict[str, Any]) -> dict[str, Any]:
    if stray := sorted(set(changes) - set(Scope.__dataclass_fields__)):
        raise Unusable(f"{', '.join(stray)} cannot be changed; these can: {', '.join(Scope.__dataclass_fields__)}.")
    return store.scope_columns(_checked(work, known.kind, replace(known.scope, **changes)))


def _checked(work: Work, kind: FilingKind, scope: Scope) -> Scope:
    types = tuple(dict.fromkeys(scope.vehicle_type_ids or ()))
    for type_id in types:
        products.load_vehicle_type(work, type_id)
    values = scope.parameter_values
    if values is not None:
        definitions = products.all_definitions(work)
        if unknown := sorted({key for by_key in values.values() for key in by_key} - set(definitions)):
            raise Unusable(f"Unknown parameter: {', '.join(unknown[:5])}; define it first.", at=unknown[0])
        values = {
            one: {key: parse_value(definitions[key], by_key[key]) for key in sorted(by_key)}
            for one, by_key in values.items()
        }
    return rules.check_scope(kind, replace(scope, vehicle_type_ids=types, parameter_values=values))
