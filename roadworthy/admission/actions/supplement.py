"""The Annex 2 supplement of a model: what it lacks, and the receipts of both ministries (N45-2a to N45-2c)."""

import secrets
from typing import Any

from roadworthy.admission import rules, store
from roadworthy.admission.actions.values import ROLE
from roadworthy.admission.model import Authority, RctId, SupplementReceipt, SupplementState
from roadworthy.admission.states import RECEIPT
from roadworthy.admission.store.papers import receipt_of_row, supplement_receipt
from roadworthy.database import Actor, Database, View
from roadworthy.filings.rules import check_past, check_sha256
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.event import digest_of
from roadworthy.kernel.time import beijing_date
from roadworthy.products import rules as product_rules
from roadworthy.products import store as products
from roadworthy.products.model import TypId
from roadworthy.products.rules import parse_words


def supplement(view: View, type_id: str) -> SupplementState:
    """Say how far the supplement of a vehicle type is at the moment of `view`: the fact `annex2_supplemented`.

    Raises NotFound.
    """
    kind = products.load_vehicle_type(view, type_id)
    today = beijing_date(view.now)
    reports = store.list_reports(view, type_id, limit=None)
    verified = {key for one in reports if one.counts(today) for key in one.verifies}
    return rules.supplement_state(
        products.all_definitions(view),
        store.plain_values(view, type_id),
        verified,
        store.list_receipts(view, type_id),
        stated=kind.annex2_supplemented,
    )


def record_receipt(
    database: Database,
    actor: Actor,
    type_id: TypId,
    *,
    authority: str,
    receipt_number: str,
    receipt_date: str,
    document_sha256: str,
) -> SupplementReceipt:
    """Record that a ministry took the supplement; another person confirms it. `receipt_date` is an ISO day in Beijing.

    Raises NotPermitted, NotFound, Unusable, Refused while a needed parameter has no value: then it was not in what the
    ministry took.
    """
    if authority not in list(Authority):
        raise Unusable(f"authority is one of {', '.join(Authority)}.", code="authority.unknown", at="authority")
    number = parse_words(receipt_number, "receipt_number")
    document = check_sha256(document_sha256, "document_sha256")
    with database.begin(actor, attempt="supplement_receipt.record", subject=type_id) as work:
        actor.require(ROLE)
        missing = supplement(work, type_id).missing
        if missing:
            raise Refused(
                f"Register {', '.join(missing[:8])} first ({len(missing)} missing): the receipt would not cover them.",
                code="supplement.incomplete",
            )
        values = store.plain_values(work, type_id)
        wanted = product_rules.needed(products.all_definitions(work).values(), values)
        covered = {one.key: values[one.key] for one in wanted}
        made = RctId.new(work.now)
        row: dict[str, Any] = {
            "id": made,
            "vehicle_type_id": type_id,
            "authority": authority,
            "receipt_number": number,
            "receipt_date": check_past(receipt_date, "receipt_date", beijing_date(work.now)),
            "document_sha256": document,
            "parameters": sorted(covered),
            "values_sha256": digest_of(covered),
            "status": RECEIPT.initial,
            "author": actor.id,
            "salt": secrets.token_hex(16),
        }
        work.insert(supplement_receipt, row)
        told = {"authority": authority, "document_sha256": document, "values_sha256": row["values_sha256"]}
        work.record("supplement_receipt.recorded", made, {**told, "vehicle_type": type_id})
        return store.load_receipt(work, made)


def confirm_receipt(database: Database, actor: Actor, receipt_id: RctId) -> SupplementReceipt:
    """Confirm a receipt as another person than who recorded it (a database constraint).

    Raises NotPermitted, NotFound, WrongState.
    """
    return _move(database, actor, receipt_id, "confirm", {"approver": actor.id})


def withdraw_receipt(database: Database, actor: Actor, receipt_id: RctId) -> SupplementReceipt:
    """Take a receipt back; the model is no longer supplemented by it. Raises NotPermitted, NotFound, WrongState."""
    return _move(database, actor, receipt_id, "withdraw", {})


def _move(
    database: Database, actor: Actor, receipt_id: RctId, verb: str, changes: dict[str, Any]
) -> SupplementReceipt:  # fmt: skip
    with database.begin(actor, attempt=f"supplement_receipt.{verb}", subject=receipt_id) as work:
        known = store.load_receipt(work, receipt_id)
        step, row = work.move(supplement_receipt, {"id": receipt_id}, RECEIPT, verb, changes)
        facts = {"document_sha256": known.document_sha256, "vehicle_type": known.vehicle_type_id}
        work.record(f"supplement_receipt.{step.target}", receipt_id, facts, move=step)
        return receipt_of_row(row)
