"""The only SQL of campaigns; the tables stand in `tables`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Row,
    Select,
    and_,
    func,
    or_,
    select,
)

from roadworthy.campaigns.model import (
    ACTIVE,
    Action,
    AsgId,
    Assignment,
    Campaign,
    CmpId,
    GateDecision,
    GteId,
    Said,
    Wave,
)
from roadworthy.campaigns.store.tables import action as action
from roadworthy.campaigns.store.tables import action_report as action_report
from roadworthy.campaigns.store.tables import assignment as assignment
from roadworthy.campaigns.store.tables import campaign as campaign
from roadworthy.campaigns.store.tables import gate_decision as gate_decision
from roadworthy.campaigns.store.tables import target_vehicle as target_vehicle
from roadworthy.campaigns.store.tables import wave as wave
from roadworthy.database import View, Work
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.event import Json


def get(view: View, campaign_id: str) -> Campaign:
    """Give a campaign.

    Raises NotFound.
    """
    row = view.first(select(campaign).where(campaign.c.id == campaign_id))
    if row is None:
        raise NotFound(f"There is no campaign {campaign_id}; `roadworthy campaign list` shows all.")
    return _campaign(row)


def lock(work: Work, campaign_id: str) -> Campaign:
    """Give a campaign that nobody else changes until this unit of work ends.

    Raises NotFound.
    """
    row = work.first(select(campaign).where(campaign.c.id == campaign_id).with_for_update())
    if row is None:
        raise NotFound(f"There is no campaign {campaign_id}.")
    return _campaign(row)


def save(work: Work, made: Campaign, listed: Sequence[str]) -> None:
    """Insert a campaign, with the vehicles of its VIN list where it has one."""
    work.insert(campaign, {**vars(made), "filter": dict(made.filter)})
    work.insert_all(target_vehicle, ({"campaign_id": made.id, "vehicle_id": vehicle_id} for vehicle_id in listed))


def save_wave(work: Work, made: Wave) -> None:
    """Insert a wave."""
    work.insert(wave, vars(made))


def page(view: View, after: str, limit: int) -> list[Campaign]:
    """List campaigns by id after `after`, at most `limit`."""
    query = select(campaign).where(campaign.c.id > after).order_by(campaign.c.id).limit(limit)
    return [_campaign(row) for row in view.all(query)]


def search(view: View, word: str, status: str, before: str, limit: int) -> list[Campaign]:
    """List campaigns, newest first: part of the name or id, a status, ids before `before`; empty asks for none."""
    query = select(campaign).order_by(campaign.c.id.desc()).limit(limit)
    if word:
        found = (
            func.lower(column).contains(word.lower(), autoescape=True) for column in (campaign.c.name, campaign.c.id)
        )
        query = query.where(or_(*found))
    if status:
        query = query.where(campaign.c.status == status)
    if before:
        query = query.where(campaign.c.id < before)
    return [_campaign(row) for row in view.all(query)]


def running(view: View) -> list[Campaign]:
    """Give the campaigns that hand out updates now, oldest first."""
    return [_campaign(row) for row in view.all(select(campaign).where(campaign.c.status == "running").order_by("id"))]


def of_release(view: View, release_id: str) -> list[Campaign]:
    """Give the campaigns of a release, oldest first."""
    return [
        _campaign(row) for row in view.all(select(campaign).where(campaign.c.release_id == release_id).order_by("id"))
    ]


def waves(view: View, campaign_id: str) -> list[Wave]:
    """Give the waves of a campaign in order."""
    rows = view.all(select(wave).where(wave.c.campaign_id == campaign_id).order_by(wave.c.number))
    return [_wave(row) for row in rows]


def open_waves(view: View, campaign_ids: Sequence[str]) -> dict[str, list[Wave]]:
    """Give the open waves of some campaigns, by campaign."""
    query = select(wave).where(wave.c.campaign_id.in_(campaign_ids), wave.c.status == "open")
    found: dict[str, list[Wave]] = {}
    for row in view.all(query.order_by(wave.c.campaign_id, wave.c.number)) if campaign_ids else ():
        found.setdefault(row.campaign_id, []).append(_wave(row))
    return found


def is_listed(view: View, campaign_id: str, vehicle_id: str) -> bool:
    """Whether a VIN list holds this vehicle."""
    key = and_(target_vehicle.c.campaign_id == campaign_id, target_vehicle.c.vehicle_id == vehicle_id)
    return view.first(select(target_vehicle.c.vehicle_id).where(key)) is not None


def in_target(campaign: Campaign, vehicles: Select[Any]) -> Select[Any]:
    """Narrow a Select of vehicles (columns id, vin, vehicle_type_id, sold, test_fleet) to a campaign's target set.

    Of a filter's cars only those belong to it that were in the fleet when the campaign was created: ids sort by time.
    """
    cars = vehicles.subquery()
    query = select(cars.c.id, cars.c.vin, cars.c.vehicle_type_id, cars.c.sold, cars.c.test_fleet)
    if campaign.by_list:
        listed = and_(target_vehicle.c.vehicle_id == cars.c.id, target_vehicle.c.campaign_id == campaign.id)
        return query.join(target_vehicle, listed)
    return query.where(cars.c.id < newest_vehicle(campaign))


def newest_vehicle(campaign: Campaign) -> str:
    """Give the id that no vehicle of a filter's target set reaches."""
    return f"VEH-{campaign.id.removeprefix('CMP-')}"


