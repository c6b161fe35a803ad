"""JSON API of campaigns."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from roadworthy.campaigns import actions, store
from roadworthy.campaigns.model import Campaign, CmpId, GateDecision
from roadworthy.database import Actor, Database
from roadworthy.kernel.errors import Unusable
from roadworthy.releases.actions import Regime
from roadworthy.releases.web import judgement_json
from roadworthy.webui.http import page, page_limit, signed_in

router = APIRouter(prefix="/api/v1/campaigns", tags=["campaigns"])
Signed = Annotated[Actor, Depends(signed_in)]


class NewCampaign(BaseModel):
    """What a campaign begins with: a filter or a VIN list, and wave sizes in per cent that add up to 100."""

    model_config = ConfigDict(extra="forbid")

    name: str
    release: str
    waves: list[int] = Field(min_length=1, max_length=50)
    wave_names: list[str] = Field(default_factory=list, max_length=50)
    filter: dict[str, Any] = Field(default_factory=dict)
    vins: list[str] = Field(default_factory=list, max_length=1_000_000)


@router.post("", status_code=201)
def create(request: Request, actor: Signed, body: NewCampaign) -> dict[str, Any]:
    """Create a campaign."""
    plan = actions.Plan(body.name, body.release, body.waves, body.filter, body.vins, body.wave_names)
    return _json(actions.create(request.app.state.database, actor, plan))


@router.get("")
def list_campaigns(request: Request, actor: Signed, after: str = "", limit: int = 50) -> dict[str, Any]:  # noqa: ARG001
    """List campaigns, oldest first."""
    with request.app.state.database.read() as view:
        return page([_json(c) for c in store.page(view, after, page_limit(limit) + 1)], limit)


@router.get("/{campaign_id}")
def show(request: Request, actor: Signed, campaign_id: str) -> dict[str, Any]:  # noqa: ARG001
    """Show a campaign with its waves, how far their vehicles are, and its leases."""
    with request.app.state.database.read() as view:
        found = store.get(view, CmpId.parse(campaign_id))
        counts = store.counts(view, found.id)
        live = {lease.id for lease in actions.live_leases(view, found.id)}
        return {
            **_json(found),
            "waves": [{**asdict(w), "counts": dict(counts.get(w.number, {}))} for w in store.waves(view, found.id)],
            "decisions": [_decision(d, d.id in live) for d in store.decisions(view, found.id)],
        }


@router.get("/{campaign_id}/gate")
def gate(request: Request, actor: Signed, campaign_id: str) -> dict[str, Any]:  # noqa: ARG001
    """Ask the gate as of now, for each vehicle type of the target set, without recording anything."""
    with request.app.state.database.read() as view:
        found = store.get(view, CmpId.parse(campaign_id))
        judged = actions.judge_wave(view, request.app.state.regime, found)
    return {"ok": all(j.decision.is_open for j in judged), "vehicle_types": [judgement_json(j) for j in judged]}


@router.get("/{campaign_id}/vehicles")
def vehicles(
    request: Request,
    actor: Signed,  # noqa: ARG001
    campaign_id: str,
    after: int = 0,
    limit: int = 50,
    status: str = "",
    wave: int | None = None,
    vin: str = "",
) -> dict[str, Any]:
    """List the vehicles that have an action in this campaign."""
    with request.app.state.database.read() as view:
        found = store.get(view, CmpId.parse(campaign_id))
        lines = store.vehicle_lines(
            view, found.id, after=after, limit=page_limit(limit) + 1, status=status, number=wave, vin=vin
        )
    return page([dict(line._mapping) for line in lines], limit, key="number")  # noqa: SLF001


@router.post("/{campaign_id}/{verb}")
def move(request: Request, actor: Signed, campaign_id: str, verb: str) -> dict[str, Any]:
    """Approve, start, advance, pause, resume, stop or complete a campaign."""
    state = request.app.state
    return _json(do(state.database, actor, state.regime, state.settings.lease_hours, CmpId.parse(campaign_id), verb))


def do(database: Database, actor: Actor, regime: Regime, lease_hours: int, campaign_id: CmpId, verb: str) -> Campaign:
    """Do one verb on a campaign.

    Raises Unusable for a verb that does not exist, and whatever the verb raises.
    """
    if verb in {"start", "advance", "resume"}:
        gated = {"start": actions.start, "advance": actions.advance, "resume": actions.resume}[verb]
        return gated(database, actor, regime, campaign_id, lease_hours)
    plain = {
        "approve": actions.approve,
        "pause": actions.pause,
        "stop": actions.stop,
        "complete": actions.complete,
    }.get(verb)
    if plain is None:
        raise Unusable(f"A campaign has no verb {verb[:20]!r}.", code="verb.unknown")
    return plain(database, actor, campaign_id)


def _json(found: Campaign) -> dict[str, Any]:
    return asdict(found)


def _decision(found: GateDecision, live: bool) -> dict[str, Any]:
    return {**asdict(found), "live": live}
