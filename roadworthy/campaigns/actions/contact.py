"""What happens when a vehicle calls: is there something for it, how far is it, did it really work.

A poll that changes nothing writes nothing. The first contact in a wave makes the assignment, which joins the next
batch leaf of the log; the Director signs only once that leaf is under a checkpoint. Success is `attested` alone.
"""

import secrets
from dataclasses import dataclass

from roadworthy.campaigns import rules, store
from roadworthy.campaigns.actions.gating import live_lease
from roadworthy.campaigns.actions.targets import aims_at
from roadworthy.campaigns.model import Action, AsgId, Assignment, Campaign, GateDecision, Wave
from roadworthy.campaigns.states import ACTION
from roadworthy.database import FLEET, Actor, Changed, Database, View, Work
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import EcuUnit, Vehicle
from roadworthy.kernel.errors import Refused
from roadworthy.releases import store as releases_store
from roadworthy.releases.model import Package, Release

DETAIL_LENGTH = 400


@dataclass(frozen=True)
class Offer:
    """What this vehicle shall install now. `lease` is None when delivery is not allowed at this moment."""

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


def vehicle_actor(vehicle: Vehicle) -> Actor:
    """Give the actor under which a vehicle's own reports are recorded."""
    return Actor(f"vehicle:{vehicle.id}", frozenset({"vehicle"}))


def contact(database: Database, vehicle: Vehicle) -> Offer | None:
    """Give what a calling vehicle shall install, making its assignment at first contact; None when nothing.

    1. an action that is not over comes first; 2. else the oldest running campaign that aims at it, whose wave is
    open and lease live; 3. an assignment whose lease was renewed is made anew under the new decision.
    """
    with database.read() as view:
        action = store.active_action(view, vehicle.id)
        if action is not None:
            found = offer_of(view, action, vehicle)
            if found.lease is None or found.is_live or action.status == "cancelling":
                return found
            place = None
        else:
            place = _place(view, vehicle)
            if place is None:
                return None
    return _assign(database, vehicle)


def current_offer(view: View, vehicle: Vehicle) -> Offer | None:
    """Give the vehicle's action that is not over, without making anything; None when there is none."""
    action = store.active_action(view, vehicle.id)
    return None if action is None else offer_of(view, action, vehicle)


def offer_of(view: View, action: Action, vehicle: Vehicle) -> Offer:
    """Give an action with all it rests on, and the lease that allows delivery now."""
    assignment = store.get_assignment(view, action.assignment_id)
    release = releases_store.get(view, assignment.release_id)
    if release.package is None:
        raise Refused("The release has no package.", code="package.none")
    lease = live_lease(view, action.campaign_id, action.wave, vehicle.vehicle_type_id)
    return Offer(action, assignment, release, release.package, lease)


def report(database: Database, vehicle: Vehicle, number: int, verb: str, detail: str = "") -> Action:
    """Record what a vehicle says about its action: `verb` is one of `states.ACTION`.

    Raises NotFound for another vehicle's action, ActionClosed when it is over. Repeating a report is harmless.
    """
    with database.begin(vehicle_actor(vehicle)) as work:
        action = store.action_by_number(work, vehicle.id, number)
        if action.status in {"attested", "failed", "cancelled"}:
            raise ActionClosed
        if not verb or ACTION.move(action.status, verb).target == action.status:
            return action
        _step(work, action, verb, detail)
        return store.action_by_number(work, vehicle.id, number)


def settle(work: Work, vehicle: Vehicle, unit: EcuUnit, sha256: str, *, success: bool | None, detail: str) -> None:
    """Settle the vehicle's action by its signed manifest: attested when the assigned ECU shows the assigned hash.

    Called inside the unit of work that stores the attested software. A manifest that reports failure fails the
    action; one that merely shows other software leaves it as it is.
    """
    action = store.active_action(work, vehicle.id)
    if action is None:
        return
    assignment = store.get_assignment(work, action.assignment_id)
    if assignment.ecu_serial != unit.serial:
        return
    if sha256 == assignment.sha256:
        _step(work, action, "attest", "")
    elif success is False:
        _step(work, action, "fail", detail)


