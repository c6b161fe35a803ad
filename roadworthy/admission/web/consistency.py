"""JSON API of production consistency: build records in, how a model stands, findings."""

from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from roadworthy.admission import actions, store
from roadworthy.admission.model import BuildRecord, FndId
from roadworthy.admission.web.routing import SignedIn, router
from roadworthy.kernel.errors import Unusable
from roadworthy.products import store as products
from roadworthy.products.model import TypId
from roadworthy.webui.http import page, page_limit

VERBS = ("explain", "confirm", "correct")
MOST_RECORDS = 50_000


class Build(BaseModel):
    """What one vehicle was built with; numbers with a point as text."""

    model_config = ConfigDict(extra="forbid")
    vin: str
    vehicle_type_id: str
    parameter: str
    value: Any


class Builds(BaseModel):
    """Build records of a plant's system, named by `source`."""

    model_config = ConfigDict(extra="forbid")
    source: str
    records: list[Build] = Field(min_length=1, max_length=MOST_RECORDS)


class Remark(BaseModel):
    """Why a finding is settled so."""

    model_config = ConfigDict(extra="forbid")
    remark: str


@router.post("/build-records", status_code=201)
def record_builds(request: Request, actor: SignedIn, body: Builds) -> dict[str, Any]:
    """Take in build records, compare them with the registry, and open a finding for what differs."""
    records = [BuildRecord(one.vin, TypId.parse(one.vehicle_type_id), one.parameter, one.value) for one in body.records]
    return actions.record_builds(request.app.state.database, actor, records, body.source)


@router.get("/consistency-checks")
def checks(request: Request, _actor: SignedIn, after: str = "", limit: int = 50) -> dict[str, Any]:
    """List the checks of production consistency."""
    with request.app.state.database.read() as view:
        return page([one.to_json() for one in store.list_checks(view, after, page_limit(limit))], limit)


@router.get("/vehicle-types/{type_id}/consistency")
def consistency(request: Request, _actor: SignedIn, type_id: str) -> dict[str, Any]:
    """Say how production of a model stands: checked or not, released or held, and by which findings."""
    wanted = TypId.parse(type_id)
    with request.app.state.database.read() as view:
        products.load_vehicle_type(view, wanted)
        return actions.consistency(view, wanted).to_json()


@router.get("/consistency-findings")
def findings(
    request: Request, _actor: SignedIn, vehicle_type_id: str = "", status: str = "", after: str = "", limit: int = 50
) -> dict[str, Any]:
    """List findings of production consistency."""
    with request.app.state.database.read() as view:
        found = store.list_findings(view, vehicle_type_id, status, after, page_limit(limit))
    return page([one.to_json() for one in found], limit)


@router.post("/consistency-findings/{finding_id}/{verb}")
def settle(request: Request, actor: SignedIn, finding_id: str, verb: str, body: Remark) -> dict[str, Any]:
    """Explain, confirm or correct a finding as another person than who opened it."""
    if verb not in VERBS:
        raise Unusable(f"A finding cannot {verb[:20]!r}; it can: {', '.join(VERBS)}.", code="verb.unknown")
    database = request.app.state.database
    return actions.settle_finding(database, actor, FndId.parse(finding_id), verb, body.remark).to_json()
