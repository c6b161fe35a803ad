"""The console's routes of campaigns: load what a page shows, draw it, and do what its forms ask."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from roadworthy.campaigns import actions, store
from roadworthy.campaigns.model import Campaign, CmpId, GateDecision, Wave
from roadworthy.campaigns.states import CAMPAIGN
from roadworthy.campaigns.web.api import do
from roadworthy.campaigns.web.page import (
    CampaignPage,
    CampaignRow,
    GateRow,
    Link,
    VehicleFilter,
    VehicleRow,
    Vehicles,
    Verb,
    WaveBar,
    render,
    render_list,
    vehicle_filter,
)
from roadworthy.campaigns.web.verbs import VERBS
from roadworthy.database import Actor, View
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import EcuUnit
from roadworthy.kernel.decision import Finding, Outcome, Text, strictest
from roadworthy.kernel.errors import Malformed
from roadworthy.products import store as products_store
from roadworthy.releases import store as releases_store
from roadworthy.releases.actions import Judgement, Regime
from roadworthy.transparency import store as log_store
from roadworthy.webui.http import signed_in

console = APIRouter(include_in_schema=False)
Signed = Annotated[Actor, Depends(signed_in)]
_PAGE = 50
_PLANNED_ACTIONS = {"offered": "offered", "retrieved": "offered", "cancelling": "held", "cancelled": "held"}


@console.get("/")
def front(request: Request, actor: Signed) -> Response:  # noqa: ARG001
    """Go to the campaigns, the first page of the console."""
    return RedirectResponse("/campaigns", 303)


@console.get("/campaigns")
def campaign_list(request: Request, actor: Signed) -> Response:  # noqa: ARG001
    """Show the campaigns."""
    asked = request.query_params
    with request.app.state.database.read() as view:
        found = store.page(view, asked.get("after", ""), _PAGE + 1)
        rows = [_row(view, c) for c in found[:_PAGE] if _matches(c, asked)]
    return render_list(rows, request, next_after=found[_PAGE - 1].id if len(found) > _PAGE else "")


@console.get("/campaigns/{campaign_id}")
def campaign_page(request: Request, actor: Signed, campaign_id: str) -> Response:
    """Show one campaign: its gate, its waves, its vehicles."""
    with request.app.state.database.read() as view:
        found = store.get(view, CmpId.parse(campaign_id))
        page = _page(view, request.app.state.regime, found, actor, vehicle_filter(request))
    return render(page, request)


@console.post("/campaigns/{campaign_id}/{verb}")
def act(request: Request, actor: Signed, campaign_id: str, verb: str, confirm: Annotated[str, Form()] = "") -> Response:
    """Do a verb of the page's forms and come back to the page; a refusal is shown with its findings."""
    state = request.app.state
    wanted = CmpId.parse(campaign_id)
    if verb == "stop" and confirm.strip() != wanted:
        raise Malformed("Type the campaign's id to stop it; stopping cannot be undone.", at="confirm")
    do(state.database, actor, state.regime, state.settings.lease_hours, wanted, verb)
    return RedirectResponse(f"/campaigns/{wanted}", 303)


def _matches(campaign: Campaign, asked: Mapping[str, str]) -> bool:
    word, status = asked.get("q", "").strip().lower(), asked.get("status", "")
    return (not status or campaign.status == status) and (
        not word or word in campaign.name.lower() or word in campaign.id.lower()
    )


def _row(view: View, campaign: Campaign) -> CampaignRow:
    release = releases_store.get(view, campaign.release_id)
    waves = store.waves(view, campaign.id)
    decided = store.decisions(view, campaign.id)
    word = Outcome.OPEN if decided and campaign.status in {"running", "completed"} else Outcome.HOLD
    return CampaignRow(
        campaign.id,
        campaign.name,
        campaign.status,
        Outcome.BLOCKED if campaign.status == "held" else word,
        f"{release.name} {release.version}",
        campaign.vehicles,
        _bars(view, campaign, waves, ()),
        decided[-1].not_before if decided else campaign.created_at,
    )


