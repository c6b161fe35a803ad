"""What happens when a vehicle calls: is there something for it, how far is it, did it really work.

A poll that changes nothing writes nothing. The first contact in a wave makes the assignment, which joins the next
batch leaf of the log; the Director signs only once that leaf is under a checkpoint. Success is `attested` alone.

What a vehicle has open decides what comes next (`_next`): an order to cancel first, then the oldest action under a
live lease, then a new assignment. An action without a live lease (its campaign is paused, held or over) waits and
stands in nobody's way: the remedy for a paused campaign must reach its vehicles.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from roadworthy.campaigns import rules, store
from roadworthy.campaigns.actions.gating import lease_of, live_lease
from roadworthy.campaigns.actions.targets import aims_at, still_aims_at
from roadworthy.campaigns.model import TO_DO, Action, AsgId, Assignment, Campaign, GateDecision, Said, Wave
from roadworthy.campaigns.states import ACTION
from roadworthy.database import FLEET, Actor, Changed, Database, View, Work
from roadworthy.database.history import newest_event
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import EcuUnit, Vehicle
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.event import Json
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.releases import store as releases_store
from roadworthy.releases.model import Package, Release

DETAIL_LENGTH = 400
MAX_REPORTS = 1_000  # words of a vehicle on one action, as in hawkBit
_ENDING = frozenset({"report", "fail", "give_up", "confirm_cancel"})
_SYSTEM = Actor("system:campaigns")
_TRIES = 5  # a vehicle that calls twice at once meets itself; each try sees what the other call did

# verb -> kind of its event
_TOLD = {
    "retrieve": "action.retrieved",
    "download": "download.started",
    "install": "installation.started",
    "report": "action.reported",
    "attest": "action.attested",
    "fail": "action.failed",
    "cancel": "cancellation.requested",
    "confirm_cancel": "action.cancelled",
    "refuse_cancel": "cancellation.refused",
}


@dataclass(frozen=True)
class Offer:
    """What this vehicle shall install now. `lease` is None when delivery is not allowed at this moment.

    A lease other than the assignment's own is its successor: the assignment is made anew at the next contact.
    """

    action: Action
    assignment: Assignment
    release: Release
    package: Package
    lease: GateDecision | None

    @property
    def is_live(self) -> bool:
        """Whether documents, metadata and bytes may be given out."""
        return self.lease is not None and self.assignment.decision_id == self.lease.id


class ActionClosed(Refused):
    """This action is over; its vehicle cannot report on it any more."""

    code = "action.closed"


class TooManyReports(Unusable):
    """This action has 1,000 reports of its vehicle already; only one that ends the action is still taken."""

    status = 429
    code = "action.reports"


@dataclass(frozen=True)
class _Cancel:
    action: Action


@dataclass(frozen=True)
class _Renew:
    offer: Offer
    lease: GateDecision


@dataclass(frozen=True)
class _Make:
    wave: Wave
    lease: GateDecision
    unit: EcuUnit


def vehicle_actor(vehicle: Vehicle) -> Actor:
    """Give the actor under which a vehicle's own reports are recorded."""
    return Actor(f"vehicle:{vehicle.id}", frozenset({"vehicle"}))


def contact(database: Database, vehicle: Vehicle) -> Offer | None:
    """Give what a calling vehicle shall install, making its assignment at first contact; None when nothing.

    An action of a stopped campaign is cancelled here: what the vehicle never saw at once, what it began by an order
    that it has to confirm. Raises Changed when the vehicle calls so often at once that no try succeeds.
    """
    for _ in range(_TRIES):
        with database.read() as view:
            step = _next(view, vehicle)
        if step is None or isinstance(step, Offer):
            return step
        try:
            _take(database, vehicle, step)
        except Refused as error:
            if not isinstance(error, Changed) and error.error_code != "exists_already":
                raise
    raise Changed


def current_offer(view: View, vehicle: Vehicle) -> Offer | None:
    """Give what the vehicle was told to do, without making anything; None when there is nothing."""
    step = _next(view, vehicle)
    if isinstance(step, _Renew):
        return step.offer
    return step if isinstance(step, Offer) else None


def offer_of(view: View, action: Action, vehicle: Vehicle) -> Offer:
    """Give an action with all it rests on, and the lease that allows delivery now."""
    assignment = store.get_assignment(view, action.assignment_id)
    release = releases_store.get(view, assignment.release_id)
    if release.package is None:
        raise Refused("The release has no package.", code="package.none")
    lease = None
    if action.status in TO_DO and still_aims_at(store.get(view, action.campaign_id), vehicle):
        unit = next((u for u in fleet_store.units_of(view, vehicle.id) if u.serial == assignment.ecu_serial), None)
        if unit is not None and _fits(view, unit, release.package):
            lease = lease_of(view, assignment.decision_id) or live_lease(
                view, action.campaign_id, action.wave, vehicle.vehicle_type_id
            )
    return Offer(action, assignment, release, release.package, lease)


