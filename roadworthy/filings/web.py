"""JSON API of filings."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from roadworthy.database import Actor
from roadworthy.filings import actions, store
from roadworthy.filings.model import FilId, FilingKind, Scope
from roadworthy.products.model import TypId
from roadworthy.webui.http import page, page_limit, signed_in

router = APIRouter(prefix="/api/v1/filings", tags=["filings"])
SignedIn = Annotated[Actor, Depends(signed_in)]


class ScopeBody(BaseModel):
    """What a filing covers."""

    model_config = ConfigDict(extra="forbid")
    vehicle_type_ids: list[str] = []
    release_id: str | None = None
    package_sha256: str | None = None
    vin_set_digest: str | None = None
    parameter_values: dict[str, dict[str, Any]] | None = None
    planned_release: str | None = None

    def given(self) -> dict[str, Any]:
        """Give the fields that were sent, with parsed ids."""
        values = self.model_dump(exclude_unset=True)
        if "vehicle_type_ids" in values:
            values["vehicle_type_ids"] = tuple(TypId.parse(one) for one in values["vehicle_type_ids"])
        return values


class NewFiling(ScopeBody):
    """A filing to draft."""

    kind: FilingKind


class Submission(BaseModel):
    """When a filing, and its package, was sent."""

    model_config = ConfigDict(extra="forbid")
    submitted_on: str
    package_delivered_on: str | None = None


class Delivery(BaseModel):
    """When the package was handed over."""

    model_config = ConfigDict(extra="forbid")
    delivered_on: str


class Receipt(BaseModel):
    """The receipt of the authority."""

    model_config = ConfigDict(extra="forbid")
    receipt_number: str
    receipt_date: str
    document_sha256: str
    valid_until: str | None = None


class Remark(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")
    remark: str


@router.get("")
def filings(
    request: Request,
    _actor: SignedIn,
    kind: FilingKind | None = None,
    status: str | None = None,
    *,
    package_sha256: str | None = None,
    after: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """List filings."""
    with request.app.state.database.read() as view:
        found = store.list_filings(
            view, kind=kind, status=status, package_sha256=package_sha256, after=after, limit=page_limit(limit)
        )
    return page([one.to_json() for one in found], limit)


@router.post("", status_code=201)
def draft(request: Request, actor: SignedIn, body: NewFiling) -> dict[str, Any]:
    """Draft a filing."""
    scope = body.given()
    del scope["kind"]
    return actions.draft(request.app.state.database, actor, body.kind, Scope(**scope)).to_json()


@router.get("/{filing_id}")
def filing(request: Request, _actor: SignedIn, filing_id: str) -> dict[str, Any]:
    """Give a filing."""
    with request.app.state.database.read() as view:
        return store.load_filing(view, FilId.parse(filing_id)).to_json()


@router.patch("/{filing_id}")
def revise(request: Request, actor: SignedIn, filing_id: str, body: ScopeBody) -> dict[str, Any]:
    """Change the scope of a draft."""
    return actions.revise(request.app.state.database, actor, FilId.parse(filing_id), **body.given()).to_json()


@router.post("/{filing_id}/submit")
def submit(request: Request, actor: SignedIn, filing_id: str, body: Submission) -> dict[str, Any]:
    """Record that a filing was sent."""
    return actions.submit(
        request.app.state.database, actor, FilId.parse(filing_id), body.submitted_on, body.package_delivered_on
    ).to_json()


@router.post("/{filing_id}/package")
def deliver_package(request: Request, actor: SignedIn, filing_id: str, body: Delivery) -> dict[str, Any]:
    """Record that the package was handed over."""
    database = request.app.state.database
    return actions.deliver_package(database, actor, FilId.parse(filing_id), body.delivered_on).to_json()


@router.post("/{filing_id}/accept")
def accept(request: Request, actor: SignedIn, filing_id: str, body: Receipt) -> dict[str, Any]:
    """Record the receipt of the authority."""
    return actions.accept(request.app.state.database, actor, FilId.parse(filing_id), **body.model_dump()).to_json()


@router.post("/{filing_id}/return")
def send_back(request: Request, actor: SignedIn, filing_id: str, body: Remark) -> dict[str, Any]:
    """Record that the authority returned a filing."""
    return actions.send_back(request.app.state.database, actor, FilId.parse(filing_id), body.remark).to_json()


@router.post("/{filing_id}/refuse")
def refuse(request: Request, actor: SignedIn, filing_id: str, body: Remark) -> dict[str, Any]:
    """Record that the authority refused a filing."""
    return actions.refuse(request.app.state.database, actor, FilId.parse(filing_id), body.remark).to_json()


@router.post("/{filing_id}/amend")
def amend(request: Request, actor: SignedIn, filing_id: str, body: ScopeBody) -> dict[str, Any]:
    """Make a returned filing a draft again."""
    return actions.amend(request.app.state.database, actor, FilId.parse(filing_id), **body.given()).to_json()


@router.post("/{filing_id}/withdraw")
def withdraw(request: Request, actor: SignedIn, filing_id: str, body: Remark) -> dict[str, Any]:
    """Take an accepted filing out of force."""
    return actions.withdraw(request.app.state.database, actor, FilId.parse(filing_id), body.remark).to_json()
