"""Due times: every unit, base, direction, roll and repetition; and the laws that hold for all of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.law.calendar import load_calendars
from roadworthy.law.due import due_again, due_times, recipe_of
from roadworthy.law.duties import reminder_time
from roadworthy.law.model import Due, Every

CALENDARS = load_calendars()
NOW = datetime(2026, 6, 15, 4, tzinfo=UTC)
BASES = {
    "occurrence": datetime(2026, 6, 15, 1, 30, tzinfo=UTC),
    "start": date(2026, 1, 31),
    "release": date(2026, 11, 30),
    "completion": date(2026, 9, 29),
}


def due(basis: str = "start", amount: int = 0, unit: str = "day", **more: object) -> Due:
    made = {"on": None, "calendar": "cn", "roll": "", "every": None} | more
    return Due(basis, amount, unit, **made)  # type: ignore[arg-type]


def said(one: Due, bases: object = None, now: datetime = NOW) -> list[str]:
    tz = CALENDARS[one.calendar].tz
    return [t.at.astimezone(tz).isoformat() for t in due_times(one, bases or BASES, CALENDARS, now)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (due("occurrence", 24, "hour"), ["2026-06-16T09:30:00+08:00"]),
        (due("occurrence", 2, "day"), ["2026-06-18T00:00:00+08:00"]),
        (due("occurrence", 5, "working_day"), ["2026-06-24T00:00:00+08:00"]),  # the Dragon Boat holiday lies between
        (due("start", 1, "month"), ["2026-03-01T00:00:00+08:00"]),  # 31 January and one month: the end of February
        (due("release", -5, "working_day"), ["2026-11-24T00:00:00+08:00"]),
        (due("occurrence", 15, "day_of_next_month"), ["2026-07-16T00:00:00+08:00"]),
        (due("start", 31, "day_of_next_month"), ["2026-03-01T00:00:00+08:00"]),
        (due("", on=date(2025, 6, 1)), ["2025-06-02T00:00:00+08:00"]),
        (due("occurrence", 4, "day"), ["2026-06-20T00:00:00+08:00"]),
        (due("occurrence", 4, "day", roll="next"), ["2026-06-23T00:00:00+08:00"]),
        (due("occurrence", 4, "day", roll="previous"), ["2026-06-19T00:00:00+08:00"]),
        (due("occurrence", 5, "working_day", calendar="us"), ["2026-06-23T00:00:00-04:00"]),  # Juneteenth between
        (due("knowledge", 5, "day"), []),
    ],
)
def test_each_unit_and_base(one, wanted):
    assert said(one) == wanted


def test_a_repetition_ends_before_its_end():
    stage = due("start", every=Every(3, "month", "completion", 0))

    assert said(stage) == ["2026-05-01T00:00:00+08:00", "2026-08-01T00:00:00+08:00"]


def test_a_repetition_without_an_end_yet_runs_to_the_first_time_ahead():
    stage = due("start", every=Every(3, "month", "completion", 0))
    running = {"start": date(2026, 1, 31)}

    assert said(stage, running) == ["2026-05-01T00:00:00+08:00", "2026-08-01T00:00:00+08:00"]
    assert said(stage, running, NOW + timedelta(days=60))[-1] == "2026-11-01T00:00:00+08:00"


def test_quarters_are_those_of_the_calendar_and_count_to_their_number():
    quarterly = due("start", 30, "day", every=Every(1, "quarter", "", 6))
    found = said(quarterly)

    assert found[:2] == ["2026-05-01T00:00:00+08:00", "2026-07-31T00:00:00+08:00"]
    assert len(found) == 6


@pytest.mark.parametrize("unit", ["day", "working_day", "month", "hour"])
@given(
    st.datetimes(datetime(2005, 1, 1), datetime(2026, 1, 1)),
    st.datetimes(datetime(2005, 1, 1), datetime(2026, 1, 1)),
    st.integers(0, 60),
)
def test_a_later_base_is_never_due_earlier(unit, a, b, amount):
    early, late = sorted((a.replace(tzinfo=UTC), b.replace(tzinfo=UTC)))
    one = due("occurrence", min(amount, 11) if unit == "month" else amount, unit)
    [first] = due_times(one, {"occurrence": early}, CALENDARS, NOW)
    [second] = due_times(one, {"occurrence": late}, CALENDARS, NOW)

    assert first.at <= second.at
    assert first.at > early or amount == 0


@given(st.dates(date(2005, 1, 1), date(2026, 6, 1)), st.integers(-30, 60).filter(bool))
def test_working_days_end_on_a_working_day(start, amount):
    [found] = due_times(due("start", amount, "working_day"), {"start": start}, CALENDARS, NOW)
    last = (found.at.astimezone(CALENDARS["cn"].tz) - timedelta(seconds=1)).date()

    assert CALENDARS["cn"].is_working_day(last)
    assert not found.provisional


@given(
    st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.integers(1, 40), st.sampled_from(["working_day", "day", "month"])
)
def test_a_recipe_counts_the_same_again(start, amount, unit):
    one = due("start", amount, unit)
    [found] = due_times(one, {"start": start}, CALENDARS, NOW)
    again = due_again(recipe_of(one, start, CALENDARS["cn"]), CALENDARS)

    assert (again.at, again.provisional) == (found.at, found.provisional)


def test_hours_need_no_recipe_since_no_calendar_moves_them():
    assert recipe_of(due("occurrence", 24, "hour"), NOW, CALENDARS["cn"]) == {}


def test_reminders_lie_between_begin_and_due():
    end = NOW + timedelta(hours=24)

    assert reminder_time("50%", NOW, end) == NOW + timedelta(hours=12)
    assert reminder_time("-4h", NOW, end) == NOW + timedelta(hours=20)
    assert reminder_time("-48h", NOW, end) == NOW
    assert reminder_time("due", NOW, end) == end
    assert reminder_time("25%", None, end) == end