def _page(view: View, regime: Regime, campaign: Campaign, actor: Actor, asked: VehicleFilter) -> CampaignPage:
    release = releases_store.get(view, campaign.release_id)
    judged = actions.judge_wave(view, regime, campaign)
    waves = store.waves(view, campaign.id)
    gate = gate_rows(judged)
    blocking = tuple(row.token for row in gate if row.state is not Outcome.OPEN)
    leases = [d for d in actions.live_leases(view) if d.campaign_id == campaign.id]
    head = log_store.last_checkpoint(view)
    package = release.package
    return CampaignPage(
        id=campaign.id,
        title=campaign.name,
        status=campaign.status,
        release=Link(f"{release.name} {release.version}"),
        version=release.version,
        package_path="" if package is None else package.path,
        package_sha256="" if package is None else package.sha256,
        labels=tuple(sorted({label for j in judged for label in j.labels})),
        tier=", ".join(sorted({j.tier for j in judged if j.tier})),
        decision=strictest(j.decision.outcome for j in judged),
        headline=_headline(campaign, blocking),
        gate=gate,
        waves=_bars(view, campaign, waves, blocking),
        vehicles=_vehicles(view, campaign, release.version, leases, asked),
        verbs=_verbs(campaign, actor, blocking, waves),
        lease_until=min((d.not_after for d in leases), default=None),
        log_size=0 if head is None else head.size,
    )


def gate_rows(judged: Sequence[Judgement]) -> tuple[GateRow, ...]:
    """Give the checklist over all vehicle types: per token the strictest finding, with its doubt about the law."""
    rows: dict[str, GateRow] = {}
    for answer in judged:
        doubts = {g["token"]: g for g in _law_gates(answer)}
        for finding in answer.decision.findings:
            row = _gate_row(finding, doubts.get(finding.code, {}), answer)
            known = rows.get(finding.code)
            if known is None or strictest([known.state, row.state]) is not known.state:
                rows[finding.code] = row
    return tuple(rows.values())


def _law_gates(answer: Judgement) -> list[Mapping[str, Any]]:
    model = answer.report["models"][0]
    return [*model["gates_open"], *model["gates_blocked"]]


def _gate_row(finding: Finding, law_entry: Mapping[str, Any], answer: Judgement) -> GateRow:
    title = law_entry.get("title")
    reason = law_entry.get("reason_text") or law_entry.get("title")
    doubt = law_entry.get("doubt")
    return GateRow(
        token=finding.code,
        state=finding.state,
        title=Text(**title) if title else finding.text,
        reason=Text(**reason) if reason and title and reason != title else Text("", ""),
        citation=finding.citation,
        fix=finding.fix,
        evidence=tuple(Link(filing) for filing in answer.filing_ids if _settles(finding.code, law_entry)),
        doubt=Text(**doubt) if doubt else None,
    )


def _settles(token: str, law_entry: Mapping[str, Any]) -> bool:
    return token in {"ENT", "TYPE", "ACT", "SAMR", "PARAM", "RECALL"} and law_entry.get("state", "open") == "open"


def _headline(campaign: Campaign, blocking: Sequence[str]) -> Text:
    if campaign.status == "held":
        return Text(f"已暂停:{campaign.hold_reason}", f"Held: {campaign.hold_reason}")
    if blocking:
        names, n = ", ".join(blocking), len(blocking)
        return Text(f"不能开始:{n} 项未满足({names})。", f"Cannot start: {n} item(s) are not met ({names}).")
    return Text("门禁已开:所有要求均已满足。", "The gate is open: everything the law asks is there.")


