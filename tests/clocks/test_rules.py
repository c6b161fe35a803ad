"""How a clock stands, and when its reminders are due."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.clocks.actions import ROLES
from roadworthy.clocks.model import ClkId, Clock, Reminder, Standing
from roadworthy.clocks.rules import PlanUnusable, check_plan, delay_after, reminder_times, standing, with_due
from roadworthy.law.duties import reminder_time
from tests.clocks.plans import RECIPE, plan
from tests.conftest import START

HOUR = timedelta(hours=1)
DUE = START + 48 * HOUR
CLOCK = Clock(ClkId("CLK-1"), plan(START), 1, "running", START)
PROVISIONAL = replace(CLOCK, plan=replace(CLOCK.plan, provisional=True, recipe=RECIPE))


def satisfied(known: Clock, at: timedelta) -> Clock:
    return replace(known, status="satisfied", satisfied_at=DUE + at, satisfied_by="FIL-1")


@pytest.mark.parametrize(
    ("clock", "now", "stands"),
    [
        (CLOCK, START, "running"),
        (CLOCK, DUE - 12 * HOUR - timedelta(seconds=1), "running"),
        (CLOCK, DUE - 12 * HOUR, "due_soon"),
        (CLOCK, DUE, "due_soon"),
        (CLOCK, DUE + timedelta(microseconds=1), "overdue"),
        (PROVISIONAL, DUE + HOUR, "overdue"),  # a provisional due time is the earliest possible
        (satisfied(CLOCK, -HOUR), DUE + HOUR, "met"),
        (satisfied(CLOCK, 0 * HOUR), DUE + HOUR, "met"),
        (satisfied(CLOCK, HOUR), DUE + HOUR, "met_late"),
        (satisfied(PROVISIONAL, -HOUR), DUE + HOUR, "met"),
        (satisfied(PROVISIONAL, HOUR), DUE + HOUR, "unknown_provisional"),
        (replace(CLOCK, status="cancelled"), DUE + HOUR, "cancelled"),
        (replace(satisfied(CLOCK, HOUR), status="superseded"), DUE + HOUR, "superseded"),
    ],
)
def test_how_a_clock_stands(clock, now, stands):
    assert standing(clock, now) == stands


def test_half_a_year_is_due_soon_in_its_last_five_days_only():
    long = replace(CLOCK, plan=plan(START, hours=24 * 180))
    assert standing(long, long.plan.due_at - timedelta(days=5, seconds=1)) is Standing.RUNNING
    assert standing(long, long.plan.due_at - timedelta(days=5)) is Standing.DUE_SOON


@given(st.integers(-1000, 5000), st.booleans(), st.integers(0, 1000))
def test_no_clock_is_green_after_its_due_time_without_an_acknowledgement(minutes, provisional, hours):
    known = plan(START, hours, provisional=provisional, recipe=RECIPE)
    now = known.due_at + timedelta(minutes=minutes)
    stands = standing(Clock(ClkId("CLK-1"), known, 1, "running", START), now)
    assert (stands is Standing.OVERDUE) == (minutes > 0)


def test_reminders_are_parts_of_the_time_or_distances_from_its_end():
    kinds = ["25%", "-4h", "-30m", "-1d", "due", "+1d"]
    hours = [12, 44, 47.5, 24, 48, 72]
    assert reminder_times(START, DUE, kinds) == tuple(zip(kinds, (START + h * HOUR for h in hours), strict=True))


def test_no_reminder_lies_before_the_duty_was_known():
    assert reminder_times(START, START + HOUR, ["-4h"]) == (("-4h", START),)
    late = reminder_times(START, START - HOUR, ["50%", "-4h", "due"])
    assert {at for _, at in late} == {START - HOUR}


def test_reminders_are_those_that_the_law_counts():
    for begin in (START, START + 47 * HOUR, DUE + HOUR):
        for kind in ("25%", "50%", "90%", "-1h", "-4h", "-48h", "due"):
            assert reminder_times(begin, DUE, [kind]) == ((kind, reminder_time(kind, begin, DUE)),)


@pytest.mark.parametrize("kind", ["", "00%", "100%", "4h", "-0h", "-4w", "Due", "-4h ", "limit"])
def test_other_words_are_refused_with_what_to_write(kind):
    with pytest.raises(PlanUnusable, match="-4h"):
        reminder_times(START, DUE, [kind])


def test_a_moved_due_time_takes_its_reminders_along():
    moved = with_due(CLOCK.plan, DUE + 48 * HOUR, "c" * 64, provisional=False)
    assert [(one.kind, one.fire_at) for one in moved.reminders] == [
        ("50%", START + 48 * HOUR), ("-4h", DUE + 44 * HOUR), ("due", DUE + 48 * HOUR),
    ]  # fmt: skip
    assert [one.escalate for one in moved.reminders] == [False, True, False]
    assert (moved.facts, moved.calendar_digest) == (CLOCK.plan.facts, "c" * 64)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"subject_id": ""}, "subject_id"),
        ({"subject_id": "x" * 65}, "64"),
        ({"occasion": "第一次"}, "occasion"),
        ({"recipients": ()}, "recipient"),
        ({"provisional": True}, "recipe"),
        ({"reminders": ()}, "due"),
        ({"due_at": DUE + HOUR}, "due"),
        ({"reminders": (*CLOCK.plan.reminders, CLOCK.plan.reminders[0])}, "twice"),
        ({"reminders": (Reminder("due", DUE, ("nobody",)),)}, "nobody"),
        ({"reminders": (Reminder("due", DUE, ()),)}, "roles"),
    ],
)
def test_a_plan_that_would_lie_is_refused(changes, told):
    with pytest.raises(PlanUnusable, match=told):
        check_plan(replace(CLOCK.plan, **changes), ROLES)


def test_pauses_double_up_to_five_minutes():
    assert [delay_after(n).total_seconds() for n in (1, 2, 3, 8, 9, 10, 500)] == [1, 2, 4, 128, 256, 300, 300]
