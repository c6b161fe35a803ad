"""How a clock stands, when its reminders are due, and what a plan must say.

How a clock stands (`standing`), first that applies:
1. cancelled, superseded: as it says.
2. satisfied: met when acknowledged by the due time; later than a provisional due time is unknown, since the real one
   may come out later still; otherwise met late.
3. past its due time: overdue, provisional or not (a provisional due time is the earliest possible).
4. in the last quarter of its time, five days at most: due soon. Otherwise running.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from roadworthy.clocks.model import DUE, Clock, Plan, Reminder, Standing
from roadworthy.kernel.errors import Unusable
from roadworthy.law.duties import reminder_time

LONGEST_SOON = timedelta(days=5)
LONGEST_DELAY = timedelta(minutes=5)
_PERCENT = re.compile(r"(0|[1-9][0-9]?)%")
_OFFSET = re.compile(r"([+-])([1-9][0-9]{0,3})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
# These stand in events (ASCII) and in columns of that width.
_IDS = {"subject_type": 32, "subject_id": 64, "duty": 64, "report": 64, "basis": 32, "pack_id": 120, "profile": 32}


class PlanUnusable(Unusable):
    """This plan makes no clock; correct it."""

    code = "clock.plan_unusable"


def standing(clock: Clock, now: datetime) -> Standing:
    """Say how `clock` stands at `now`; see the steps above. No program need have run for the answer to be right."""
    plan = clock.plan
    if clock.status in (Standing.CANCELLED, Standing.SUPERSEDED):
        return Standing(clock.status)
    if clock.satisfied_at is not None:
        if clock.satisfied_at <= plan.due_at:
            return Standing.MET
        return Standing.UNKNOWN_PROVISIONAL if plan.provisional else Standing.MET_LATE
    if now > plan.due_at:
        return Standing.OVERDUE
    soon = min((plan.due_at - plan.started_at) / 4, LONGEST_SOON)
    return Standing.DUE_SOON if plan.due_at - now <= soon else Standing.RUNNING


def reminder_times(started_at: datetime, due_at: datetime, kinds: Sequence[str]) -> tuple[tuple[str, datetime], ...]:
    """Give each kind with its instant: `25%` of the time from start to due, `-4h`, `-30m`, `-2d`, `+1d`, `due`.

    None lies before the start, or before the due time where that is earlier still: what it says is true at once.
    Raises PlanUnusable for other kinds.
    """
    return tuple((kind, _time_of(started_at, due_at, kind)) for kind in kinds)


def set_reminders(
    started_at: datetime, due_at: datetime, wanted: Iterable[tuple[str, Sequence[str], bool]]
) -> tuple[Reminder, ...]:
    """Give the reminders for `(kind, roles, escalate)`. Raises PlanUnusable for an unknown kind."""
    return tuple(Reminder(kind, _time_of(started_at, due_at, kind), tuple(roles), up) for kind, roles, up in wanted)


def with_due(plan: Plan, due_at: datetime, calendar_digest: str, *, provisional: bool) -> Plan:
    """Give `plan` with another due time; its reminders move along, counted from when the duty was known."""
    wanted = [(one.kind, one.roles, one.escalate) for one in plan.reminders]
    moved = set_reminders(plan.known_at or plan.started_at, due_at, wanted)
    return replace(plan, due_at=due_at, calendar_digest=calendar_digest, provisional=provisional, reminders=moved)


def check_plan(plan: Plan, roles: frozenset[str]) -> None:
    """Refuse a plan that names too little, reminds unknown `roles`, or tells nobody when the time is over.

    Raises PlanUnusable.
    """
    for name, longest in _IDS.items():
        _check_word(name, getattr(plan, name), longest)
    if plan.occasion:
        _check_word("occasion", plan.occasion, 64)
    if not (plan.title.zh and plan.title.en and plan.recipients and plan.citation):
        raise PlanUnusable("a clock needs a title in zh and en, a recipient and a citation; give all four.")
    if plan.provisional and not plan.recipe:
        raise PlanUnusable("a provisional due time needs its recipe, to be computed again; give it.", at="recipe")
    kinds = [one.kind for one in plan.reminders]
    if len(set(kinds)) != len(kinds):
        raise PlanUnusable(f"a reminder stands twice among {', '.join(kinds)}; drop one.", at="reminders")
    if (DUE, plan.due_at) not in [(one.kind, one.fire_at) for one in plan.reminders]:
        raise PlanUnusable("somebody must be told when the time is over; add the reminder `due`.", at="reminders")
    for one in plan.reminders:
        _check_word("kind", one.kind, 16)
        if not one.roles or set(one.roles) - roles:
            raise PlanUnusable(f"reminder {one.kind} goes to {list(one.roles)}; name known roles.", at="reminders")


def delay_after(attempts: int) -> timedelta:
    """Give the pause after the `attempts`-th failed delivery: 1 s, doubled each time, five minutes at most."""
    return min(timedelta(seconds=2 ** min(attempts - 1, 20)), LONGEST_DELAY)


def _time_of(started_at: datetime, due_at: datetime, kind: str) -> datetime:
    if kind == DUE or _PERCENT.fullmatch(kind):
        return reminder_time(kind, started_at, due_at)
    if found := _OFFSET.fullmatch(kind):
        amount = int(found[2]) * _UNITS[found[3]]
        return due_at + amount if found[1] == "+" else max(min(started_at, due_at), due_at - amount)
    raise PlanUnusable(f"{kind!r} is no time for a reminder; write 50%, -4h, -30m, -2d, +1d or due.", at="reminders")


def _check_word(name: str, value: str, longest: int) -> None:
    if not value or len(value) > longest or not value.isascii() or not value.isprintable():
        raise PlanUnusable(f"{name} is {value[:80]!r}; give 1 to {longest} printable ASCII characters.", at=name)
