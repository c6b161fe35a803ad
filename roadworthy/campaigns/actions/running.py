"""The verbs of a campaign: create, approve, start, advance, pause, resume, stop, complete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from roadworthy.campaigns import rules, store
from roadworthy.campaigns.actions.gating import close_leases, open_gate
from roadworthy.campaigns.actions.reporting import start_clocks
from roadworthy.campaigns.actions.targets import cars_listed, cars_of, filter_of, narrowed
from roadworthy.campaigns.model import Campaign, CmpId, Wave
from roadworthy.campaigns.states import CAMPAIGN, WAVE
from roadworthy.database import Actor, Database, Work
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.event import Json
from roadworthy.kernel.lifecycle import Move
from roadworthy.releases import store as releases_store
from roadworthy.releases.actions import Regime
from roadworthy.releases.model import Release


@dataclass(frozen=True)
class Plan:
    """What a campaign begins with: a filter or a VIN list (not both), and wave sizes in per cent."""

    name: str
    release_id: str
    waves: Sequence[int]
    filter: Mapping[str, Json]
    vins: Sequence[str] = ()
    wave_names: Sequence[str] = ()


def create(database: Database, actor: Actor, plan: Plan) -> Campaign:
    """Create a campaign over a target set that is counted and digested now; cars imported later do not join it.

    Raises Unusable for waves that do not add up, unknown VINs, an empty set, or filter and list at once, Refused for
    a release that is withdrawn or not sent over the air.
    """
    shares, names = rules.plan_waves(plan.waves), _wave_names(plan)
    if bool(plan.filter) == bool(plan.vins):
        raise Unusable("Give either a filter or a VIN list.", code="target.one_of", at="filter")
    filter_of(plan.filter)
    name = " ".join(plan.name.split())
    if not 1 <= len(name) <= 120:
        raise Unusable("A campaign's name has 1 to 120 characters.", at="name")
    with database.begin(actor, attempt="campaign.create") as work:
        actor.require("release_engineer")
        release = _deliverable(work, plan.release_id)
        made = CmpId.new(work.now)
        aimed = narrowed(plan.filter, release.vehicle_type_ids) if plan.filter else {}
        wanted = Campaign(made, name, release.id, CAMPAIGN.initial, aimed, "", 0, actor.id, None, work.now)
        cars = cars_listed(work, plan.vins, release.vehicle_type_ids) if plan.vins else cars_of(work, wanted)
        if not cars:
            raise Unusable("The target set is empty; check the filter.", code="target.empty", at="filter")
        wanted = replace(wanted, target_digest=rules.target_digest(vin for _, vin in cars), vehicles=len(cars))
        store.save(work, wanted, [vehicle_id for vehicle_id, _ in cars] if plan.vins else ())
        sizes = rules.wave_sizes(shares, (rules.share_of(made, vehicle_id) for vehicle_id, _ in cars))
        for number, (name_of_wave, share, size) in enumerate(zip(names, shares, sizes, strict=True), start=1):
            store.save_wave(work, Wave(made, number, name_of_wave, *share, size, WAVE.initial))
        # Not the digest of the VINs: whoever reads the public log could try VINs until it fits.
        told = {"release": release.id, "vehicles": len(cars)}
        work.record("campaign.created", made, {**told, "waves": list(plan.waves)})
        return store.get(work, made)


def approve(database: Database, actor: Actor, campaign_id: CmpId) -> Campaign:
    """Approve a campaign as somebody who is not its author (a database constraint)."""
    return _simple(database, actor, campaign_id, "approve", "campaign.approved", {"approver_id": actor.id})


def start(database: Database, actor: Actor, regime: Regime, campaign_id: CmpId, lease_hours: int) -> Campaign:
    """Start a campaign: ask the gate, write the leases, open the first wave, all or nothing.

    Raises GateClosed with what is missing (recorded as a refusal), WrongState, NotPermitted.
    """
    with database.begin(actor, attempt="campaign.start", subject=campaign_id) as work:
        step, _ = _moved(work, campaign_id, "start", "campaign.started")
        campaign = store.get(work, campaign_id)
        _open_next(work, regime, campaign, lease_hours, step)
        start_clocks(work, regime, campaign)
        return campaign


def advance(database: Database, actor: Actor, regime: Regime, campaign_id: CmpId, lease_hours: int) -> Campaign:
    """Open the next wave: the gate is asked for it as for the first.

    Raises GateClosed, WrongState, Refused when all waves are open.
    """
    with database.begin(actor, attempt="campaign.advance", subject=campaign_id) as work:
        step, _ = _moved(work, campaign_id, "advance", "campaign.advanced")
        _open_next(work, regime, store.get(work, campaign_id), lease_hours, step)
        return store.get(work, campaign_id)


def resume(database: Database, actor: Actor, regime: Regime, campaign_id: CmpId, lease_hours: int) -> Campaign:
    """Resume a paused or held campaign: the gate is asked for every open wave.

    Raises GateClosed, WrongState.
    """
    with database.begin(actor, attempt="campaign.resume", subject=campaign_id) as work:
        _moved(work, campaign_id, "resume", "campaign.resumed", {"hold_reason": ""})
        campaign = store.get(work, campaign_id)
        open_gate(
            work, regime, campaign, [w for w in store.waves(work, campaign_id) if w.status == "open"], lease_hours
        )
        return campaign


def pause(database: Database, actor: Actor, campaign_id: CmpId) -> Campaign:
    """Pause a campaign: nothing new is offered, links stop at once; vehicles keep what they installed."""
    return _ended(database, actor, campaign_id, "pause", "campaign.paused")


def stop(database: Database, actor: Actor, campaign_id: CmpId) -> Campaign:
    """Stop a campaign for good: leases end, and each vehicle that began is told to cancel when it calls next.

    What was carried out is to be reported as if it were completed.
    """
    return _ended(database, actor, campaign_id, "stop", "campaign.stopped", ends=True)


def complete(database: Database, actor: Actor, campaign_id: CmpId) -> Campaign:
    """Complete a campaign: leases end; the clock of its implementation report starts (EIDC22-4c).

    What vehicles have begun may still turn out well, and is kept when it does; it keeps them from no other campaign.
    """
    return _ended(database, actor, campaign_id, "complete", "campaign.completed", ends=True)


def _wave_names(plan: Plan) -> list[str]:
    """Give a name for each wave: those told, then numbers."""
    if len(plan.wave_names) > len(plan.waves) or any(not 1 <= len(name) <= 60 for name in plan.wave_names):
        raise Unusable("Give at most one name for each wave, 1 to 60 characters long.", at="wave_names")
    return [*plan.wave_names, *(str(number + 1) for number in range(len(plan.wave_names), len(plan.waves)))]


def _deliverable(work: Work, release_id: str) -> Release:
    release = releases_store.get(work, release_id)
    if release.status == "withdrawn":
        raise Refused("This release is withdrawn; choose another one.", code="state.wrong")
    if release.delivery != "ota":
        raise Refused(
            f"This release says of itself that it comes by {release.delivery}; a campaign sends over the air. Begin a "
            "version for delivery ota.",
            code="delivery.not_ota",
        )
    return release


def _open_next(work: Work, regime: Regime, campaign: Campaign, lease_hours: int, step: Move) -> None:
    planned = [wave for wave in store.waves(work, campaign.id) if wave.status == WAVE.initial]
    if not planned:
        raise Refused("All waves are open already; complete the campaign when its vehicles are done.", code="waves.all")
    wave = planned[0]
    open_gate(work, regime, campaign, [wave], lease_hours)
    key = {"campaign_id": campaign.id, "number": wave.number}
    opened, _ = work.move(store.wave, key, WAVE, "open", {"opened_at": work.now})
    work.record("wave.opened", campaign.id, {"because": step.verb, "wave": wave.number}, move=opened)


def _moved(
    work: Work, campaign_id: CmpId, verb: str, kind: str, changes: Mapping[str, Json] | None = None
) -> tuple[Move, Campaign]:
    store.get(work, campaign_id)
    step, _ = work.move(store.campaign, {"id": campaign_id}, CAMPAIGN, verb, changes)
    work.record(kind, campaign_id, move=step)
    return step, store.get(work, campaign_id)


def _simple(
    database: Database, actor: Actor, campaign_id: CmpId, verb: str, kind: str, changes: Mapping[str, Json]
) -> Campaign:
    with database.begin(actor, attempt=f"campaign.{verb}", subject=campaign_id) as work:
        return _moved(work, campaign_id, verb, kind, changes)[1]


def _ended(
    database: Database, actor: Actor, campaign_id: CmpId, verb: str, kind: str, *, ends: bool = False
) -> Campaign:
    with database.begin(actor, attempt=f"campaign.{verb}", subject=campaign_id) as work:
        _, campaign = _moved(work, campaign_id, verb, kind, {"ended_at": work.now} if ends else None)
        close_leases(work, campaign_id, verb)
        return campaign
