"""What SAMR is owed after an admission: the deep-test plan and the risk assessment plan (N45-3a)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from roadworthy.admission import store
from roadworthy.admission.actions.values import ROLE
from roadworthy.admission.model import AdmissionPlan, PlanKind, PlnId
from roadworthy.admission.states import PLAN
from roadworthy.admission.store.papers import admission_plan, plan_of_row
from roadworthy.database import Actor, Database, View, Work
from roadworthy.filings import store as filings
from roadworthy.filings.rules import check_past, check_sha256
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import beijing_date
from roadworthy.law import Packs, classify
from roadworthy.products import store as products
from roadworthy.products.model import TypId, VehicleType
from roadworthy.products.rules import parse_words

CLAUSE = "N45-3a"


def record_admission(
    database: Database, actor: Actor, type_id: TypId, admitted_on: str, packs: Packs
) -> tuple[AdmissionPlan, ...]:
    """Record that a vehicle type was admitted on an ISO day in Beijing; give the two plans that are owed from then on.

    They are due when a duty of `packs` that cites N45-3a says; without one they have no due time. Raises NotPermitted,
    NotFound, Unusable, Refused when the plans of this admission are owed already.
    """
    with database.begin(actor, attempt="admission.record", subject=type_id) as work:
        actor.require(ROLE)
        kind = products.load_vehicle_type(work, type_id)
        day = check_past(admitted_on, "admitted_on", beijing_date(work.now))
        if any(one.admitted_on == day for one in store.list_plans(work, type_id, limit=500)):
            raise Refused("The plans of this admission are owed already.", code="exists_already")
        due_on, rule = due(packs, kind, day, work.now)
        usual = {"vehicle_type_id": type_id, "admitted_on": day, "due_on": due_on, "rule": rule, "status": PLAN.initial}
        made = [{**usual, "id": PlnId.new(work.now), "kind": str(one)} for one in PlanKind]
        for row in made:
            work.insert(admission_plan, row)
            facts = {"due_on": due_on, "kind": row["kind"], "rule": rule, "vehicle_type": type_id}
            work.record("admission_plan.owed", str(row["id"]), facts)
        return tuple(store.load_plan(work, str(row["id"])) for row in made)


def due(packs: Packs, kind: VehicleType, admitted_on: str, now: datetime) -> tuple[str | None, str | None]:
    """Give the last day (Beijing) for the plans, and the rule that says so; nothing when no duty in force asks."""
    duties = {duty.id for duty in packs.program(date.fromisoformat(admitted_on)).duties if CLAUSE in duty.cites}
    if not duties:
        return None, None
    model: dict[str, Json] = {
        "model_code": kind.model_code,
        "imported": kind.imported,
        "admitted_on": admitted_on,
        "deep_test_plan_submitted": False,
    }
    for row in classify({"target_models": [model]}, packs, now).timers:
        if row["rule"] in duties and row["due_at"]:
            # A day ends at 24:00, which is the first moment of the next.
            last = datetime.fromisoformat(row["due_at"]) - timedelta(microseconds=1)
            return last.date().isoformat(), str(row["rule"])
    return None, None


def write_plan(database: Database, actor: Actor, plan_id: PlnId, filename: str, sha256: str) -> AdmissionPlan:
    """Put the stored document of a plan to it, or another in its place before somebody checked it.

    Raises NotPermitted, NotFound, WrongState, Unusable.
    """
    changes = {"filename": parse_words(filename, "filename"), "sha256": check_sha256(sha256, "sha256")}
    with database.begin(actor, attempt="admission_plan.write", subject=plan_id) as work:
        known = store.load_plan(work, plan_id)
        verb = "rewrite" if known.status == "written" else "write"
        return _moved(work, plan_id, verb, {**changes, "author": actor.id, "approver": None})


def check_plan(database: Database, actor: Actor, plan_id: PlnId) -> AdmissionPlan:
    """Check a written plan as another person than its author (a database constraint).

    Raises NotPermitted, NotFound, WrongState.
    """
    with database.begin(actor, attempt="admission_plan.check", subject=plan_id) as work:
        return _moved(work, plan_id, "check", {"approver": actor.id})


def file_plan(database: Database, actor: Actor, plan_id: PlnId, filing_id: str) -> AdmissionPlan:
    """Record by which filing to SAMR a checked plan was sent.

    Raises NotPermitted, NotFound, WrongState, Refused for a draft or a filing that does not name the vehicle type.
    """
    with database.begin(actor, attempt="admission_plan.file", subject=plan_id) as work:
        known = store.load_plan(work, plan_id)
        paper = filings.load_filing(work, filing_id)
        if paper.submitted_on is None or known.vehicle_type_id not in paper.scope.vehicle_type_ids:
            raise Refused("That filing was not sent, or does not name this vehicle type; submit the right one first.")
        return _moved(work, plan_id, "file", {"filing_id": filing_id})


def _moved(work: Work, plan_id: PlnId, verb: str, changes: Mapping[str, Any]) -> AdmissionPlan:
    store.load_plan(work, plan_id)
    step, row = work.move(admission_plan, {"id": plan_id}, PLAN, verb, changes)
    facts = {"filing": row.filing_id, "sha256": row.sha256, "vehicle_type": row.vehicle_type_id}
    work.record(f"admission_plan.{step.target}", plan_id, facts, move=step)
    return plan_of_row(row)


def plans_submitted(view: View, type_id: str) -> bool | None:
    """Whether every plan owed after the admissions of a vehicle type was sent; None when no admission is recorded."""
    owed = store.list_plans(view, type_id, limit=500)
    return all(one.status == "filed" for one in owed) if owed else None