def report(database: Database, vehicle: Vehicle, number: int, verb: str, said: Said | None = None) -> Action:
    """Record what a vehicle says about its action; `verb` is one of `states.ACTION`, or "" for a mere word.

    Words come in any order and more than once: one that is no move in the present state is kept and moves nothing.
    Without `said` (the vehicle fetched its document) only a move is kept. Raises NotFound for another vehicle's
    action, ActionClosed when it is over, TooManyReports.
    """
    with database.begin(vehicle_actor(vehicle)) as work:
        action = store.action_by_number(work, vehicle.id, number, locked=True)
        _hear(work, action, verb, said)
        return store.action_by_number(work, vehicle.id, number)


def _hear(work: Work, action: Action, verb: str, said: Said | None) -> None:
    if action.is_over:
        raise ActionClosed
    moves = _is_news(action, verb)
    if said is not None:
        count = store.report_count(work, action.number)
        if count >= MAX_REPORTS and not (moves and verb in _ENDING):
            raise TooManyReports
        store.put_report(work, action.number, count + 1, said, secrets.token_hex(16))
    if moves:
        _step(work, action, verb, " / ".join(said.details) if said else "")
    elif said is not None:
        told: dict[str, Json] = {"execution": said.execution, "finished": said.finished}
        work.record("report.received", action.assignment_id, told, lane=FLEET)


def settle(work: Work, vehicle: Vehicle, attested: Mapping[str, str], failed: str, detail: str) -> None:
    """Settle the vehicle's actions by its signed manifest; `attested` gives the SHA-256 each ECU (by serial) shows.

    An action is attested when its assigned ECU shows the assigned hash. `failed` is the id of the assignment of which
    the manifest reports failure: only its own action fails, so that an old report cannot fail a newer one. A manifest
    that shows other software confirms an order to cancel and leaves the rest as it is. Called inside the unit of work
    that stores the attested software.
    """
    for action, _ in store.open_actions(work, vehicle.id):
        assignment = store.get_assignment(work, action.assignment_id)
        shown = attested.get(assignment.ecu_serial)
        if shown == assignment.sha256:
            _step(work, action, "attest", "")
        elif assignment.id == failed:
            _step(work, action, "fail", detail)
        elif shown is not None and action.status == "cancelling":
            _step(work, action, "confirm_cancel", detail)


def _is_news(action: Action, verb: str) -> bool:
    try:
        return bool(verb) and ACTION.move(action.status, verb).target != action.status
    except WrongState:
        return False


def _refused_to_cancel(view: View, action: Action) -> bool:
    """Whether the vehicle has said already that it cannot stop any more: it is not asked twice."""
    return newest_event(view, _TOLD["refuse_cancel"], action.assignment_id) is not None


def _step(work: Work, action: Action, verb: str, detail: str) -> None:
    # What a vehicle writes may hold what a column does not take (PostgreSQL: NUL), or what no page can show.
    plain = "".join(c if c.isprintable() else " " for c in detail)
    changes = {
        "changed_at": work.now,
        "detail": plain if len(plain) <= DETAIL_LENGTH else plain[:380] + " [cut here]",
    }
    step, _ = work.move(store.action, {"number": action.number}, ACTION, verb, changes)
    kind = "action.cancelled" if step.target == "cancelled" else _TOLD[verb]
    work.record(kind, action.assignment_id, move=step, lane=FLEET)


def _next(view: View, vehicle: Vehicle) -> Offer | _Cancel | _Renew | _Make | None:
    """Say what comes next for a vehicle; the steps that are no Offer have to be taken first."""
    known = store.open_actions(view, vehicle.id)
    for action, campaign_status in known:
        if action.status == "cancelling":
            return offer_of(view, action, vehicle)
        if campaign_status == "stopped" and action.status in TO_DO and not _refused_to_cancel(view, action):
            return _Cancel(action)
    for action, campaign_status in known:
        if campaign_status == "running" and action.status in TO_DO:
            offer = offer_of(view, action, vehicle)
            if offer.lease is not None:
                return _renewed(view, offer, offer.lease)
    return _place(view, vehicle)