def _bars(view: View, campaign: Campaign, waves: Sequence[Wave], blocking: Sequence[str]) -> tuple[WaveBar, ...]:
    counted = store.counts(view, campaign.id)
    bars = []
    for wave in waves:
        counts: dict[str, int] = {}
        for status, number in counted.get(wave.number, {}).items():
            word = _PLANNED_ACTIONS.get(status, status)
            counts[word] = counts.get(word, 0) + number
        stopped = campaign.status == "held" or wave.status == "planned"
        by = tuple(blocking) if stopped else ()
        bars.append(WaveBar(wave.number, wave.name, wave.status, wave.vehicles, counts, by))
    return tuple(bars)


def _vehicles(
    view: View, campaign: Campaign, version: str, leases: Sequence[GateDecision], asked: VehicleFilter
) -> Vehicles:
    after = int(asked.after) if asked.after.isascii() and asked.after.isdecimal() else 0
    lines = store.vehicle_lines(
        view, campaign.id, after=after, limit=asked.limit + 1, status=asked.status, number=asked.wave, vin=asked.vin
    )
    shown = lines[: asked.limit]
    ids = [line.vehicle_id for line in shown]
    cars, units = fleet_store.vehicles_by_id(view, ids), fleet_store.units_of_many(view, ids)
    codes = {found.id: code for code, found in products_store.all_vehicle_types(view).items()}
    filings = {d.id: ", ".join(d.filing_ids[:1]) for d in leases}
    rows = tuple(
        VehicleRow(
            id=str(line.number),
            vin=line.vin,
            model=codes[cars[line.vehicle_id].vehicle_type_id],
            province=cars[line.vehicle_id].province,
            from_version=_attested_version(units.get(line.vehicle_id, []), line.ecu_serial, line.sha256),
            to_version=version,
            wave=line.wave,
            status=_PLANNED_ACTIONS.get(line.status, line.status),
            last_contact=line.changed_at,
            filing=filings.get(line.decision_id, ""),
            error=line.detail if line.status == "failed" else "",
        )
        for line in shown
    )
    following = str(shown[-1].number) if len(lines) > asked.limit else ""
    total = store.count_lines(view, campaign.id, status=asked.status, number=asked.wave, vin=asked.vin)
    return Vehicles(rows, total, following, asked)


def _attested_version(units: Sequence[EcuUnit], serial: str, new_sha256: str) -> str:
    """Give the version that an ECU attested before the new one; its path is name/version/file."""
    for unit in units:
        if unit.serial == serial and unit.attested.path and unit.attested.sha256 != new_sha256:
            parts = unit.attested.path.split("/")
            return parts[1] if len(parts) == 3 else ""
    return ""


def _verbs(campaign: Campaign, actor: Actor, blocking: Sequence[str], waves: Sequence[Wave]) -> tuple[Verb, ...]:
    found = []
    for move in CAMPAIGN.moves:
        if move.state != campaign.status or not move.role:
            continue
        reason = _why_not(move.verb, move.role, campaign, actor, blocking, waves)
        said = VERBS[move.verb]
        found.append(
            Verb(
                move.verb,
                said.label,
                enabled=reason is None,
                reason=reason or Text("", ""),
                consequence=said.consequence,
                typed=move.verb == "stop",
                primary=move.verb in {"approve", "start", "advance", "resume"},
            )
        )
    return tuple(found)


def _why_not(
    verb: str, role: str, campaign: Campaign, actor: Actor, blocking: Sequence[str], waves: Sequence[Wave]
) -> Text | None:
    if role not in actor.roles:
        return Text(f"需要角色 {role}", f"This needs the role {role}")
    if verb == "approve" and actor.id == campaign.author_id:
        return Text(
            "作者不能批准自己的任务,请他人批准", "The author cannot approve the own campaign; ask another person"
        )
    if verb == "advance" and all(wave.status != "planned" for wave in waves):
        return Text("所有批次均已开放", "All waves are open already")
    if verb in {"start", "advance", "resume"} and blocking:
        return Text(f"门禁未开:{', '.join(blocking)}", f"The gate is not open: {', '.join(blocking)}")
    return None
