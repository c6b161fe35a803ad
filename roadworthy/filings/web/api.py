"""JSON API of papers: write, check, sign off, and take down what the authority said."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from roadworthy.database import Actor, Database, View
from roadworthy.filings import actions, store
from roadworthy.filings.model import FORMS, Authority, FilId, Filing, FilingKind, Scope, Wish
from roadworthy.law.forms import load_forms
from roadworthy.products.model import TypId
from roadworthy.webui.http import page, page_limit, signed_in

router = APIRouter(prefix="/api/v1/filings", tags=["filings"])
SignedIn = Annotated[Actor, Depends(signed_in)]


class Body(BaseModel):
    """What is sent; a field that nobody asked for is refused."""

    model_config = ConfigDict(extra="forbid")


class ScopeBody(Body):
    """What a filing covers, and the facts that fill its form (in PATCH: a JSON merge patch, null removes)."""

    vehicle_type_ids: list[str] = []
    release_id: str | None = None
    package_sha256: str | None = None
    vin_set_digest: str | None = None
    parameter_values: dict[str, dict[str, Any]] | None = None
    planned_release: str | None = None
    facts: dict[str, Any] | None = None

    def given(self) -> dict[str, Any]:
        """Give the fields that were sent, with parsed ids."""
        names = {*Scope.__dataclass_fields__, "facts"}
        values = self.model_dump(exclude_unset=True, include=names)
        if "vehicle_type_ids" in values:
            values["vehicle_type_ids"] = tuple(TypId.parse(one) for one in values["vehicle_type_ids"])
        return values


class NewFiling(ScopeBody):
    """A paper to draft. Without `authority` one is drafted for each that the kind goes to."""

    kind: FilingKind
    authority: Authority | None = None
    subject_type: str | None = None
    subject_id: str | None = None
    beside: str | None = None
    amends: str | None = None

    def wish(self) -> Wish:
        """Give it as the room wants it."""
        scope = self.given()
        facts = scope.pop("facts", None) or {}
        subject = (self.subject_type or "", self.subject_id or "") if self.subject_type or self.subject_id else None
        beside, amends = (None if one is None else FilId.parse(one) for one in (self.beside, self.amends))
        return Wish(self.kind, Scope(**scope), facts, self.authority, subject, beside, amends)


class Submission(Body):
    """When a paper, and its package, was sent by hand."""

    submitted_on: str
    package_delivered_on: str | None = None


class Delivery(Body):
    """When the package was handed over."""

    delivered_on: str


class Arrival(Body):
    """When the authority confirmed the arrival, and under which number."""

    at: str
    number: str = ""


class Receipt(Body):
    """The receipt of the authority; its document is stored already."""

    receipt_number: str
    receipt_date: str
    document_sha256: str
    valid_from: str | None = None
    valid_until: str | None = None


class Remark(Body):
    """Why."""

    remark: str


@router.get("")
def filings(
    request: Request,
    _actor: SignedIn,
    kind: FilingKind | None = None,
    status: str | None = None,
    *,
    package_sha256: str | None = None,
    release_id: str | None = None,
    group_id: str | None = None,
    subject_id: str | None = None,
    after: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """List filings."""
    wanted = {"kind": kind, "status": status, "package_sha256": package_sha256, "release_id": release_id}
    wanted |= {"group_id": group_id, "subject_id": subject_id}
    with request.app.state.database.read() as view:
        found = store.list_filings(view, **wanted, after=after, limit=page_limit(limit))
    return page([one.to_json() for one in found], limit)


@router.get("/forms")
def forms(_actor: SignedIn) -> dict[str, Any]:
    """List the kinds of papers: to whom, because of which clause, and the fields of the form."""
    known = load_forms()
    return {
        "items": [
            {
                "kind": str(kind),
                "title": known[kind].title.to_json(),
                "version": known[kind].version,
                "authorities": [str(one) for one in form.authorities],
                "clause": form.clause,
                "lasts": form.lasts,
                "fields": [
                    {"id": f.id, "label": f.label.to_json(), "type": f.type, "source": f.source, "grade": f.grade}
                    for f in known[kind].fields
                ],
            }
            for kind, form in FORMS.items()
        ]
    }


@router.post("", status_code=201)
def draft(request: Request, actor: SignedIn, body: NewFiling) -> dict[str, Any]:
    """Draft a paper, one for each of its authorities; give the first, and the others under `beside`."""
    database: Database = request.app.state.database
    made = actions.draft_all(database, actor, body.wish())
    return whole(database, made[0])


@router.get("/{filing_id}")
def filing(request: Request, _actor: SignedIn, filing_id: str) -> dict[str, Any]:
    """Give a filing with its facts, documents and packet, the papers beside it, and what is missing."""
    database: Database = request.app.state.database
    with database.read() as view:
        found = store.load_filing(view, FilId.parse(filing_id))
    return whole(database, found)


@router.get("/{filing_id}/findings")
def findings(request: Request, _actor: SignedIn, filing_id: str) -> dict[str, Any]:
    """Say what stands between a paper and its next step, field by field."""
    with request.app.state.database.read() as view:
        found = actions.findings(view, FilId.parse(filing_id))
    return {"ok": not found, "findings": [one.to_json() for one in found]}


@router.patch("/{filing_id}")
def revise(request: Request, actor: SignedIn, filing_id: str, body: ScopeBody) -> dict[str, Any]:
    """Change a draft."""
    return actions.revise(request.app.state.database, actor, FilId.parse(filing_id), **body.given()).to_json()


@router.post("/{filing_id}/amend")
def amend(request: Request, actor: SignedIn, filing_id: str, body: ScopeBody) -> dict[str, Any]:
    """Make a returned filing a draft again."""
    return actions.amend(request.app.state.database, actor, FilId.parse(filing_id), **body.given()).to_json()


@router.post("/{filing_id}/submit")
def submit(request: Request, actor: SignedIn, filing_id: str, body: Submission) -> dict[str, Any]:
    """Record that somebody sent a signed paper by hand."""
    return actions.submit(
        request.app.state.database, actor, FilId.parse(filing_id), body.submitted_on, body.package_delivered_on
    ).to_json()


@router.post("/{filing_id}/package")
def deliver_package(request: Request, actor: SignedIn, filing_id: str, body: Delivery) -> dict[str, Any]:
    """Record that the package was handed over."""
    database = request.app.state.database
    return actions.deliver_package(database, actor, FilId.parse(filing_id), body.delivered_on).to_json()


@router.post("/{filing_id}/acknowledge")
def acknowledge(request: Request, actor: SignedIn, filing_id: str, body: Arrival) -> dict[str, Any]:
    """Take down that the authority confirmed the arrival of what was sent by hand."""
    database = request.app.state.database
    return actions.acknowledge(database, actor, FilId.parse(filing_id), body.at, body.number).to_json()


@router.post("/{filing_id}/accept")
def accept(request: Request, actor: SignedIn, filing_id: str, body: Receipt) -> dict[str, Any]:
    """Record that the authority accepted."""
    return actions.accept(request.app.state.database, actor, FilId.parse(filing_id), **body.model_dump()).to_json()


_PLAIN: dict[str, Callable[[Database, Actor, FilId], Filing]] = {
    "complete": actions.complete,
    "sign-off": actions.sign_off,
    "reopen": actions.reopen,
}
_REMARKED: dict[str, Callable[[Database, Actor, FilId, str], Filing]] = {
    "return": actions.send_back,
    "refuse": actions.refuse,
    "withdraw": actions.withdraw,
    "suspend": actions.suspend,
    "resume": actions.resume,
    "revoke": actions.revoke,
    "close": actions.close,
    "drop": actions.drop,
}


def _add_verbs() -> None:
    def plain(verb: str, act: Callable[[Database, Actor, FilId], Filing]) -> None:
        @router.post(f"/{{filing_id}}/{verb}", name=verb, description=act.__doc__)
        def one(request: Request, actor: SignedIn, filing_id: str) -> dict[str, Any]:
            return act(request.app.state.database, actor, FilId.parse(filing_id)).to_json()

    def remarked(verb: str, act: Callable[[Database, Actor, FilId, str], Filing]) -> None:
        @router.post(f"/{{filing_id}}/{verb}", name=verb, description=act.__doc__)
        def one(request: Request, actor: SignedIn, filing_id: str, body: Remark) -> dict[str, Any]:
            return act(request.app.state.database, actor, FilId.parse(filing_id), body.remark).to_json()

    for verb, act in _PLAIN.items():
        plain(verb, act)
    for verb, remarkable in _REMARKED.items():
        remarked(verb, remarkable)


def whole(database: Database, one: Filing) -> dict[str, Any]:
    """Give everything about a filing."""
    with database.read() as view:
        found = actions.findings(view, one.id)
        papers = store.documents_of(view, one.id)
        others = beside(view, one)
        packet = actions.packet_of(view, one)
    return {
        **one.to_json(),
        "facts": dict(one.facts),
        "findings": [finding.to_json() for finding in found],
        "documents": [paper.to_json() for paper in papers],
        "beside": [
            {"id": o.id, "kind": str(o.kind), "authority": str(o.authority), "status": o.status} for o in others
        ],
        "packet": None if packet is None else packet.to_json(),
    }


def beside(view: View, one: Filing) -> list[Filing]:
    """Give the papers of its group, and those that must agree with it."""
    group = store.list_filings(view, group_id=one.group_id, limit=500)
    found = {other.id: other for other in (*group, *store.companions(view, one)) if other.id != one.id}
    return list(found.values())


_add_verbs()
