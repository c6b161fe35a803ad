"""What the authority, or its channel, said; and what the company does with a paper in force."""

from typing import Any

from roadworthy.database import Actor, Database, Work
from roadworthy.filings import rules, store
from roadworthy.filings.actions import moving
from roadworthy.filings.actions.moving import OFFICER
from roadworthy.filings.model import FORMS, FilId, Filing, Role
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.kernel.time import beijing_date, parse_date, parse_instant
from roadworthy.products.rules import parse_words


def deliver_package(database: Database, actor: Actor, filing_id: FilId, delivered_on: str) -> Filing:
    """Record that the electronic package was handed over (SAMR21-1: the later of form and package counts).

    Raises NotPermitted, NotFound, WrongState unless sent and not yet answered, Refused when it is recorded already,
    Unusable.
    """
    with database.begin(actor, attempt="filing.deliver_package", subject=filing_id) as work:
        actor.require(OFFICER)
        known = store.load_filing(work, filing_id)
        if known.status not in {"submitted", "acknowledged"}:
            raise WrongState(f"A filing that is {known.status} takes no package; submit it first.")
        if known.package_delivered_on is not None:
            raise Refused("The delivery of the package is recorded already.", code="package.delivered")
        day = rules.check_past(delivered_on, "delivered_on", beijing_date(work.now))
        changed = store.change_filing(work, filing_id, {"package_delivered_on": day}, known.status)
        work.record("filing.package_delivered", filing_id, moving.told(changed))
    return changed


def acknowledge(database: Database, actor: Actor, filing_id: FilId, at: str, number: str = "") -> Filing:
    """Take down that the authority confirmed the arrival of a paper that was sent by hand.

    `at` is an ISO instant with its offset, `number` what the authority calls the submission. Raises NotPermitted,
    NotFound, WrongState, Refused for one that a courier carries, Unusable.
    """
    with database.begin(actor, attempt="filing.acknowledge", subject=filing_id) as work:
        known = moving.known(work, filing_id, "acknowledge")
        if known.packet_id is not None:
            raise Refused("A courier carries this paper; confirm its packet.", code="filing.carried")
        moment = parse_instant(at)
        if moment > work.now:
            raise Unusable("at lies in the future; record it when it happens.", code="day.future", at="at")
        rules.check_past(beijing_date(moment).isoformat(), "at", beijing_date(work.now), known.submitted_on)
        told = parse_words(number, "number") if number else None
        return moving.move(work, filing_id, "acknowledge", {"acknowledged_at": moment, "submission_number": told})


def accept(
    database: Database,
    actor: Actor,
    filing_id: FilId,
    *,
    receipt_number: str,
    receipt_date: str,
    document_sha256: str,
    valid_from: str | None = None,
    valid_until: str | None = None,
) -> Filing:
    """Record that the authority accepted; by another person than the author.

    The days are ISO days in Beijing; `document_sha256` names a stored receipt or scan of this filing. A paper that
    lasts takes effect at once, or on `valid_from`; a report is closed. Raises NotPermitted, NotFound, WrongState,
    Refused, Unusable.
    """
    with database.begin(actor, attempt="filing.accept", subject=filing_id) as work:
        known, today = moving.known(work, filing_id, "accept"), beijing_date(work.now)
        rules.check_other_person(known, actor.id, "record the acceptance")
        _require_arrived(known)
        _require_stored(work, known, document_sha256)
        changes = {
            "approver": actor.id,
            "receipt_number": parse_words(receipt_number, "receipt_number"),
            "receipt_date": rules.check_past(receipt_date, "receipt_date", today, known.submitted_on),
            "document_sha256": document_sha256,
            "valid_from": None if valid_from is None else parse_date(valid_from).isoformat(),
            "valid_until": None if valid_until is None else parse_date(valid_until).isoformat(),
        }
        _check_validity(known, changes, today.isoformat())
        return take_effect(work, moving.move(work, filing_id, "accept", changes))


def take_effect(work: Work, accepted: Filing) -> Filing:
    """Let an accepted filing take effect when its day has come, and replace what it amends; a report is closed."""
    if not FORMS[accepted.kind].lasts:
        return moving.move(work, accepted.id, "close")
    if accepted.valid_from is not None and accepted.valid_from > beijing_date(work.now).isoformat():
        return accepted
    if accepted.amends is not None and store.load_filing(work, accepted.amends).status == "valid":
        moving.move(work, accepted.amends, "supersede")
    return moving.move(work, accepted.id, "take_effect")


def send_back(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Record that the authority returned a filing for amendment.

    Raises NotPermitted, NotFound, WrongState, Refused, Unusable.
    """
    return _remarked(database, actor, filing_id, "return", remark)


def refuse(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Record that the authority refused a filing. Raises as `send_back`."""
    return _remarked(database, actor, filing_id, "refuse", remark)


def withdraw(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Take an accepted filing out of force; every lease that rests on it ends. Raises as `send_back`."""
    return _remarked(database, actor, filing_id, "withdraw", remark)


def suspend(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Record that the authority suspended a filing; leases that rest on it end. Raises as `send_back`."""
    return _remarked(database, actor, filing_id, "suspend", remark)


def resume(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Record that the authority lifted a suspension. Raises as `send_back`."""
    return _remarked(database, actor, filing_id, "resume", remark)


def revoke(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Record that the authority revoked what it had accepted; leases that rest on it end. Raises as `send_back`."""
    return _remarked(database, actor, filing_id, "revoke", remark)


def close(database: Database, actor: Actor, filing_id: FilId, remark: str) -> Filing:
    """Say that a paper in force has served; leases that rest on it end. Raises as `send_back`."""
    return _remarked(database, actor, filing_id, "close", remark)


def _remarked(database: Database, actor: Actor, filing_id: FilId, verb: str, remark: str) -> Filing:
    with database.begin(actor, attempt=f"filing.{verb}", subject=filing_id) as work:
        known = moving.known(work, filing_id, verb)
        if verb in {"return", "refuse"}:
            _require_arrived(known)
        return moving.move(work, filing_id, verb, {"remark": parse_words(remark, "remark", 2_000)})


def _require_arrived(known: Filing) -> None:
    """Refuse an answer to what was not sent as far as we know: then either the answer or our knowledge is wrong."""
    if known.submitted_on is None:
        raise Refused(
            "Its packet is still on its way, or nobody knows whether it arrived; settle the packet first.",
            code="packet.open",
        )


def _require_stored(work: Work, known: Filing, sha256: str) -> None:
    """Refuse a receipt that nobody can look at. Raises Unusable, Refused."""
    rules.check_sha256(sha256, "document_sha256")
    if store.find_document(work, known.id, Role.RECEIPT, sha256) is None:
        raise Refused(
            "No receipt of this filing with that SHA-256 is stored; upload its scan first "
            "(`roadworthy document attach --role receipt`).",
            code="receipt.not_stored",
        )


def _check_validity(known: Filing, changes: dict[str, Any], today: str) -> None:
    begins, ends = changes["valid_from"], changes["valid_until"]
    if not FORMS[known.kind].lasts and (begins or ends):
        raise Unusable(f"A {known.kind} is a report; it has no validity.", code="validity.report", at="valid_until")
    if ends is not None and ends < max(today, begins or today):
        told = "valid_until lies in the past, or before valid_from; check the document."
        raise Unusable(told, code="day.past", at="valid_until")
