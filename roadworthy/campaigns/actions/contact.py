"""What happens when a vehicle calls: is there something for it, how far is it, did it really work.

A poll that changes nothing writes nothing. The first contact in a wave makes the assignment, which joins the next
batch leaf of the log; the Director signs only once that leaf is under a checkpoint. Success is `attested` alone.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from roadworthy.campaigns import rules, store
from roadworthy.campaigns.actions.gating import live_lease
from roadworthy.campaigns.actions.targets import aims_at
from roadworthy.campaigns.model import Action, AsgId, Assignment, Campaign, GateDecision, Said, Wave
from roadworthy.campaigns.states import ACTION
from roadworthy.database import FLEET, Actor, Changed, Database, View, Work
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import EcuUnit, Vehicle
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.event import Json
from roadworthy.releases import store as releases_store
from roadworthy.releases.model import Package, Release

DETAIL_LENGTH = 400
MAX_REPORTS = 1_000  # words of a vehicle on one action, as in hawkBit
ATTEMPTS = 5
_ENDING = frozenset({"report", "fail", "give_up", "confirm_cancel"})


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


class TooManyReports(Unusable):
    """This action has 1,000 reports of its vehicle already; only one that ends the action is still taken."""

    status = 429
    code = "action.reports"


def vehicle_actor(vehicle: Vehicle) -> Actor:
    """Give the actor under which a vehicle's own reports are recorded."""
    return Actor(f"vehicle:{vehicle.id}", frozenset({"vehicle"}))


def contact(database: Database, vehicle: Vehicle) -> Offer | None:
    """Give what a calling vehicle shall install, making its assignment at first contact; None when nothing.

    1. an action that the vehicle still works on comes first; 2. else the oldest running campaign that aims at it,
    whose wave is open and lease live; 3. an assignment whose lease was renewed is made anew under the new decision;
    4. else an action that is reported and not attested yet: it waits for a signed manifest and blocks nothing, since
    a client that only reports (DDI) would otherwise never get another update.
    """
    for attempt in range(ATTEMPTS):
        with database.read() as view:
            found = current_offer(view, vehicle)
            if not _is_due(view, vehicle, found):
                return found
        try:
            return _assign(database, vehicle)
        except Refused as refusal:
            # Another call took the number, or made this assignment: on PostgreSQL writers do not wait for each other.
            if refusal.error_code not in {"exists_already", "changed_meanwhile"} or attempt == ATTEMPTS - 1:
                raise
    return None


def current_offer(view: View, vehicle: Vehicle) -> Offer | None:
    """Give the vehicle's action that is not over, without making anything; None when there is none."""
    standing = store.open_actions(view, vehicle.id)
    action = next((a for a in standing if a.status != "reported"), standing[-1] if standing else None)
    return None if action is None else offer_of(view, action, vehicle)


def _is_due(view: View, vehicle: Vehicle, found: Offer | None) -> bool:
    """Whether an assignment is to be made, for a campaign that is new to the vehicle or under a renewed lease."""
    if found is None or found.action.status == "reported":
        return _place(view, vehicle) is not None
    return found.lease is not None and not found.is_live and found.action.status != "cancelling"


def offer_of(view: View, action: Action, vehicle: Vehicle) -> Offer:
    """Give an action with all it rests on, and the lease that allows delivery now."""
    assignment = store.get_assignment(view, action.assignment_id)
    release = releases_store.get(view, assignment.release_id)
    if release.package is None:
        raise Refused("The release has no package.", code="package.none")
    lease = live_lease(view, action.campaign_id, action.wave, vehicle.vehicle_type_id)
    return Offer(action, assignment, release, release.package, lease)


def report(database: Database, vehicle: Vehicle, number: int, verb: str, said: Said | None = None) -> Action:
    """Record what a vehicle says about its action; `verb` is one of `states.ACTION`, or "" for a mere word.

    Words come in any order and more than once: one that is no move in the present state is kept and moves nothing.
    Without `said` (the vehicle fetched its document) only a move is kept. Raises NotFound for another vehicle's
    action, ActionClosed when it is over, TooManyReports.
    """
    with database.begin(vehicle_actor(vehicle)) as work:
        action = store.action_by_number(work, vehicle.id, number)
        if action.is_over:
            raise ActionClosed
        moves = any((m.state, m.verb) == (action.status, verb) and m.target != m.state for m in ACTION.moves)
        if said is not None:
            count = store.report_count(work, number)
            if count >= MAX_REPORTS and not (moves and verb in _ENDING):
                raise TooManyReports
            store.put_report(work, number, count + 1, said, secrets.token_hex(16))
        if moves:
            _step(work, action, verb, " / ".join(said.details) if said else "")
        elif said is not None:
            told: dict[str, Json] = {"execution": said.execution, "finished": said.finished}
            work.record("report.received", action.assignment_id, told, lane=FLEET)
        return store.action_by_number(work, vehicle.id, number)


def settle(work: Work, vehicle: Vehicle, attested: Mapping[str, str], failed: str, detail: str) -> None:
    """Settle the vehicle's actions by its signed manifest; `attested` gives the SHA-256 each ECU (by serial) shows.

    An action is attested when its assigned ECU shows the assigned hash. `failed` is the id of the assignment of which
    the manifest reports failure: only its own action fails, so that an old report cannot fail a newer one. A manifest
    that merely shows other software leaves an action as it is. Called inside the unit of work that stores the
    attested software.
    """
    for action in store.open_actions(work, vehicle.id):
        assignment = store.get_assignment(work, action.assignment_id)
        if attested.get(assignment.ecu_serial) == assignment.sha256:
            _step(work, action, "attest", "")
        elif assignment.id == failed:
            _step(work, action, "fail", detail)


def _step(work: Work, action: Action, verb: str, detail: str) -> None:
    # What a vehicle writes may hold what a column does not take (PostgreSQL: NUL), or what no page can show.
    plain = "".join(c if c.isprintable() else " " for c in detail)
    changes = {
        "changed_at": work.now,
        "detail": plain if len(plain) <= DETAIL_LENGTH else plain[:380] + " [cut here]",
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
        found = current_offer(work, vehicle)
        if found is not None and found.action.status != "reported":
            if found.lease is None or found.is_live or found.action.status == "cancelling":
                return found
            made = _insert(work, vehicle, found.lease, found.assignment.ecu_serial, found.assignment.hardware_id)
            row = {"assignment_id": made, "changed_at": work.now}
            work.update(store.action, {"number": found.action.number}, row, status=found.action.status)
            number = found.action.number
        else:
            place = _place(work, vehicle)
            if place is None:
                return found
            campaign, wave, lease, unit = place
            number = store.next_number(work, campaign.id)
            made = _insert(work, vehicle, lease, unit.serial, unit.hardware_id)
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