def _renewed(view: View, offer: Offer, lease: GateDecision) -> Offer | _Renew:
    """Give the offer, or the order to make its assignment anew under the lease that has followed its own."""
    if offer.is_live and not rules.renewal_due(lease.not_before, lease.not_after, view.now):
        return offer
    newest = live_lease(view, lease.campaign_id, lease.wave, lease.vehicle_type_id)
    if newest is None or newest.id == offer.assignment.decision_id:
        return offer
    return _Renew(offer, newest)


def _place(view: View, vehicle: Vehicle) -> _Make | None:
    """Find the oldest running campaign that has something for a vehicle; leases are looked up last."""
    running = [campaign for campaign in store.running(view) if aims_at(view, campaign, vehicle)]
    taken = store.campaigns_of(view, vehicle.id) if running else set()
    left = [campaign for campaign in running if campaign.id not in taken]
    waves = store.open_waves(view, [campaign.id for campaign in left])
    for campaign in left:
        share = rules.share_of(campaign.id, vehicle.id)
        wave = next((w for w in waves.get(campaign.id, ()) if w.holds(share)), None)
        unit = _unit(view, campaign, vehicle) if wave is not None else None
        if wave is None or unit is None:
            continue
        lease = live_lease(view, campaign.id, wave.number, vehicle.vehicle_type_id)
        if lease is not None:
            return _Make(wave, lease, unit)
    return None


def _unit(view: View, campaign: Campaign, vehicle: Vehicle) -> EcuUnit | None:
    """Give the vehicle's ECU that the release touches and the package fits."""
    release = releases_store.get(view, campaign.release_id)
    if release.package is None:
        return None
    for unit in fleet_store.units_of(view, vehicle.id):
        if unit.ecu_id in release.ecu_ids and _fits(view, unit, release.package):
            return unit
    return None


def _fits(view: View, unit: EcuUnit, package: Package) -> bool:
    """Whether a package is for this ECU and newer than what it attests.

    Going back to an older one is a rollback, which the law judges by facts of its own (EIDC22-5), and which the
    vehicle would refuse.
    """
    if unit.hardware_id not in package.hardware_ids or unit.attested.sha256 == package.sha256:
        return False
    installed = None if unit.attested.sha256 is None else releases_store.counter_of(view, unit.attested.sha256)
    return installed is None or installed < package.release_counter


def _take(database: Database, vehicle: Vehicle, step: _Cancel | _Renew | _Make) -> None:
    """Take a step inside one unit of work, if it is still the next one there."""
    actor = _SYSTEM if isinstance(step, _Cancel) else vehicle_actor(vehicle)
    with database.begin(actor) as work:
        again = _next(work, vehicle)
        if isinstance(again, _Cancel) and isinstance(step, _Cancel):
            _step(work, again.action, "cancel", "")
        elif isinstance(again, _Renew) and isinstance(step, _Renew):
            was = again.offer.assignment
            made = _insert(work, vehicle, again.lease, again.offer.package, was.ecu_serial, was.hardware_id)
            row = {"assignment_id": made, "changed_at": work.now}
            action = again.offer.action
            work.update(store.action, {"number": action.number}, row, status=action.status, assignment_id=was.id)
            work.record("assignment.made", made, {"vehicle": vehicle.id}, lane=FLEET)
        elif isinstance(again, _Make) and isinstance(step, _Make):
            _make(work, vehicle, again)


def _make(work: Work, vehicle: Vehicle, step: _Make) -> None:
    package = releases_store.package_of(work, step.lease.release_id)
    if package is None:
        raise Changed
    made = _insert(work, vehicle, step.lease, package, step.unit.serial, step.unit.hardware_id)
    work.insert(
        store.action,
        {
            "number": store.next_number(work),
            "assignment_id": made,
            "campaign_id": step.lease.campaign_id,
            "wave": step.wave.number,
            "vehicle_id": vehicle.id,
            "status": ACTION.initial,
            "detail": "",
            "changed_at": work.now,
        },
    )
    work.record("assignment.made", made, {"vehicle": vehicle.id}, lane=FLEET)


def _insert(
    work: Work, vehicle: Vehicle, lease: GateDecision, package: Package, serial: str, hardware_id: str
) -> AsgId:
    made = AsgId.new(work.now)
    line = Assignment(
        made, lease.campaign_id, lease.wave, vehicle.id, vehicle.vin, lease.id, lease.release_id, serial, hardware_id,
        package.path, package.sha256, package.length, secrets.token_hex(16), work.now,
    )  # fmt: skip
    work.insert(store.assignment, vars(line))
    return made
