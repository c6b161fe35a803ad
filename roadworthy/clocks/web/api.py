"""JSON API of clocks and notices, and the server's readiness."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from roadworthy.clocks import actions, rules, store, watch
from roadworthy.clocks.model import ClkId, Clock, Notice, NtcId, Timer
from roadworthy.clocks.store import messages
from roadworthy.database import Actor
from roadworthy.kernel.decision import Outcome
from roadworthy.kernel.time import to_text
from roadworthy.webui.http import page, page_limit, signed_in

router = APIRouter(prefix="/api/v1", tags=["clocks"])
SignedIn = Annotated[Actor, Depends(signed_in)]
State = Literal["running", "satisfied", "cancelled", "superseded"]


@router.get("/clocks")
def clocks(
    request: Request,
    _actor: SignedIn,
    *,
    state: State | None = None,
    subject: str | None = None,
    duty: str | None = None,
    overdue: bool | None = None,
    after: str = "",
    limit: int = 50,
) -> dict[str, Any]:
    """List clocks; `subject` is an id, `overdue` is as of now."""
    with request.app.state.database.read() as view:
        found = store.page(
            view, state=state, subject=subject, duty=duty, overdue=overdue, after=after, limit=page_limit(limit)
        )
        return page([clock_json(one, view.now) for one in found], limit)


@router.post("/clocks/accept-time")
def accept_time(request: Request, actor: SignedIn) -> dict[str, Any]:
    """Say that the server's present time is right although clocks were polled at a later one."""
    watch.accept_time(request.app.state.database, actor)
    return {"ok": True}


@router.get("/clocks/{clock_id}")
def clock(request: Request, _actor: SignedIn, clock_id: str) -> dict[str, Any]:
    """Give a clock with its timers and all generations of its duty."""
    with request.app.state.database.read() as view:
        found = store.load(view, ClkId.parse(clock_id))
        timers = [_timer_json(one) for one in store.timers_of(view, [found.id])]
        generations = [one.id for one in store.of_duty(view, found.plan.key)]
        return {**clock_json(found, view.now), "timers": timers, "generations": generations}


@router.get("/notices")
def notices(
    request: Request, actor: SignedIn, *, unseen: bool = False, after: str = "", limit: int = 50
) -> dict[str, Any]:
    """List what the holders of the caller's roles were told."""
    with request.app.state.database.read() as view:
        found = messages.list_notices(view, actor.roles, unseen=unseen, after=after, limit=page_limit(limit))
        about = {one.id: one for one in store.load_all(view, {told.clock_id for told in found})}
        return page([_notice_json(one, about[one.clock_id], view.now) for one in found], limit)


@router.post("/notices/{notice_id}/seen")
def seen(request: Request, actor: SignedIn, notice_id: str) -> dict[str, Any]:
    """Note that the caller saw a notice of one of the own roles."""
    database = request.app.state.database
    found = actions.see(database, actor, NtcId.parse(notice_id))
    with database.read() as view:
        return _notice_json(found, store.load(view, found.clock_id), view.now)


def ready(request: Request) -> JSONResponse:
    """Say whether this installation does its work: 503 while nobody watches the clocks."""
    with request.app.state.database.read() as view:
        found = watch.health(view, view.now)
    is_ready = all(one.state is not Outcome.BLOCKED for one in found)
    return JSONResponse({"ready": is_ready, "findings": [one.to_json() for one in found]}, 200 if is_ready else 503)


def clock_json(found: Clock, now: datetime) -> dict[str, Any]:
    """Give what the API shows of a clock at `now`; `remaining_seconds` is below zero when it is overdue."""
    plan = found.plan
    left = int((plan.due_at - now).total_seconds()) if found.status == "running" else None
    return {
        "id": found.id,
        "state": found.status,
        "standing": str(rules.standing(found, now)),
        "remaining_seconds": left,
        "subject_type": plan.subject_type,
        "subject_id": plan.subject_id,
        "duty": plan.duty,
        "occasion": plan.occasion,
        "generation": found.generation,
        "title": plan.title.to_json(),
        "citation": plan.citation,
        "report": plan.report,
        "recipients": list(plan.recipients),
        "profile": plan.profile,
        "pack": {"id": plan.pack_id, "digest": plan.pack_digest},
        "basis": plan.basis,
        "occurred_at": _text(plan.occurred_at),
        "known_at": _text(plan.known_at),
        "started_at": _text(plan.started_at),
        "due_at": _text(plan.due_at),
        "alternative_due_at": _text(plan.alternative_due_at),
        "late_at_knowledge": plan.late_at_knowledge,
        "provisional": plan.provisional,
        "calendar_digest": plan.calendar_digest,
        "recipe": dict(plan.recipe),
        "satisfied_at": _text(found.satisfied_at),
        "satisfied_by": found.satisfied_by,
        "reason": found.reason,
        "superseded_by": found.superseded_by,
        "created_at": _text(found.created_at),
    }


def _timer_json(found: Timer) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "fire_at": to_text(found.fire_at),
        "roles": list(found.roles),
        "escalate": found.escalate,
        "state": found.status,
        "fired_at": _text(found.fired_at),
    }


def _notice_json(found: Notice, about: Clock, now: datetime) -> dict[str, Any]:
    return {
        "id": found.id,
        "role": found.role,
        "topic": found.topic,
        "kind": found.kind,
        "clock_id": found.clock_id,
        "duty": about.plan.duty,
        "subject_id": about.plan.subject_id,
        "title": about.plan.title.to_json(),
        "due_at": _text(about.plan.due_at),
        "standing": str(rules.standing(about, now)),
        "given_at": to_text(found.given_at),
        "seen_at": _text(found.seen_at),
        "seen_by": found.seen_by,
    }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)