def target_types(view: View, target: Select[Any]) -> set[tuple[str, bool, bool]]:
    """Give which (vehicle type, sold, test fleet) a target set holds."""
    cars = target.subquery()
    query = select(cars.c.vehicle_type_id, cars.c.sold, cars.c.test_fleet).distinct()
    return {(row.vehicle_type_id, bool(row.sold), bool(row.test_fleet)) for row in view.all(query)}


# The answer and its facts are long, and nothing on a vehicle's path needs them.
_BASIS = ("facts", "report")
_DECISION = [column for column in gate_decision.c if column.name not in {*_BASIS, "closed_reason"}]


def decisions(view: View, campaign_id: str) -> list[GateDecision]:
    """Give all gate decisions of a campaign, oldest first."""
    query = select(*_DECISION).where(gate_decision.c.campaign_id == campaign_id)
    return [_decision(row) for row in view.all(query.order_by(gate_decision.c.not_before, gate_decision.c.id))]


def last_decisions(view: View, campaign_id: str) -> list[GateDecision]:
    """Give the newest gate decision of a campaign for each vehicle type."""
    newest = select(func.max(gate_decision.c.id)).where(gate_decision.c.campaign_id == campaign_id)
    query = select(*_DECISION).where(gate_decision.c.id.in_(newest.group_by(gate_decision.c.vehicle_type_id)))
    return [_decision(row) for row in view.all(query.order_by(gate_decision.c.id))]


