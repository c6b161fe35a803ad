"""The verbs over clocks. Each is part of somebody else's unit of work: the duty arises, or ends, with its cause.

The action that owns the unit of work has asked for the role; here nobody is asked again. A verb that names a
superseded clock means the one that stands for it now.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from roadworthy.accounts.model import Role
from roadworthy.clocks import rules, store
from roadworthy.clocks.model import ClkId, Clock, Notice, NtcId, Plan
from roadworthy.clocks.states import CLOCK
from roadworthy.clocks.store import messages
from roadworthy.database import Actor, Database, Work
from roadworthy.kernel.errors import Refused, Unusable
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import to_text

ACTOR = Actor("system:clocks")
ROLES = frozenset(Role)
Compute = Callable[[Mapping[str, Json]], tuple[datetime, bool, str]]


class OtherFacts(Refused):
    """This duty has a clock that began otherwise; correct that one, or name another occasion."""

    code = "clock.other_facts"


@dataclass(frozen=True)
class Recomputed:
    """A clock that was computed again: the one before, the one that stands for it now."""

    before: ClkId
    now: ClkId
    due_changed: bool


def start(work: Work, plan: Plan) -> ClkId:
    """Start the clock of a duty and give its id. The same facts again give the same clock, whatever became of it.

    The facts are subject, duty, occasion, basis, start, occurrence and knowledge; with other facts a duty starts anew
    only when its clock was cancelled. Raises OtherFacts, PlanUnusable.
    """
    rules.check_plan(plan, ROLES)
    work.alone(f"clock {plan.subject_type} {plan.subject_id}")
    before = store.of_duty(work, plan.key)
    if any(one.plan.facts == plan.facts for one in before):
        return before[-1].id
    if before and before[-1].status != "cancelled":
        raise OtherFacts
    return _begin(work, plan, len(before) + 1)


def satisfy(work: Work, clock_id: ClkId, at: datetime, by: str) -> Clock:
    """End a clock because the authority acknowledged at `at`; `by` names the receipt (an id, never a person).

    What was drafted or sent ends no clock. Said twice, it is harmless. Raises NotFound, WrongState, Unusable.
    """
    if at > work.now:
        raise Unusable("An acknowledgement cannot lie in the future; give the instant of the receipt.", at="at")
    if not by or len(by) > 200 or not by.isascii():
        raise Unusable("Name the receipt in 1 to 200 ASCII characters, best by its id.", at="by")
    known = _current(work, clock_id)
    if (known.status, known.satisfied_at, known.satisfied_by) == ("satisfied", at, by):
        return known
    return _satisfy(work, known, at, by)


def cancel(work: Work, clock_id: ClkId, reason: str) -> Clock:
    """End a clock whose duty fell away, and say why. Raises NotFound, WrongState, Unusable."""
    if not reason.strip() or len(reason) > 2000:
        raise Unusable("Say in 1 to 2000 characters why the duty fell away.", at="reason")
    known = _current(work, clock_id)
    CLOCK.move(known.status, "cancel")  # refused before its timers are touched
    _cancel_timers(work, known)
    step, ended = store.move(work, known, "cancel", {"reason": reason.strip()})
    work.record("clock.cancelled", known.id, move=step)
    return ended


def correct(
    work: Work, clock_id: ClkId, plan: Plan, *, because: str = "correction", still_satisfied: bool = True
) -> ClkId:
    """Put a clock with the right facts in the place of one; the old one stays as it was and names the new one.

    A reminder that was given already, of the same kind for the same instant, is not given again. What was satisfied
    stays so unless `still_satisfied` is false (the receipt itself was wrong). `because` is a word for the event.
    Raises NotFound, WrongState, PlanUnusable.
    """
    rules.check_plan(plan, ROLES)
    work.alone(f"clock {plan.subject_type} {plan.subject_id}")
    old = _current(work, clock_id)
    if old.plan.key != plan.key:
        raise rules.PlanUnusable("a correction keeps subject, duty and occasion; cancel the clock and start another.")
    if old.plan == plan and (still_satisfied or old.satisfied_at is None):
        return old.id
    CLOCK.move(old.status, "correct")
    _cancel_timers(work, old)
    made = _begin(work, plan, old.generation + 1)
    step, _ = store.move(work, old, "correct", {"superseded_by": made})
    told = {"because": because, "by": made, "due_changed": plan.due_at != old.plan.due_at}
    work.record("clock.superseded", old.id, told, move=step)
    if old.satisfied_at is not None and still_satisfied:
        _satisfy(work, store.load(work, made), old.satisfied_at, old.satisfied_by or "")
    return made


def recompute(database: Database, compute: Compute) -> tuple[Recomputed, ...]:
    """Compute every provisional due time again and supersede the clocks whose calendar has changed.

    `compute` takes a clock's recipe and gives due time, whether that is provisional still, and the digest of the
    calendar. Each clock is a unit of work of its own.
    """
    with database.read() as view:
        found = store.provisional(view)
    done = []
    for known in found:
        due_at, provisional, digest = compute(known.plan.recipe)
        if digest == known.plan.calendar_digest:
            continue
        plan = rules.with_due(known.plan, due_at, digest, provisional=provisional)
        with database.begin(ACTOR) as work:
            if _current(work, known.id).id != known.id:
                continue  # somebody corrected it meanwhile
            made = correct(work, known.id, plan, because="calendar")
        done.append(Recomputed(known.id, made, due_at != known.plan.due_at))
    return tuple(done)


def see(database: Database, actor: Actor, notice_id: NtcId) -> Notice:
    """Note that `actor` saw a notice of one of the own roles; who was first stays.

    Raises NotFound, NotPermitted.
    """
    with database.begin(actor, attempt="notice.see", subject=notice_id) as work:
        known = messages.load_notice(work, notice_id)
        actor.require(known.role)
        if known.seen_at is not None:
            return known
        found = messages.mark_seen(work, notice_id, actor.id)
        work.record("notice.seen", notice_id, {"clock": known.clock_id, "role": known.role})
    return found


def see_all(database: Database, actor: Actor, clock_id: ClkId) -> int:
    """Note that `actor` saw whatever the own roles were told of a clock; give how many notices were new to them.

    Raises NotFound, NotPermitted when only other roles were told.
    """
    with database.begin(actor, attempt="notice.see", subject=clock_id) as work:
        told = messages.notices_of(work, [store.load(work, clock_id).id])
        if told and not any(one.role in actor.roles for one in told):
            actor.require(told[0].role)
        mine = [one for one in told if one.role in actor.roles and one.seen_at is None]
        for one in mine:
            messages.mark_seen(work, one.id, actor.id)
            work.record("notice.seen", one.id, {"clock": one.clock_id, "role": one.role})
    return len(mine)


def _begin(work: Work, plan: Plan, generation: int) -> ClkId:
    made = Clock(ClkId.new(work.now), plan, generation, CLOCK.initial, work.now)
    told = store.told(work, plan.key) if generation > 1 else set()
    waiting = [one for one in plan.reminders if (one.kind, one.fire_at) not in told]
    store.save(work, made, waiting)
    work.record(
        "clock.started",
        made.id,
        {
            "basis": plan.basis,
            "calendar": plan.calendar_digest,
            "due_at": to_text(plan.due_at),
            "duty": plan.duty,
            "generation": generation,
            "occasion": plan.occasion,
            "pack": {"digest": plan.pack_digest, "id": plan.pack_id},
            "provisional": plan.provisional,
            "started_at": to_text(plan.started_at),
            "subject": {"id": plan.subject_id, "type": plan.subject_type},
        },
    )
    return made.id


def _satisfy(work: Work, known: Clock, at: datetime, by: str) -> Clock:
    CLOCK.move(known.status, "satisfy")
    _cancel_timers(work, known)
    step, ended = store.move(work, known, "satisfy", {"satisfied_at": at, "satisfied_by": by})
    standing = rules.standing(ended, work.now)
    work.record("clock.satisfied", known.id, {"at": to_text(at), "by": by, "standing": str(standing)}, move=step)
    return ended


def _cancel_timers(work: Work, known: Clock) -> None:
    for held in store.lock_pending(work, known.id):
        step = store.cancel_timer(work, held)
        work.record("timer.cancelled", known.id, {"kind": held.kind}, move=step)


def _current(work: Work, clock_id: ClkId) -> Clock:
    """Give the clock that stands for `clock_id` now, held."""
    known = store.lock(work, clock_id)
    while known.superseded_by is not None:
        known = store.lock(work, known.superseded_by)
    return known
