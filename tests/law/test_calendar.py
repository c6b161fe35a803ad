"""Chinese working days: published years exactly, unpublished ones provisional, unknown ones refused."""

import json
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.law import add_working_days, load_calendar
from roadworthy.law.calendar import YearUnknown, add_months, end_of_day, load_calendars
from roadworthy.law.reader import LawFileUnreadable

CN = load_calendar()
DAYS = st.dates(date(2005, 1, 1), date(2026, 6, 1))


def shared(name: str) -> Path | None:
    places = [parent / "shared" / "regulation" / "cases" / name for parent in Path(__file__).resolve().parents]
    return next((place for place in places if place.exists()), None)


def test_worked_cases_of_working_days():
    path = shared("working-days.json")
    if path is None:
        pytest.skip("shared/regulation/cases/working-days.json is not beside the repository")
    for case in json.loads(path.read_text()):
        found = add_working_days(CN, date.fromisoformat(case["start"]), case["working_days"])

        assert (found.day.isoformat(), found.provisional) == (case["result"], False), case


def test_2025_and_2026_have_248_working_days_each():
    for year in (2025, 2026):
        days = (date(year, 1, 1) + timedelta(n) for n in range(365))

        assert sum(map(CN.is_working_day, days)) == 248


def test_make_up_days_are_worked_and_holidays_are_not():
    assert CN.is_working_day(date(2026, 10, 10))
    assert not CN.is_working_day(date(2026, 10, 1))
    assert not CN.is_working_day(date(2026, 10, 11))


def test_every_published_day_equals_the_authoring_source():
    day = date(2004, 1, 1)
    while day <= date(2026, 12, 31):
        assert CN.is_working_day(day) == chinese_calendar.is_workday(day), day
        day += timedelta(1)


@pytest.mark.parametrize("year", range(2004, 2027))
def test_a_second_library_agrees_on_every_day(year):
    china = holidays.country_holidays("CN", years=year)
    days = [date(year, 1, 1) + timedelta(n) for n in range(366) if (date(year, 1, 1) + timedelta(n)).year == year]

    # the arrangement of 2006 made the Saturday before New Year a working day; holidays does not know it
    known = [date(2005, 12, 31)] if year == 2005 else []
    assert [d for d in days if CN.is_working_day(d) != china.is_working_day(d)] == known


def test_the_federal_calendar_agrees_with_the_library():
    us = load_calendars()["us"]
    federal = holidays.country_holidays("US", years=range(2020, 2037))
    days = [date(2020, 1, 1) + timedelta(n) for n in range(5844)]

    assert [d for d in days if us.is_working_day(d) == (d in federal or d.weekday() > 4)] == []


@given(DAYS, st.integers(1, 40))
def test_a_result_is_a_working_day_and_counting_back_returns(start, count):
    end = add_working_days(CN, start, count).day

    assert CN.is_working_day(end)
    assert end > start
    assert add_working_days(CN, end, -count).day <= start
    between = sum(CN.is_working_day(start + timedelta(n)) for n in range(1, (end - start).days + 1))
    assert between == count


@given(DAYS, DAYS, st.integers(-30, 30))
def test_a_later_start_never_ends_earlier(a, b, count):
    early, late = sorted((a, b))

    assert add_working_days(CN, early, count).day <= add_working_days(CN, late, count).day


def test_an_unpublished_year_is_provisional_and_only_when_passed():
    assert add_working_days(CN, date(2026, 12, 30), 5).provisional
    assert not add_working_days(CN, date(2026, 12, 1), 5).provisional
    assert not add_working_days(CN, date(2027, 1, 1), -2).provisional


def test_an_unknown_year_is_refused_with_what_to_do():
    with pytest.raises(YearUnknown, match=r"not 2031; add 2031\.yaml"):
        add_working_days(CN, date(2030, 12, 30), 5)


def test_months_end_on_the_corresponding_day_or_the_last():
    assert add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert add_months(date(2026, 3, 16), 6) == date(2026, 9, 16)
    assert end_of_day(date(2026, 9, 16)).isoformat() == "2026-09-17T00:00:00+08:00"


def test_a_changed_day_is_noticed_by_the_digest(tmp_path):
    shipped = Path(load_calendar.__wrapped__.__code__.co_filename).parent / "calendars" / "cn"
    (tmp_path / "calendar.yaml").write_text((shipped / "calendar.yaml").read_text())
    (tmp_path / "2026.yaml").write_text((shipped / "2026.yaml").read_text().replace('"2026-10-07",', ""))

    with pytest.raises(LawFileUnreadable, match="digest"):
        load_calendar(tmp_path)
