"""The verbs of a campaign: create, approve, start, advance, pause, resume, stop, complete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from roadworthy.campaigns import rules, store
from roadworthy.campaigns.actions.gating import close_leases, open_gate
from roadworthy.campaigns.actions.targets import cars_listed, cars_of, filter_of, narrowed
from roadworthy.campaigns.model import Campaign, CmpId, Wave
from roadworthy.campaigns.states import ACTION, CAMPAIGN, WAVE
from roadworthy.database import FLEET, Actor, Database, Work
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.event import Json
from roadworthy.kernel.lifecycle import Move
from roadworthy.releases import store as releases_store
from roadworthy.releases.actions import Regime


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

    Raises Unusable for waves that do not add up, unknown VINs, an empty set, or filter and list at once.
    """
    shares = rules.plan_waves(plan.waves)
    if bool(plan.filter) == bool(plan.vins):
        raise Unusable("Give either a filter or a VIN list.", code="target.one_of", at="filter")
    filter_of(plan.filter)
    name = " ".join(plan.name.split())
    if not 1 <= len(name) <= 120:
        raise Unusable("A campaign's name has 1 to 120 characters.", at="name")
    with database.begin(actor, attempt="campaign.create") as work:
        actor.require("release_engineer")
        release = releases_store.get(work, plan.release_id)
        made = CmpId.new(work.now)
        aimed = narrowed(plan.filter, release.vehicle_type_ids) if plan.filter else {}
        wanted = Campaign(made, name, release.id, CAMPAIGN.initial, aimed, "", 0, actor.id, None, work.now)
        cars = cars_listed(work, plan.vins, release.vehicle_type_ids) if plan.vins else cars_of(work, wanted)
        if not cars:
            raise Unusable("The target set is empty; check the filter.", code="target.empty", at="filter")
        _save(work, wanted, cars, shares, plan, listed=bool(plan.vins))
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
        _open_next(work, regime, store.get(work, campaign_id), lease_hours, step)
        return store.get(work, campaign_id)


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
        for wave in store.waves(work, campaign_id):
            if wave.status == "open":
                open_gate(work, regime, campaign, wave, lease_hours)
        return store.get(work, campaign_id)


def pause(database: Database, actor: Actor, campaign_id: CmpId) -> Campaign:
    """Pause a campaign: nothing new is offered, links stop at once; vehicles keep what they installed."""
    return _ended(database, actor, campaign_id, "pause", "campaign.paused")


def stop(database: Database, actor: Actor, campaign_id: CmpId) -> Campaign:
    """Stop a campaign for good: leases end, and vehicles that began are told to cancel."""
    return _ended(database, actor, campaign_id, "stop", "campaign.stopped", cancel=True)


def complete(database: Database, actor: Actor, campaign_id: CmpId) -> Campaign:
    """Complete a campaign: leases end; the five-working-day report of the filing rules starts from here.

    Vehicles that have not finished are told to cancel: an action left open would keep them from every later campaign.
    """
    return _ended(database, actor, campaign_id, "complete", "campaign.completed", cancel=True)


def _save(
    work: Work,
    wanted: Campaign,
    cars: Sequence[tuple[str, str]],
    shares: Sequence[tuple[int, int]],
    plan: Plan,
    *,
    listed: bool,
) -> None:
    digest = rules.target_digest(vin for _, vin in cars)
    work.insert(
        store.campaign,
        {
            "id": wanted.id,
            "name": wanted.name,
            "release_id": wanted.release_id,
            "status": wanted.status,
            "filter": dict(wanted.filter),
            "target_digest": digest,
            "vehicles": len(cars),
            "author_id": wanted.author_id,
            "created_at": wanted.created_at,
            "hold_reason": "",
        },
    )
    if listed:
        lines = [{"campaign_id": wanted.id, "vehicle_id": vehicle_id} for vehicle_id, _ in cars]
        work.insert_all(store.target_vehicle, lines)
    places = [rules.share_of(wanted.id, vehicle_id) for vehicle_id, _ in cars]
    for number, (low, high) in enumerate(shares, start=1):
        inside = sum(low <= place < high for place in places)
        name = plan.wave_names[number - 1] if number <= len(plan.wave_names) else f"{number}"
        line = Wave(wanted.id, number, name[:60], low, high, inside, WAVE.initial)
        work.insert(store.wave, {**line.__dict__})
    work.record(
        "campaign.created",
        wanted.id,
        {"release": wanted.release_id, "target": digest, "vehicles": len(cars), "waves": list(plan.waves)},
    )


def _open_next(work: Work, regime: Regime, campaign: Campaign, lease_hours: int, step: Move) -> None:
    planned = [wave for wave in store.waves(work, campaign.id) if wave.status == WAVE.initial]
    if not planned:
        raise Refused("All waves are open already; complete the campaign when its vehicles are done.", code="waves.all")
    wave = planned[0]
    open_gate(work, regime, campaign, wave, lease_hours)
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
    database: Database, actor: Actor, campaign_id: CmpId, verb: str, kind: str, *, cancel: bool = False
) -> Campaign:
    with database.begin(actor, attempt=f"campaign.{verb}", subject=campaign_id) as work:
        _, campaign = _moved(work, campaign_id, verb, kind)
        close_leases(work, campaign_id, verb)
        if cancel:
            _cancel_actions(work, campaign_id)
        return campaign


def _cancel_actions(work: Work, campaign_id: CmpId) -> None:
    for action in store.actions_of(work, campaign_id, ("offered", "retrieved", "downloading", "installing")):
        step, _ = work.move(store.action, {"number": action.number}, ACTION, "cancel", {"changed_at": work.now})
        work.record(f"action.{step.target}", action.assignment_id, move=step, lane=FLEET)