def filing_ids_of(view: View, decision_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Give the filings that gate decisions rest on, by decision id, without loading their reports."""
    query = select(gate_decision.c.id, gate_decision.c.filing_ids).where(gate_decision.c.id.in_(set(decision_ids)))
    return {row.id: tuple(row.filing_ids) for row in view.all(query)}


def unclosed(
    view: View,
    now: datetime,
    *,
    campaign_id: str | None = None,
    wave_number: int | None = None,
    vehicle_type_id: str | None = None,
    decision_id: str | None = None,
) -> list[GateDecision]:
    """Give the open decisions whose lease runs at `now`, oldest first, whatever the state of their campaign."""
    table = gate_decision
    asked = (
        (table.c.campaign_id, campaign_id),
        (table.c.wave, wave_number),
        (table.c.vehicle_type_id, vehicle_type_id),
        (table.c.id, decision_id),
    )
    running = (
        table.c.decision == "open", table.c.closed_at.is_(None), table.c.not_before <= now, table.c.not_after > now,
    )  # fmt: skip
    query = select(*_DECISION).where(*running, *(column == value for column, value in asked if value is not None))
    return [_decision(row) for row in view.all(query.order_by(table.c.not_before, table.c.id))]


def running_ids(view: View, campaign_ids: Collection[str]) -> set[str]:
    """Give those of some campaigns that run."""
    query = select(campaign.c.id).where(campaign.c.id.in_(sorted(campaign_ids)), campaign.c.status == "running")
    return {row.id for row in view.all(query)}


def closed_early(view: View, now: datetime) -> list[str]:
    """Give the ids of decisions that were closed before their lease would have ended at `now` or later."""
    query = select(gate_decision.c.id).where(gate_decision.c.closed_at.is_not(None), gate_decision.c.not_after > now)
    return [row.id for row in view.all(query.order_by(gate_decision.c.id))]


def decision(view: View, decision_id: str) -> GateDecision:
    """Give one gate decision.

    Raises NotFound.
    """
    row = view.first(select(*_DECISION).where(gate_decision.c.id == decision_id))
    if row is None:
        raise NotFound(f"There is no gate decision {decision_id}.")
    return _decision(row)


def decision_basis(view: View, decision_id: str) -> tuple[Mapping[str, Json], Mapping[str, Json]]:
    """Give the facts that a gate decision rests on, and the whole answer of the law."""
    columns = (gate_decision.c[name] for name in _BASIS)
    row = view.first(select(*columns).where(gate_decision.c.id == decision_id))
    return ({}, {}) if row is None else (row.facts, row.report)


def action_by_number(view: View, vehicle_id: str, number: int, *, locked: bool = False) -> Action:
    """Give a vehicle's action by its DDI number; `locked`: nobody else changes it until this unit of work ends.

    Raises NotFound, also for another vehicle's action.
    """
    query = select(action).where(action.c.number == number, action.c.vehicle_id == vehicle_id)
    row = view.first(query.with_for_update() if locked else query)
    if row is None:
        raise NotFound(f"This vehicle has no action {number}.")
    return _action(row)


def open_actions(view: View, vehicle_id: str) -> list[tuple[Action, str]]:
    """Give the vehicle's actions that are not over, oldest first, each with the state of its campaign."""
    query = select(action, campaign.c.status.label("campaign_status"))
    query = query.join(campaign, campaign.c.id == action.c.campaign_id)
    query = query.where(action.c.vehicle_id == vehicle_id, action.c.status.in_(sorted(ACTIVE)))
    return [(_action(row), row.campaign_status) for row in view.all(query.order_by(action.c.number))]


def report_count(view: View, number: int) -> int:
    """Give how many words of its vehicle an action has."""
    query = select(func.max(action_report.c.position)).where(action_report.c.action_number == number)
    return view.scalar(query) or 0


def put_report(work: Work, number: int, position: int, said: Said, salt: str) -> None:
    """Insert a vehicle's word on an action."""
    line = {"action_number": number, "position": position, "execution": said.execution, "finished": said.finished}
    more = {"code": said.code, "details": list(said.details), "salt": salt, "told_at": work.now}
    work.insert(action_report, {**line, **more})


def newest_details(view: View, number: int, limit: int) -> list[str]:
    """Give at most `limit` lines of what a vehicle said on an action, newest first."""
    told = and_(action_report.c.action_number == number, action_report.c.details != [])
    query = select(action_report.c.details).where(told)
    rows = view.all(query.order_by(action_report.c.position.desc()).limit(limit))
    return [line for row in rows for line in reversed(row.details)][:limit]


def campaigns_of(view: View, vehicle_id: str) -> set[str]:
    """Give the campaigns in which a vehicle has or had an action."""
    return {row.campaign_id for row in view.all(select(action.c.campaign_id).where(action.c.vehicle_id == vehicle_id))}


def last_action(view: View, vehicle_id: str, statuses: Iterable[str]) -> Action | None:
    """Give the vehicle's newest action in one of `statuses`."""
    query = select(action).where(action.c.vehicle_id == vehicle_id, action.c.status.in_(sorted(statuses)))
    row = view.first(query.order_by(action.c.number.desc()).limit(1))
    return None if row is None else _action(row)


def get_assignment(view: View, assignment_id: str) -> Assignment:
    """Give an assignment.

    Raises NotFound.
    """
    row = view.first(select(assignment).where(assignment.c.id == assignment_id))
    if row is None:
        raise NotFound(f"There is no assignment {assignment_id}.")
    return Assignment(**row._mapping)  # noqa: SLF001


def assignment_ids(view: View, campaign_id: str) -> list[str]:
    """Give the ids of all assignments of a campaign, oldest first."""
    query = select(assignment.c.id).where(assignment.c.campaign_id == campaign_id).order_by(assignment.c.id)
    return [row.id for row in view.all(query)]


def next_number(work: Work) -> int:
    """Give the next DDI action number. SQLite has one writer at a time, so that the highest plus one is safe."""
    if work.connection.dialect.name == "postgresql":
        return int(work.scalar(select(func.nextval("action_number_seq"))))
    return int(work.scalar(select(func.coalesce(func.max(action.c.number), 0)))) + 1


def has_attested(view: View, campaign_id: str, vehicle_type_id: str) -> bool:
    """Whether a vehicle of this type has attested the package of a campaign."""
    query = select(action.c.number).join(assignment, assignment.c.id == action.c.assignment_id)
    query = query.join(gate_decision, gate_decision.c.id == assignment.c.decision_id)
    query = query.where(action.c.campaign_id == campaign_id, action.c.status == "attested")
    return view.first(query.where(gate_decision.c.vehicle_type_id == vehicle_type_id).limit(1)) is not None


def counts(view: View, campaign_id: str) -> Mapping[int, Mapping[str, int]]:
    """Count a campaign's actions by wave and status."""
    query = (
        select(action.c.wave, action.c.status, func.count().label("vehicles"))
        .where(action.c.campaign_id == campaign_id)
        .group_by(action.c.wave, action.c.status)
    )
    found: dict[int, dict[str, int]] = {}
    for row in view.all(query):
        found.setdefault(row.wave, {})[row.status] = row.vehicles
    return found


def names(view: View, campaign_ids: Iterable[str]) -> dict[str, str]:
    """Give the names of campaigns by id."""
    rows = view.all(select(campaign.c.id, campaign.c.name).where(campaign.c.id.in_(sorted(campaign_ids))))
    return {row.id: row.name for row in rows}


def attested(view: View, campaign_ids: Iterable[str]) -> dict[str, int]:
    """Count the vehicles that attest the new software, by campaign id."""
    query = select(action.c.campaign_id, func.count().label("vehicles")).where(
        action.c.campaign_id.in_(list(campaign_ids)), action.c.status == "attested"
    )
    return {row.campaign_id: row.vehicles for row in view.all(query.group_by(action.c.campaign_id))}


def vehicle_lines(
    view: View, campaign_id: str, *, after: int, limit: int, status: str = "", number: int | None = None, vin: str = ""
) -> Sequence[Row[Any]]:
    """Give lines (action and assignment columns) of a campaign's vehicles by action number after `after`."""
    columns = select(action, assignment.c.vin, assignment.c.ecu_serial, assignment.c.sha256, assignment.c.decision_id)
    query = _lines(columns, campaign_id, status, number, vin)
    return view.all(query.where(action.c.number > after).order_by(action.c.number).limit(limit))


def count_lines(view: View, campaign_id: str, *, status: str = "", number: int | None = None, vin: str = "") -> int:
    """Count the lines that `vehicle_lines` would give without a limit."""
    return int(view.scalar(_lines(select(func.count()), campaign_id, status, number, vin)))


def _lines(query: Select[Any], campaign_id: str, status: str, number: int | None, vin: str) -> Select[Any]:
    found = query.select_from(action).join(assignment, assignment.c.id == action.c.assignment_id)
    found = found.where(action.c.campaign_id == campaign_id)
    if status:
        # The console's word "offered" covers both; other words are the table's own.
        found = found.where(action.c.status.in_(["offered", "retrieved"] if status == "offered" else [status]))
    if number is not None:
        found = found.where(action.c.wave == number)
    return found.where(assignment.c.vin.contains(vin.upper(), autoescape=True)) if vin else found


def _campaign(row: Row[Any]) -> Campaign:
    return Campaign(**{**row._mapping, "id": CmpId(row.id)})  # noqa: SLF001


def _wave(row: Row[Any]) -> Wave:
    return Wave(**row._mapping)  # noqa: SLF001


def _decision(row: Row[Any]) -> GateDecision:
    values = {"id": GteId(row.id), "labels": tuple(row.labels), "filing_ids": tuple(row.filing_ids)}
    return GateDecision(**{**row._mapping, **values})  # noqa: SLF001


def _action(row: Row[Any]) -> Action:
    values = {column.name: row._mapping[column.name] for column in action.c}  # noqa: SLF001
    return Action(**{**values, "assignment_id": AsgId(row.assignment_id)})
