"""Papers with everything their forms ask for, and the way from a draft to the authority's acceptance."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from roadworthy.cli.demo.papers import ATTACHED, PACKAGE, START, facts_of, files_of, pdf
from roadworthy.database import Actor, Database
from roadworthy.filings import actions
from roadworthy.filings.model import FORMS, FilId, Filing, FilingKind, Kept, Role, Scope
from roadworthy.products import store as products

INCIDENT = ("incident", "INC-01ARZ3NDEKTSV4RRFFQ69G5FAV")


def kept(content: bytes, name: str = "paper.pdf") -> Kept:
    """What the room would say about these bytes had they been uploaded."""
    return Kept(name, "application/pdf", sha256(content).hexdigest(), len(content))


def facts_for(database: Database, kind: str, scope: Scope) -> dict[str, Any]:
    with database.read() as view:
        types = [products.load_vehicle_type(view, one) for one in scope.vehicle_type_ids]
    models = [(one.model_code, one.name) for one in types]
    facts = facts_of(kind, models, named_by(vars(scope)))
    if scope.vin_set_digest:
        facts.pop("vin_set_sha256", None)
    return facts


def named_by(scope: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give the facts that a scope says."""
    says = {"package_sha256": PACKAGE, "planned_release": START}
    return [fact for name, fact in says.items() if scope.get(name)]


def drafted(database: Database, author: Actor, kind: str, scope: Scope | None = None, **more: Any) -> Filing:
    """Draft a paper that lacks nothing, with its attachments."""
    scope = scope or Scope()
    if FORMS[FilingKind(kind)].needs_subject:
        more = {"subject": INCIDENT, **more}
    facts = more.pop("facts", None) or facts_for(database, kind, scope)
    made = actions.draft(database, author, kind, scope, facts, **more)
    attach_all(database, author, made.id, facts)
    return made


def attach_all(database: Database, author: Actor, filing_id: FilId, facts: Mapping[str, Any]) -> None:
    for name in files_of(facts):
        actions.attach(database, author, filing_id, Role.ATTACHMENT, kept(ATTACHED, name))


def signed(database: Database, author: Actor, second: Actor, made: Filing) -> Filing:
    """Complete a draft and have it signed off."""
    actions.complete(database, author, made.id)
    return actions.sign_off(database, second, made.id)


def receipt(database: Database, actor: Actor, filing_id: FilId) -> str:
    """Store a receipt; give its SHA-256."""
    return actions.attach(database, actor, filing_id, Role.RECEIPT, kept(pdf(f"receipt of {filing_id}"))).sha256


def submitted(
    database: Database, author: Actor, second: Actor, made: Filing, day: str, delivered: str | None = None
) -> Filing:
    """Take a draft to the authority, by hand."""
    signed(database, author, second, made)
    return actions.submit(database, author, made.id, day, delivered)


def accepted(database: Database, second: Actor, made: Filing, **receipt_of: Any) -> Filing:
    """Take down the receipt of a submitted paper."""
    told = {"receipt_number": f"No {made.id[-8:]}", "receipt_date": made.submitted_on, **receipt_of}
    told.setdefault("document_sha256", receipt(database, second, made.id))
    return actions.accept(database, second, made.id, **told)
