"""The gate of a wave: asked inside the transaction it guards, kept as a lease, and given up when it no longer holds."""

from collections.abc import Sequence

from roadworthy.campaigns import rules, store
from roadworthy.campaigns.actions.decided import is_as_decided
from roadworthy.campaigns.actions.targets import target_types
from roadworthy.campaigns.model import Campaign, GateDecision, GteId, Wave
from roadworthy.campaigns.states import CAMPAIGN
from roadworthy.database import Actor, Database, View, Work
from roadworthy.filings import store as filings_store
from roadworthy.kernel.decision import Finding
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import beijing_date, to_text
from roadworthy.releases import store as releases_store
from roadworthy.releases.actions import Judgement, Regime, Scope, judge
from roadworthy.releases.model import Package, Release

SYSTEM = Actor("system:worker")


class GateClosed(Refused):
    """The gate is not open; each finding says what is missing and what to do."""

    code = "gate.closed"


def judge_wave(view: View, regime: Regime, campaign: Campaign) -> list[Judgement]:
    """Ask the gate for every vehicle type that the target set holds; at least one.

    Raises GateClosed when the set holds no vehicle of the release's types.
    """
    release = releases_store.get(view, campaign.release_id)
    types = target_types(view, campaign)
    wanted = [type_id for type_id in release.vehicle_type_ids if type_id in types]
    if not wanted:
        raise GateClosed("The target set holds no vehicle of the release's types; check the filter or the list.")
    return [judge(view, regime, release, type_id, _scope(campaign, *types[type_id])) for type_id in wanted]


def open_gate(work: Work, regime: Regime, campaign: Campaign, wave: Wave, lease_hours: int) -> list[GateDecision]:
    """Ask the gate for a wave and, when every vehicle type's answer is open, write one lease each.

    Raises GateClosed with the findings of all types; the caller's transaction rolls back and keeps a refusal event.
    """
    judged = judge_wave(work, regime, campaign)
    if not all(j.decision.is_open for j in judged):
        raise GateClosed(findings=_not_open(judged))
    release = releases_store.get(work, campaign.release_id)
    return [_lease(work, campaign, wave, release, j, lease_hours) for j in judged]


def live_lease(view: View, campaign_id: str, wave: int, vehicle_type_id: str) -> GateDecision | None:
    """Give the lease that allows delivery at this moment, or None.

    Not only the lease must run: the campaign must be running, the release approved, and every filing that the
    decision rests on still in force. So a withdrawal stops delivery before any worker has noticed it.
    """
    for found in reversed(store.open_leases(view, view.now, campaign_id)):
        if found.wave == wave and found.vehicle_type_id == vehicle_type_id:
            return found if _still_rests(view, found) else None
    return None


def live_leases(view: View, campaign_id: str | None = None) -> list[GateDecision]:
    """Give the leases that allow delivery at this moment, of all campaigns or of one, oldest first."""
    return [found for found in store.open_leases(view, view.now, campaign_id) if _still_rests(view, found)]


def renew(database: Database, regime: Regime, lease_hours: int) -> int:
    """Ask the gate again for every open wave whose lease is half over; hold the campaign when the answer is no.

    Gives the number of campaigns that were asked.
    """
    with database.read() as view:
        asked = [c for c in store.running(view) if _needs_renewal(view, c)]
    for campaign in asked:
        recheck(database, regime, campaign, lease_hours)
    return len(asked)


def recheck(database: Database, regime: Regime, campaign: Campaign, lease_hours: int, cause: str = "") -> bool:
    """Ask the gate again for all open waves of a running campaign; hold it when the answer is no.

    Gives whether it still runs. `cause` is the id of the event that made us ask.
    """
    try:
        with database.begin(SYSTEM, attempt="campaign.renew", subject=campaign.id, cause=cause) as work:
            for wave in store.waves(work, campaign.id):
                if wave.status == "open":
                    open_gate(work, regime, campaign, wave, lease_hours)
    except GateClosed as refusal:
        hold(database, campaign, refusal.findings, cause)
        return False
    return True


