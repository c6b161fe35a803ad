"""The gate of a wave: asked inside the transaction it guards, kept as a lease, and given up when it no longer holds.

1. `judge_wave`   ask for every vehicle type of the target set; without recording anything.
2. `open_gate`    a yes of all of them becomes one lease for each wave and vehicle type.
3. `live_lease`   what counts at this moment: not only does the lease run, what it rests on is still there.
4. `recheck`      ask again: a no, or no answer at all, holds the campaign and ends its leases.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import partial

from roadworthy.campaigns import rules, store
from roadworthy.campaigns.actions.decided import as_decided
from roadworthy.campaigns.actions.targets import kinds_of_cars, vin_digest
from roadworthy.campaigns.model import Campaign, CmpId, GateDecision, GteId, Wave
from roadworthy.campaigns.states import CAMPAIGN
from roadworthy.database import Actor, Changed, Database, View, Work
from roadworthy.filings import store as filings_store
from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import Refused, RoadworthyError
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import beijing_date, to_text
from roadworthy.releases import store as releases_store
from roadworthy.releases.actions import Judgement, Regime, Scope, hardware_of, judge
from roadworthy.releases.model import Release

SYSTEM = Actor("system:worker")
_REASON_LENGTH = 400


class GateClosed(Refused):
    """The gate is not open; each finding says what is missing and what to do."""

    code = "gate.closed"


def judge_wave(view: View, regime: Regime, campaign: Campaign) -> list[Judgement]:
    """Ask the gate for every vehicle type that the target set holds; at least one.

    Raises GateClosed when the set holds no vehicle of the release's types.
    """
    release = releases_store.get(view, campaign.release_id)
    cars = kinds_of_cars(view, campaign)
    wanted = [type_id for type_id in release.vehicle_type_ids if type_id in cars]
    if not wanted:
        raise GateClosed("The target set holds no vehicle of the release's types; check the filter or the list.")
    digest = partial(vin_digest, view, campaign)
    return [judge(view, regime, release, type_id, Scope(cars[type_id], digest)) for type_id in wanted]


def open_gate(
    work: Work, regime: Regime, campaign: Campaign, waves: Iterable[Wave], lease_hours: int
) -> list[GateDecision]:
    """Ask the gate and, when every vehicle type's answer is open, write a lease for each wave and type.

    Raises GateClosed with the findings of all types; the caller's transaction rolls back and keeps a refusal event.
    """
    judged = _require_open(judge_wave(work, regime, campaign))
    release = releases_store.get(work, campaign.release_id)
    return [_lease(work, campaign, wave, release, one, lease_hours) for wave in waves for one in judged]


def live_lease(view: View, campaign_id: str, wave: int, vehicle_type_id: str) -> GateDecision | None:
    """Give the newest lease when it allows delivery at this moment, or None.

    Not only the lease must run: the campaign must be running, the release approved, and every filing that the
    decision rests on still in force. So a withdrawal stops delivery before any worker has noticed it.
    """
    found = store.unclosed(view, view.now, campaign_id=campaign_id, wave_number=wave, vehicle_type_id=vehicle_type_id)
    return next(iter(_resting(view, found[-1:])), None)


def lease_of(view: View, decision_id: str) -> GateDecision | None:
    """Give this very decision when its lease allows delivery at this moment, or None; see `live_lease`."""
    return next(iter(_resting(view, store.unclosed(view, view.now, decision_id=decision_id))), None)


def live_leases(view: View, campaign_id: str | None = None) -> list[GateDecision]:
    """Give the newest lease of each campaign, wave and vehicle type that allows delivery now, oldest first."""
    return _resting(view, _newest(store.unclosed(view, view.now, campaign_id=campaign_id)))


def renew(database: Database, regime: Regime, lease_hours: int, *, everything: bool = False) -> int:
    """Ask the gate again for running campaigns: those whose leases are half over or rest on nothing, or `everything`.

    Gives the number of campaigns that were asked.
    """
    with database.read() as view:
        asked = [c for c in store.running(view) if everything or _needs_asking(view, c)]
    for campaign in asked:
        recheck(database, regime, campaign.id, lease_hours)
    return len(asked)


def recheck(database: Database, regime: Regime, campaign_id: CmpId, lease_hours: int, cause: str = "") -> bool:
    """Ask the gate again for all open waves of a running campaign; hold it when the answer is no, or cannot be given.

    A lease that is fresh and rests on the same facts stays. Gives whether the campaign runs. `cause` is the id of the
    event that made us ask.
    """
    with database.begin(SYSTEM, attempt="campaign.renew", subject=campaign_id, cause=cause) as work:
        campaign = store.lock(work, campaign_id)
        if campaign.status != "running":
            return False
        try:
            judged = _require_open(judge_wave(work, regime, campaign))
        except Changed:
            raise
        except RoadworthyError as error:
            _hold(work, campaign, error.findings or (_no_answer(error),))
            return False
        _renew_leases(work, campaign, judged, lease_hours)
        return True


def close_leases(work: Work, campaign_id: str, reason: str) -> None:
    """End all leases of a campaign that still run, renewed ones too."""
    for found in store.unclosed(work, work.now, campaign_id=campaign_id):
        work.update(store.gate_decision, {"id": found.id}, {"closed_at": work.now, "closed_reason": reason})
        work.record("gate.closed", found.id, {"campaign": campaign_id, "reason": reason})


def _require_open(judged: list[Judgement]) -> list[Judgement]:
    if not all(one.decision.is_open for one in judged):
        raise GateClosed(findings=_not_open(judged))
    return judged


def _hold(work: Work, campaign: Campaign, findings: Sequence[Finding]) -> None:
    step, _ = work.move(store.campaign, {"id": campaign.id}, CAMPAIGN, "hold", {"hold_reason": _reason(findings)})
    work.record("campaign.held", campaign.id, {"findings": [f.code for f in findings]}, move=step)
    close_leases(work, campaign.id, "held")


def _reason(findings: Sequence[Finding]) -> str:
    """Say the findings in a line, whole ones as far as there is room, and how many more there are."""
    said = ""
    for number, finding in enumerate(findings):
        longer = f"{said}; {finding.code}: {finding.text.en}" if said else f"{finding.code}: {finding.text.en}"
        more = f" (and {len(findings) - number} more)"
        if len(longer) + len(more) > _REASON_LENGTH:
            return (said or longer[: _REASON_LENGTH - len(more)]) + more
        said = longer
    return said


def _no_answer(error: RoadworthyError) -> Finding:
    text = Text(f"门禁无法判断：{error.message}", f"the gate cannot be asked: {error.message}")
    return Finding("GATE", Outcome.HOLD, text)


def _renew_leases(work: Work, campaign: Campaign, judged: Sequence[Judgement], lease_hours: int) -> None:
    release = releases_store.get(work, campaign.release_id)
    kept = {(d.wave, d.vehicle_type_id): d for d in live_leases(work, campaign.id)}
    for wave in store.waves(work, campaign.id):
        for one in judged if wave.status == "open" else ():
            lease = kept.get((wave.number, one.vehicle_type_id))
            if lease is None or _is_due(work, lease) or not _same_basis(work, lease, one):
                _lease(work, campaign, wave, release, one, lease_hours)


def _same_basis(view: View, lease: GateDecision, judged: Judgement) -> bool:
    facts, report = store.decision_basis(view, lease.id)
    same_law = report.get("packs") == judged.report["packs"] and report.get("readings") == judged.report["readings"]
    return same_law and facts == judged.facts and lease.filing_ids == judged.filing_ids


def _is_due(view: View, lease: GateDecision) -> bool:
    return rules.renewal_due(lease.not_before, lease.not_after, view.now)


def _needs_asking(view: View, campaign: Campaign) -> bool:
    waves = store.open_waves(view, [campaign.id]).get(campaign.id, [])
    newest = _newest(store.unclosed(view, view.now, campaign_id=campaign.id))
    if len(_resting(view, newest)) < len(newest) or any(_is_due(view, lease) for lease in newest):
        return True
    return not {wave.number for wave in waves} <= {lease.wave for lease in newest}


def _newest(leases: Iterable[GateDecision]) -> list[GateDecision]:
    """Give the newest of each campaign, wave and vehicle type; `leases` come oldest first."""
    newest: dict[tuple[str, int, str], GateDecision] = {}
    for lease in leases:
        key = (lease.campaign_id, lease.wave, lease.vehicle_type_id)
        newest.pop(key, None)
        newest[key] = lease
    return list(newest.values())


def _resting(view: View, leases: Collection[GateDecision]) -> list[GateDecision]:
    """Give those leases whose campaign runs, release is approved, filings all count, and which the log knows so."""
    if not leases:
        return []
    running = store.running_ids(view, {lease.campaign_id for lease in leases})
    withdrawn = releases_store.not_approved(view, {lease.release_id for lease in leases})
    wanted = sorted({filing for lease in leases for filing in lease.filing_ids})
    counting = view.all(filings_store.valid_select(wanted, beijing_date(view.now))) if wanted else ()
    valid = {row.id for row in counting}
    return as_decided(
        view,
        (
            lease
            for lease in leases
            if lease.campaign_id in running and lease.release_id not in withdrawn and valid.issuperset(lease.filing_ids)
        ),
    )


def _not_open(judged: Sequence[Judgement]) -> list[Finding]:
    found = {f for j in judged for f in j.decision.findings if f.state is not Outcome.OPEN}
    return sorted(found, key=lambda f: (f.state is not Outcome.BLOCKED, f.code, f.text.en))


def _lease(
    work: Work, campaign: Campaign, wave: Wave, release: Release, judged: Judgement, lease_hours: int
) -> GateDecision:
    made = GteId.new(work.now)
    line = {
        "id": made,
        "campaign_id": campaign.id,
        "wave": wave.number,
        "vehicle_type_id": judged.vehicle_type_id,
        "release_id": release.id,
        "decision": str(judged.decision.outcome),
        "labels": list(judged.labels),
        "tier": judged.tier,
        "report": judged.report,
        "facts": judged.facts,
        "filing_ids": list(judged.filing_ids),
        "not_before": work.now,
        "not_after": rules.lease_end(work.now, lease_hours, judged.valid_until),
        "closed_reason": "",
    }
    work.insert(store.gate_decision, line)
    lease = store.decision(work, made)
    work.record("gate.decided", made, _logged(work, lease, wave, release, judged))
    return lease


def _logged(view: View, lease: GateDecision, wave: Wave, release: Release, judged: Judgement) -> dict[str, Json]:
    package = release.package
    if package is None:
        raise GateClosed("The release has no package.")
    return {
        "decision": lease.decision,
        "campaign": lease.campaign_id,
        "wave": wave.number,
        "vehicle_type": lease.vehicle_type_id,
        "model_code": judged.model_code,
        "release": release.id,
        "labels": list(lease.labels),
        "tier": lease.tier,
        "package": {"length": package.length, "path": package.path, "sha256": package.sha256},
        "hardware_ids": list(hardware_of(view, release, lease.vehicle_type_id)),
        "release_counter": package.release_counter,
        "not_before": to_text(lease.not_before),
        "not_after": to_text(lease.not_after),
        "max_vehicles": wave.vehicles,
        "facts": judged.facts_digest,
        "packs": [dict(pack) for pack in judged.report["packs"]],
        "filings": list(judged.filing_ids),
        "author": release.author_id,
        "approver": release.approver_id or "",
    }
