"""JSON API of reports, the supplement of a model, and the plans after its admission. Files stream into storage."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field

from roadworthy.admission import actions, store
from roadworthy.admission.model import PlnId, RctId, ReportKind, RptId
from roadworthy.admission.web.routing import SignedIn, router
from roadworthy.database import Actor, Database
from roadworthy.kernel.errors import NotFound, Refused
from roadworthy.kernel.time import beijing_date
from roadworthy.products import store as products
from roadworthy.products.model import TypId
from roadworthy.webui.http import page, page_limit
from roadworthy.webui.uploads import body_chunks

MAX_PAPER = 200 * 2**20


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewReceipt(_Body):
    """That a ministry took the supplement; `document_sha256` names its stored document."""

    authority: str
    receipt_number: str
    receipt_date: str
    document_sha256: str


class Admitted(_Body):
    """The day (Beijing) on which a model was admitted."""

    admitted_on: str


class Sent(_Body):
    """The filing by which a plan was sent."""

    filing_id: str


class ReportFacts(BaseModel):
    """What a report says beside its file; repeat `verifies` for several parameters."""

    filename: str
    number: str
    laboratory: str
    scope: str
    issued_on: str
    verifies: list[str] = Field(min_length=1)
    kind: ReportKind = ReportKind.TEST
    valid_until: str | None = None


@router.get("/test-reports")
def reports(
    request: Request,
    _actor: SignedIn,
    vehicle_type_id: str = "",
    expiring_within: Annotated[int | None, Query(ge=0, le=3_660)] = None,
    after: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """List inspection and test reports; with `expiring_within` days, the checked ones that end by then."""
    with request.app.state.database.read() as view:
        today = beijing_date(view.now)
        if expiring_within is not None:
            found = store.expiring_reports(view, (today + timedelta(days=expiring_within)).isoformat())
            return {"items": [one.to_json(today) for one in found], "next": None}
        listed = store.list_reports(view, vehicle_type_id, after, page_limit(limit))
    return page([one.to_json(today) for one in listed], limit)


@router.post("/vehicle-types/{type_id}/test-reports", status_code=201)
def record_report(
    request: Request, actor: SignedIn, type_id: str, facts: Annotated[ReportFacts, Query()]
) -> dict[str, Any]:  # fmt: skip
    """Record a report: the body is the file."""
    database, wanted = request.app.state.database, TypId.parse(type_id)
    _may_upload(database, actor, wanted)
    kept = request.app.state.artifacts.put(body_chunks(request, MAX_PAPER))
    draft = actions.NewReport(
        wanted, facts.number, facts.laboratory, facts.scope, facts.issued_on, facts.filename, kept.sha256,
        tuple(facts.verifies), facts.kind, facts.valid_until,
    )  # fmt: skip
    return _report(database, actions.record_report(database, actor, draft))


@router.post("/test-reports/{report_id}/check")
def check_report(request: Request, actor: SignedIn, report_id: str) -> dict[str, Any]:
    """Check a report as the second person; its file must be stored."""
    database, wanted = request.app.state.database, RptId.parse(report_id)
    with database.read() as view:
        known = store.load_report(view, wanted)
    try:
        request.app.state.artifacts.length(known.sha256)
    except NotFound as error:
        raise Refused(f"The file {known.sha256} of this report is not stored; upload it first.") from error
    return _report(database, actions.check_report(database, actor, wanted))


@router.post("/test-reports/{report_id}/withdraw")
def withdraw_report(request: Request, actor: SignedIn, report_id: str) -> dict[str, Any]:
    """Take a report back."""
    database = request.app.state.database
    return _report(database, actions.withdraw_report(database, actor, RptId.parse(report_id)))


@router.post("/admission-files", status_code=201)
def store_file(request: Request, actor: SignedIn, filename: str = "") -> dict[str, Any]:  # noqa: ARG001 - for logs
    """Store a file that a table of reports names: the body is the file."""
    actor.require(actions.ROLE)
    kept = request.app.state.artifacts.put(body_chunks(request, MAX_PAPER))
    return {"sha256": kept.sha256, "length": kept.length}


@router.get("/vehicle-types/{type_id}/supplement")
def supplement(request: Request, _actor: SignedIn, type_id: str) -> dict[str, Any]:
    """Say how far the Annex 2 supplement of a model is, and its receipts."""
    wanted = TypId.parse(type_id)
    with request.app.state.database.read() as view:
        state = actions.supplement(view, wanted)
        receipts = [one.to_json() for one in store.list_receipts(view, wanted)]
    return {**state.to_json(), "receipts": receipts}


@router.post("/vehicle-types/{type_id}/supplement/receipts", status_code=201)
def record_receipt(request: Request, actor: SignedIn, type_id: str, body: NewReceipt) -> dict[str, Any]:
    """Record the receipt of a ministry for the supplement of a model."""
    database = request.app.state.database
    return actions.record_receipt(database, actor, TypId.parse(type_id), **body.model_dump()).to_json()


@router.post("/supplement-receipts/{receipt_id}/confirm")
def confirm_receipt(request: Request, actor: SignedIn, receipt_id: str) -> dict[str, Any]:
    """Confirm a receipt as the second person."""
    return actions.confirm_receipt(request.app.state.database, actor, RctId.parse(receipt_id)).to_json()


@router.post("/supplement-receipts/{receipt_id}/withdraw")
def withdraw_receipt(request: Request, actor: SignedIn, receipt_id: str) -> dict[str, Any]:
    """Take a receipt back."""
    return actions.withdraw_receipt(request.app.state.database, actor, RctId.parse(receipt_id)).to_json()


@router.post("/vehicle-types/{type_id}/admissions", status_code=201)
def record_admission(request: Request, actor: SignedIn, type_id: str, body: Admitted) -> dict[str, Any]:
    """Record an admission; the answer holds the plans that SAMR is owed from then on."""
    database = request.app.state.database
    with database.read() as view:
        packs = request.app.state.regime.packs_at(view)
        today = beijing_date(view.now)
    made = actions.record_admission(database, actor, TypId.parse(type_id), body.admitted_on, packs)
    return {"items": [one.to_json(today) for one in made], "next": None}


@router.get("/admission-plans")
def plans(
    request: Request, _actor: SignedIn, vehicle_type_id: str = "", after: str = "", limit: int = 50
) -> dict[str, Any]:  # fmt: skip
    """List the plans owed after admissions."""
    with request.app.state.database.read() as view:
        found = store.list_plans(view, vehicle_type_id, after, page_limit(limit))
        today = beijing_date(view.now)
    return page([one.to_json(today) for one in found], limit)


@router.post("/admission-plans/{plan_id}/document")
def write_plan(request: Request, actor: SignedIn, plan_id: str, filename: str) -> dict[str, Any]:
    """Put the document of a plan to it: the body is the file."""
    database, wanted = request.app.state.database, PlnId.parse(plan_id)
    actor.require(actions.ROLE)
    with database.read() as view:
        store.load_plan(view, wanted)
    kept = request.app.state.artifacts.put(body_chunks(request, MAX_PAPER))
    return _plan(database, actions.write_plan(database, actor, wanted, filename, kept.sha256))


@router.post("/admission-plans/{plan_id}/check")
def check_plan(request: Request, actor: SignedIn, plan_id: str) -> dict[str, Any]:
    """Check a plan as the second person."""
    database = request.app.state.database
    return _plan(database, actions.check_plan(database, actor, PlnId.parse(plan_id)))


@router.post("/admission-plans/{plan_id}/file")
def file_plan(request: Request, actor: SignedIn, plan_id: str, body: Sent) -> dict[str, Any]:
    """Record by which filing a plan was sent."""
    database = request.app.state.database
    return _plan(database, actions.file_plan(database, actor, PlnId.parse(plan_id), body.filing_id))


def _may_upload(database: Database, actor: Actor, type_id: TypId) -> None:
    """Refuse before the upload what would be refused after it."""
    actor.require(actions.ROLE)
    with database.read() as view:
        products.load_vehicle_type(view, type_id)


def _report(database: Database, found: Any) -> dict[str, Any]:
    shown: dict[str, Any] = found.to_json(beijing_date(database.time.now()))
    return shown


def _plan(database: Database, found: Any) -> dict[str, Any]:
    return _report(database, found)