def _step(work: Work, action: Action, verb: str, detail: str) -> None:
    changes = {
        "changed_at": work.now,
        "detail": detail if len(detail) <= DETAIL_LENGTH else detail[:380] + " [cut here]",
    }
    step, _ = work.move(store.action, {"number": action.number}, ACTION, verb, changes)
    work.record(f"action.{step.target}", action.assignment_id, move=step, lane=FLEET)


def _place(view: View, vehicle: Vehicle) -> tuple[Campaign, Wave, GateDecision, EcuUnit] | None:
    for campaign in store.running(view):
        if not aims_at(view, campaign, vehicle) or store.action_in(view, campaign.id, vehicle.id) is not None:
            continue
        share = rules.share_of(campaign.id, vehicle.id)
        wave = next((w for w in store.waves(view, campaign.id) if w.status == "open" and w.holds(share)), None)
        if wave is None:
            continue
        lease = live_lease(view, campaign.id, wave.number, vehicle.vehicle_type_id)
        unit = _unit(view, campaign, vehicle)
        if lease is not None and unit is not None:
            return campaign, wave, lease, unit
    return None


def _unit(view: View, campaign: Campaign, vehicle: Vehicle) -> EcuUnit | None:
    """Give the vehicle's ECU that the package fits and that does not attest these bytes already."""
    package = releases_store.package_of(view, campaign.release_id)
    if package is None:
        return None
    for unit in fleet_store.units_of(view, vehicle.id):
        if unit.hardware_id in package.hardware_ids:
            return None if unit.attested.sha256 == package.sha256 else unit
    return None


def _assign(database: Database, vehicle: Vehicle) -> Offer | None:
    """Make or renew the assignment inside one unit of work, judged again there (another poll may have been first)."""
    with database.begin(vehicle_actor(vehicle)) as work:
        action = store.active_action(work, vehicle.id)
        if action is not None:
            found = offer_of(work, action, vehicle)
            if found.lease is None or found.is_live:
                return found
            made = _insert(work, vehicle, found.lease, found.assignment.ecu_serial, found.assignment.hardware_id)
            row = {"assignment_id": made, "changed_at": work.now}
            work.update(store.action, {"number": action.number}, row, status=action.status)
            number = action.number
        else:
            place = _place(work, vehicle)
            if place is None:
                return None
            campaign, wave, lease, unit = place
            made = _insert(work, vehicle, lease, unit.serial, unit.hardware_id)
            number = store.next_number(work)
            work.insert(
                store.action,
                {
                    "number": number,
                    "assignment_id": made,
                    "campaign_id": campaign.id,
                    "wave": wave.number,
                    "vehicle_id": vehicle.id,
                    "status": ACTION.initial,
                    "detail": "",
                    "changed_at": work.now,
                },
            )
        work.record("assignment.made", made, {"vehicle": vehicle.id}, lane=FLEET)
        return offer_of(work, store.action_by_number(work, vehicle.id, number), vehicle)


def _insert(work: Work, vehicle: Vehicle, lease: GateDecision, serial: str, hardware_id: str) -> AsgId:
    package = releases_store.package_of(work, lease.release_id)
    if package is None:
        raise Changed
    made = AsgId.new(work.now)
    work.insert(
        store.assignment,
        {
            "id": made,
            "campaign_id": lease.campaign_id,
            "wave": lease.wave,
            "vehicle_id": vehicle.id,
            "vin": vehicle.vin,
            "decision_id": lease.id,
            "release_id": lease.release_id,
            "ecu_serial": serial,
            "hardware_id": hardware_id,
            "path": package.path,
            "sha256": package.sha256,
            "length": package.length,
            "salt": secrets.token_hex(16),
            "made_at": work.now,
        },
    )
    return made