def hold(database: Database, campaign: Campaign, findings: Sequence[Finding], cause: str = "") -> None:
    """Hold a running campaign: end its leases and say why."""
    reason = "; ".join(f"{f.code}: {f.text.en}" for f in findings)[:400] or "the gate is closed"
    with database.begin(SYSTEM, attempt="campaign.hold", subject=campaign.id, cause=cause) as work:
        if store.get(work, campaign.id).status != "running":
            return
        step, _ = work.move(store.campaign, {"id": campaign.id}, CAMPAIGN, "hold", {"hold_reason": reason})
        work.record("campaign.held", campaign.id, {"findings": [f.code for f in findings]}, move=step)
        close_leases(work, campaign.id, "held")


def close_leases(work: Work, campaign_id: str, reason: str) -> None:
    """End all leases of a campaign that still run."""
    for found in store.decisions(work, campaign_id):
        if found.decision == "open" and found.closed_at is None and found.not_after > work.now:
            work.update(store.gate_decision, {"id": found.id}, {"closed_at": work.now, "closed_reason": reason})
            work.record("gate.closed", found.id, {"campaign": campaign_id, "reason": reason})


def _scope(campaign: Campaign, sold: bool, test_fleet: bool) -> Scope:
    return Scope(sold=sold, test_fleet=test_fleet, vin_digest=campaign.target_digest)


def _needs_renewal(view: View, campaign: Campaign) -> bool:
    leases = {(d.wave, d.vehicle_type_id): d for d in store.open_leases(view, view.now, campaign.id)}
    is_open = any(wave.status == "open" for wave in store.waves(view, campaign.id))
    if is_open and not leases:
        return True
    return any(
        rules.renewal_due(d.not_before, d.not_after, view.now) or not _still_rests(view, d) for d in leases.values()
    )


def _still_rests(view: View, found: GateDecision) -> bool:
    counting = view.all(filings_store.accepted_select(found.filing_ids, beijing_date(view.now)))
    if len(counting) != len(found.filing_ids) or not is_as_decided(view, found):
        return False
    return releases_store.get(view, found.release_id).status == "approved"


def _not_open(judged: Sequence[Judgement]) -> list[Finding]:
    found = [f for j in judged for f in j.decision.findings if f.state != "open"]
    return sorted(set(found), key=lambda f: (f.state != "blocked", f.code))


def _lease(
    work: Work, campaign: Campaign, wave: Wave, release: Release, judged: Judgement, lease_hours: int
) -> GateDecision:
    made = GteId.new(work.now)
    until = rules.lease_end(work.now, lease_hours)
    line = {
        "id": made,
        "campaign_id": campaign.id,
        "wave": wave.number,
        "vehicle_type_id": judged.vehicle_type_id,
        "release_id": release.id,
        "decision": str(judged.decision.outcome),
        "labels": sorted(judged.labels),
        "tier": judged.tier,
        "report": judged.report,
        "facts": judged.facts,
        "filing_ids": list(judged.filing_ids),
        "not_before": work.now,
        "not_after": until,
        "closed_reason": "",
    }
    work.insert(store.gate_decision, line)
    work.record("gate.decided", made, _logged(campaign, wave, release, judged, line))
    return store.decision(work, made)


def _logged(
    campaign: Campaign, wave: Wave, release: Release, judged: Judgement, line: dict[str, object]
) -> dict[str, Json]:
    package = release.package
    if package is None:
        raise GateClosed("The release has no package.")
    return {
        "decision": line["decision"],
        "campaign": campaign.id,
        "wave": wave.number,
        "vehicle_type": judged.vehicle_type_id,
        "model_code": judged.report["models"][0]["model_code"],
        "release": release.id,
        "labels": line["labels"],
        "tier": line["tier"],
        "package": _package(package),
        "hardware_ids": list(package.hardware_ids),
        "release_counter": package.release_counter,
        "not_before": to_text(line["not_before"]),  # type: ignore[arg-type]
        "not_after": to_text(line["not_after"]),  # type: ignore[arg-type]
        "max_vehicles": wave.vehicles,
        "facts": judged.facts_digest,
        "packs": [dict(pack) for pack in judged.report["packs"]],
        "filings": list(judged.filing_ids),
        "author": release.author_id,
        "approver": release.approver_id or "",
    }


def _package(package: Package) -> dict[str, Json]:
    return {"length": package.length, "path": package.path, "sha256": package.sha256}
