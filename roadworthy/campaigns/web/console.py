"""The console's routes of campaigns: load what a page shows, draw it, and do what its forms ask.

A page is loaded in two halves, as htmx asks for them: what is asked again every ten seconds (gate, waves, verbs), and
the table of vehicles. The gate of a campaign that is over is shown as it was decided, and judged no more.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from roadworthy.campaigns import actions, store
from roadworthy.campaigns.model import Campaign, CmpId
from roadworthy.campaigns.web.api import do
from roadworthy.campaigns.web.evidence import load_papers
from roadworthy.campaigns.web.gate import Answer, gate_rows
from roadworthy.campaigns.web.headline import headline
from roadworthy.campaigns.web.page import (
    LIVE,
    VEHICLES,
    CampaignPage,
    CampaignRow,
    Link,
    Shipped,
    Vehicles,
    part_wanted,
    render,
    render_list,
    vehicle_filter,
)
from roadworthy.campaigns.web.progress import bars, happened, vehicles
from roadworthy.campaigns.web.verbs import verbs
from roadworthy.campaigns.web.words import FINISHED
from roadworthy.database import Actor, View
from roadworthy.kernel.decision import Outcome, Text, strictest
from roadworthy.kernel.errors import Malformed
from roadworthy.releases import store as releases_store
from roadworthy.releases.actions import Regime
from roadworthy.releases.model import Release
from roadworthy.transparency import store as log_store
from roadworthy.webui import mentions
from roadworthy.webui.http import signed_in

console = APIRouter(include_in_schema=False)
Signed = Annotated[Actor, Depends(signed_in)]
_PAGE = 50

mentions.register("campaign", Text("升级任务", "Campaign"), "/campaigns", store.names)


@console.get("/campaigns")
def campaign_list(request: Request, actor: Signed) -> Response:  # noqa: ARG001
    """Show the campaigns, newest first."""
    asked = request.query_params
    with request.app.state.database.read() as view:
        found = store.search(
            view, asked.get("q", "").strip(), asked.get("status", ""), asked.get("after", ""), _PAGE + 1
        )
        shown = found[:_PAGE]
        done = store.attested(view, [c.id for c in shown])
        names = {r: _name(releases_store.get(view, r)) for r in {c.release_id for c in shown}}
    rows = [
        CampaignRow(c.id, c.name, c.status, names[c.release_id], c.vehicles, done.get(c.id, 0), c.created_at)
        for c in shown
    ]
    return render_list(rows, request, next_after=shown[-1].id if len(found) > _PAGE else "")


@console.get("/campaigns/{campaign_id}")
def campaign_page(request: Request, actor: Signed, campaign_id: str) -> Response:
    """Show one campaign: its gate, its waves, its vehicles."""
    wanted, asked = part_wanted(request), vehicle_filter(request)
    with request.app.state.database.read() as view:
        found = store.get(view, CmpId.parse(campaign_id))
        release = releases_store.get(view, found.release_id)
        if wanted == VEHICLES:
            page = _bare(found, vehicles(view, found, release.version, asked))
        else:
            table = Vehicles(filter=asked) if wanted == LIVE else vehicles(view, found, release.version, asked)
            page = _page(view, request.app.state.regime, found, release, actor, table)
    return render(page, request)


@console.post("/campaigns/{campaign_id}/{verb}")
def act(request: Request, actor: Signed, campaign_id: str, verb: str, confirm: Annotated[str, Form()] = "") -> Response:
    """Do a verb of the page's forms and come back to the page; a refusal is shown with its findings."""
    state = request.app.state
    wanted = CmpId.parse(campaign_id)
    if verb == "stop" and confirm.strip() != wanted:
        raise Malformed(
            "Type the campaign's id to stop it; stopping cannot be undone.", code="confirm.missing", at="confirm"
        )
    do(state.database, actor, state.regime, state.settings.lease_hours, wanted, verb)
    return RedirectResponse(f"/campaigns/{wanted}", 303)


def _bare(campaign: Campaign, table: Vehicles) -> CampaignPage:
    """Give the page with its table only: the region that htmx exchanges shows nothing else."""
    nothing = Shipped(Link(""))
    return CampaignPage(
        campaign.id, campaign.name, campaign.status, nothing, (), "", Outcome.HOLD, Text("", ""), vehicles=table
    )


def _page(
    view: View, regime: Regime, campaign: Campaign, release: Release, actor: Actor, table: Vehicles
) -> CampaignPage:
    decided = store.last_decisions(view, campaign.id) if campaign.status in FINISHED else []
    answers = [Answer.kept(one, store.decision_basis(view, one.id)[1]) for one in decided] or [
        Answer.of(one) for one in actions.judge_wave(view, regime, campaign)
    ]
    unmet = _unmet(answers)
    filed = {one for answer in answers for one in answer.filing_ids}
    papers = load_papers(view, release, sorted(filed), unmet, [campaign.author_id, campaign.approver_id])
    gate = gate_rows(
        answers, {name: fact.label for name, fact in regime.packs_at(view).vocabulary.facts.items()}, papers
    )
    waves = store.waves(view, campaign.id)
    drawn = bars(waves, store.counts(view, campaign.id), campaign.status, unmet)
    leases = actions.live_leases(view, campaign.id)
    head = log_store.last_checkpoint(view)
    return CampaignPage(
        id=campaign.id,
        title=campaign.name,
        status=campaign.status,
        shipped=_shipped(release, answers, papers.names, campaign),
        labels=tuple(sorted({label for answer in answers for label in answer.law["labels"]})),
        tier=", ".join(sorted({answer.law["tier"] for answer in answers if answer.law["tier"]})),
        decision=strictest(answer.outcome for answer in answers),
        headline=headline(campaign, gate, drawn, leased=bool(leases)),
        decided_at=max((one.not_before for one in decided), default=None),
        gate=gate,
        waves=drawn,
        vehicles=table,
        verbs=verbs(campaign, actor, unmet, waves),
        lease_until=min((d.not_after for d in leases), default=None),
        log_size=0 if head is None else head.size,
        happened=happened(view, campaign.id),
    )


def _unmet(answers: Sequence[Answer]) -> list[str]:
    """Give the tokens of the gates that are not open for some vehicle type, in the order of the answers."""
    law = [e["token"] for answer in answers for e in answer.law["gates_blocked"]]
    own = [f.code for answer in answers for f in answer.own if f.state is not Outcome.OPEN]
    return list(dict.fromkeys([*law, *own]))


def _shipped(release: Release, answers: Sequence[Answer], names: Mapping[str, str], campaign: Campaign) -> Shipped:
    package = release.package
    return Shipped(
        Link(_name(release)),
        "" if package is None else package.path,
        "" if package is None else package.sha256,
        0 if package is None else package.length,
        tuple(answer.model_code for answer in answers),
        names.get(campaign.author_id, ""),
        names.get(campaign.approver_id or "", ""),
    )


def _name(release: Release) -> str:
    return f"{release.name} {release.version}"
