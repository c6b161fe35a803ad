"""When a duty falls due: a base, an amount, a unit and a calendar -> instants. Pure, and the same for every country.

Hours run through nights and holidays. Days, working days and months end at 24:00 in the calendar's zone. A result
that passes through a year whose working days are not published is provisional (facts.md 3.1).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from roadworthy.kernel.time import parse_instant
from roadworthy.law.calendar import Calendar, WorkingDay, add_months, add_working_days, end_of_day, rolled
from roadworthy.law.model import Due, Every

Moment = date | datetime  # a day, or an instant in UTC


@dataclass(frozen=True)
class DueTime:
    """One due instant (UTC), counted from `start`. `period` counts the repetitions from 1, 0 for one time only."""

    at: datetime
    provisional: bool
    start: Moment
    period: int = 0


def due_times(due: Due, bases: Mapping[str, Moment], calendars: Mapping[str, Calendar], now: datetime) -> list[DueTime]:
    """Give when `due` falls, in order; nothing while its base is not known.

    A repetition whose end is not known yet is followed up to the first time after `now`. Raises YearUnknown for a
    year that the calendar does not hold.
    """
    calendar = calendars[due.calendar]
    if due.on is not None:
        return [_ended(WorkingDay(due.on, provisional=False), calendar, due.on)]
    start = bases.get(due.basis)
    if start is None:
        return []
    if due.every is None:
        return [due_after(due, start, calendar)]
    last = bases.get(due.every.until)
    return [
        due_after(due, day, calendar, number)
        for number, day in enumerate(
            _periods(due.every, day_of(start, calendar), last and day_of(last, calendar), day_of(now, calendar)), 1
        )
    ]


def due_after(due: Due, start: Moment, calendar: Calendar, period: int = 0) -> DueTime:
    """Give the one due time counted from `start`; raises YearUnknown."""
    if due.unit == "hour":
        if not isinstance(start, datetime):
            raise TypeError("hours run from an instant")
        return DueTime(
            start.astimezone(UTC) + timedelta(hours=due.amount), provisional=False, start=start, period=period
        )
    return _ended(moved(calendar, day_of(start, calendar), due.amount, due.unit, due.roll), calendar, start, period)


def moved(calendar: Calendar, start: date, amount: int, unit: str, roll: str = "") -> WorkingDay:
    """Move a day by an amount of day, working_day, month or to a day_of_next_month; raises YearUnknown."""
    if unit == "working_day":
        return add_working_days(calendar, start, amount)
    if unit == "day_of_next_month":
        first = add_months(start.replace(day=1), 1)
        last = add_months(first, 1) - timedelta(days=1)
        return rolled(calendar, min(first + timedelta(days=amount - 1), last), roll)
    return rolled(calendar, add_months(start, amount) if unit == "month" else start + timedelta(days=amount), roll)


def day_of(moment: Moment, calendar: Calendar) -> date:
    """Give the day of an instant in the calendar's zone, or the day itself."""
    return moment.astimezone(calendar.tz).date() if isinstance(moment, datetime) else moment


def recipe_of(due: Due, start: Moment, calendar: Calendar) -> dict[str, Any]:
    """Give what is needed to count a due time from `DueTime.start` again under another calendar; empty for hours."""
    if due.unit == "hour" or due.on is not None:
        return {}
    day = day_of(start, calendar).isoformat()
    return {"amount": due.amount, "calendar": due.calendar, "roll": due.roll, "start": day, "unit": due.unit}


def due_again(recipe: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> DueTime:
    """Count the due time of `recipe_of` under the calendars of today; raises YearUnknown."""
    calendar = calendars[recipe["calendar"]]
    start = date.fromisoformat(recipe["start"])
    found = _ended(moved(calendar, start, recipe["amount"], recipe["unit"], recipe["roll"]), calendar, start)
    earliest = recipe.get("not_before")  # a limit that had passed before anybody knew of the event
    return found if earliest is None else replace(found, at=max(found.at, parse_instant(earliest)))


def _ended(found: WorkingDay, calendar: Calendar, start: Moment, period: int = 0) -> DueTime:
    return DueTime(end_of_day(found.day, calendar.tz).astimezone(UTC), found.provisional, start, period)


def _periods(every: Every, start: date, last: date | None, today: date) -> Iterator[date]:
    number, end = 0, start
    while not every.times or number < every.times:
        if every.until and last is None and number and end > today:
            return
        number += 1
        end = _period_end(every, start, number)
        if last is not None and end >= last:
            return
        yield end


def _period_end(every: Every, start: date, number: int) -> date:
    count = every.amount * number
    if every.unit == "day":
        return start + timedelta(days=count)
    if every.unit == "month":
        return add_months(start, count)
    first = date(start.year, (start.month - 1) // 3 * 3 + 1, 1)
    return add_months(first, 3 * count) - timedelta(days=1)
