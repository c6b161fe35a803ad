"""SQL over clocks and their timers."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select

from roadworthy.clocks.model import ClkId, Clock, Plan, Reminder, Timer
from roadworthy.clocks.states import CLOCK, TIMER
from roadworthy.clocks.store.tables import clock, timer
from roadworthy.database import View, Work
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.lifecycle import Move
from roadworthy.kernel.time import parse_instant

PENDING = TIMER.initial
_AS_THEY_ARE = (
    "subject_type", "subject_id", "duty", "occasion", "report", "citation", "profile", "pack_id", "pack_digest",
    "occurred_at", "known_at", "started_at", "basis", "due_at", "alternative_due_at", "late_at_knowledge",
    "provisional", "calendar_digest",
)  # fmt: skip


def load(view: View, clock_id: str) -> Clock:
    """Give one clock. Raises NotFound."""
    return _one(view, select(clock).where(clock.c.id == clock_id), clock_id)


def load_all(view: View, clock_ids: Iterable[str]) -> list[Clock]:
    """Give clocks by their ids (a page of them, 501 at most)."""
    return [clock_of(row) for row in view.all(select(clock).where(clock.c.id.in_(sorted(clock_ids))))]


def lock(work: Work, clock_id: str) -> Clock:
    """Give one clock that nobody else ends until this unit of work is over. Raises NotFound."""
    return _one(work, select(clock).where(clock.c.id == clock_id).with_for_update(), clock_id)


def of_duty(view: View, key: tuple[str, str, str, str]) -> list[Clock]:
    """Give all generations of one duty (subject type, subject, rule, occasion), oldest first."""
    return [clock_of(row) for row in view.all(select(clock).where(_is(key)).order_by(clock.c.generation))]


def newest(view: View, key: tuple[str, str, str, str]) -> Clock | None:
    """Give the clock that stands for a duty now, ended or not; None when it never was started."""
    row = view.first(select(clock).where(_is(key)).order_by(clock.c.generation.desc()).limit(1))
    return None if row is None else clock_of(row)


def running_for(view: View, subject_type: str, subject_id: str) -> list[Clock]:
    """Give the running clocks of one thing, the next due first."""
    mine = and_(clock.c.subject_type == subject_type, clock.c.subject_id == subject_id)
    query = select(clock).where(mine, clock.c.status == CLOCK.initial).order_by(clock.c.due_at, clock.c.id)
    return [clock_of(row) for row in view.all(query)]


def satisfied_with(view: View, by: str) -> bool:
    """Whether the receipt named `by` ended a clock already."""
    return view.first(select(clock.c.id).where(clock.c.satisfied_by == by).limit(1)) is not None


def provisional(view: View) -> list[Clock]:
    """Give the running and satisfied clocks whose due time may still move, oldest first."""
    open_ones = clock.c.status.in_([CLOCK.initial, "satisfied"])
    return [clock_of(row) for row in view.all(select(clock).where(clock.c.provisional, open_ones).order_by(clock.c.id))]


def page(
    view: View,
    *,
    state: str | None = None,
    subject: str | None = None,
    duty: str | None = None,
    overdue: bool | None = None,
    after: str = "",
    limit: int = 50,
) -> list[Clock]:
    """Give clocks in the order of their ids, one more than `limit` where there are more; `overdue` as of `view.now`."""
    wanted = {"status": state, "subject_id": subject, "duty": duty}
    conditions = [clock.c[name] == value for name, value in wanted.items() if value is not None]
    if overdue is not None:
        late = and_(clock.c.status == CLOCK.initial, clock.c.due_at < view.now)
        conditions.append(late if overdue else ~late)
    query = select(clock).where(clock.c.id > after, *conditions).order_by(clock.c.id).limit(limit + 1)
    return [clock_of(row) for row in view.all(query)]


def save(work: Work, made: Clock, reminders: Iterable[Reminder]) -> None:
    """Insert a clock and a pending timer for each of `reminders`."""
    plan = made.plan
    columns = {name: getattr(plan, name) for name in _AS_THEY_ARE}
    columns |= {"recipients": list(plan.recipients), "title": plan.title.to_json(), "recipe": dict(plan.recipe)}
    columns |= {"reminders": [one.to_json() for one in plan.reminders], "salt": secrets.token_hex(16)}
    columns |= {"id": made.id, "generation": made.generation, "status": made.status, "created_at": made.created_at}
    work.insert(clock, columns)
    work.insert_all(
        timer,
        [
            {
                "clock_id": made.id,
                "kind": one.kind,
                "fire_at": one.fire_at,
                "roles": list(one.roles),
                "escalate": one.escalate,
                "status": PENDING,
            }
            for one in reminders
        ],
    )


def move(work: Work, known: Clock, verb: str, changes: Mapping[str, Any]) -> tuple[Move, Clock]:
    """Move a clock along its life cycle; whose action this is asked for the role. Raises WrongState, Changed."""
    step = CLOCK.move(known.status, verb)
    row = work.update(clock, {"id": known.id}, {**changes, "status": step.target}, status=step.state)
    return step, clock_of(row)


def timers_of(view: View, clock_ids: Sequence[str]) -> list[Timer]:
    """Give the timers of clocks (500 at most), in the order in which they fire."""
    query = select(timer).where(timer.c.clock_id.in_(clock_ids)).order_by(timer.c.fire_at, timer.c.clock_id)
    return [_timer(row) for row in view.all(query.order_by(timer.c.kind))]


def told(view: View, key: tuple[str, str, str, str]) -> set[tuple[str, datetime]]:
    """Give kind and instant of every reminder of a duty that has fired, in any generation."""
    query = select(timer.c.kind, timer.c.fire_at).join(clock, clock.c.id == timer.c.clock_id)
    return {(row.kind, row.fire_at) for row in view.all(query.where(_is(key), timer.c.status == "fired"))}


def lock_pending(work: Work, clock_id: str) -> list[Timer]:
    """Give the pending timers of a clock, held: a poller that is just firing one of them is waited for."""
    mine = and_(timer.c.clock_id == clock_id, timer.c.status == PENDING)
    return [_timer(row) for row in work.all(select(timer).where(mine).order_by(timer.c.kind).with_for_update())]


def claim_due(work: Work, limit: int) -> list[tuple[Timer, Clock]]:
    """Give due timers with their clocks, oldest first; those that another poller holds are left to it."""
    due = and_(timer.c.status == PENDING, timer.c.fire_at <= work.now)
    query = select(timer).where(due).order_by(timer.c.fire_at).limit(limit).with_for_update(skip_locked=True)
    found = [_timer(row) for row in work.all(query)]
    ids = {one.clock_id for one in found}
    clocks = {row.id: clock_of(row) for row in work.all(select(clock).where(clock.c.id.in_(ids)))} if ids else {}
    return [(one, clocks[one.clock_id]) for one in found]


def fire_timer(work: Work, due: Timer) -> Move:
    """Note that a claimed timer fired now."""
    return _move_timer(work, due, "fire", {"fired_at": work.now})


def cancel_timer(work: Work, held: Timer) -> Move:
    """Note that a held timer will not fire."""
    return _move_timer(work, held, "cancel", {})


def _move_timer(work: Work, known: Timer, verb: str, changes: Mapping[str, Any]) -> Move:
    step = TIMER.move(known.status, verb)
    key = {"clock_id": known.clock_id, "kind": known.kind}
    work.update(timer, key, {**changes, "status": step.target}, status=step.state)
    return step


def _is(key: tuple[str, str, str, str]) -> ColumnElement[bool]:
    names = ("subject_type", "subject_id", "duty", "occasion")
    return and_(*(clock.c[name] == value for name, value in zip(names, key, strict=True)))


def _one(view: View, query: Select[Any], clock_id: str) -> Clock:
    row = view.first(query)
    if row is None:
        raise NotFound(f"There is no clock {clock_id[:40]}; `roadworthy clock list` shows all.")
    return clock_of(row)


def clock_of(row: Row[Any]) -> Clock:
    """Give the clock of a row of its table."""
    plan = Plan(
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
        recipients=tuple(row.recipients),
        title=Text(**row.title),
        recipe=row.recipe,
        reminders=tuple(
            Reminder(one["kind"], parse_instant(one["fire_at"]), tuple(one["roles"]), one["escalate"])
            for one in row.reminders
        ),
    )
    return Clock(
        ClkId(row.id), plan, row.generation, row.status, row.created_at, row.satisfied_at, row.satisfied_by, row.reason,
        ClkId(row.superseded_by) if row.superseded_by else None,
    )  # fmt: skip


def _timer(row: Row[Any]) -> Timer:
    return Timer(ClkId(row.clock_id), row.kind, row.fire_at, tuple(row.roles), row.escalate, row.status, row.fired_at)
