"""Chinese working days as dated data, and the arithmetic of due days.

The State Council publishes the arrangement of holidays and make-up working days year by year; it cannot be
computed in advance. `calendars/cn/YYYY.yaml` holds one year each. For a year marked `unpublished` the statutory
holidays alone are used and every result that passes through it is provisional.
"""

import calendar as gregorian
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import digest_of
from roadworthy.kernel.time import BEIJING, parse_date
from roadworthy.law.reader import LawFileUnreadable, read_yaml

_KEYS = {"schema", "id", "year", "status", "holidays", "workdays", "source", "verified_by", "digest"}
_SHIPPED = Path(__file__).parent / "calendars" / "cn"


class YearUnknown(Unusable):
    """The calendar does not hold this year; add the file of the year and load it again."""

    code = "calendar.year_unknown"


@dataclass(frozen=True)
class Year:
    """One year: days off (weekdays or weekends), weekend days that are worked, and where that is from."""

    year: int
    published: bool
    holidays: frozenset[date]
    workdays: frozenset[date]
    source: str
    verified_by: str | None
    digest: str


@dataclass(frozen=True)
class WorkingDay:
    """A computed day; `provisional` when a year on the way is not published yet."""

    day: date
    provisional: bool


@dataclass(frozen=True)
class Calendar:
    """All loaded years of one country."""

    id: str
    years: Mapping[int, Year]

    def year(self, year: int) -> Year:
        """Give one year.

        Raises YearUnknown.
        """
        if year not in self.years:
            known = f"{min(self.years)} to {max(self.years)}" if self.years else "no year"
            raise YearUnknown(f"The calendar {self.id} holds {known}, not {year}; add {year}.yaml from the notice.")
        return self.years[year]

    def is_working_day(self, day: date) -> bool:
        """Whether `day` is worked; raises YearUnknown."""
        year = self.year(day.year)
        return day in year.workdays or (day.weekday() < 5 and day not in year.holidays)

    @property
    def digest(self) -> str:
        """Name the exact data: SHA-256 over the digests of all years."""
        return digest_of({str(y): self.years[y].digest for y in sorted(self.years)})


def add_working_days(calendar: Calendar, start: date, count: int) -> WorkingDay:
    """Give the `count`-th working day after `start` (before it when negative); `start` itself never counts.

    Zero gives `start`. Raises YearUnknown when a year on the way is not in the calendar.
    """
    step = timedelta(days=1 if count > 0 else -1)
    day, left, provisional = start, abs(count), False
    while left:
        day += step
        provisional = provisional or not calendar.year(day.year).published
        left -= calendar.is_working_day(day)
    return WorkingDay(day, provisional)


def add_months(start: date, count: int) -> date:
    """Give the corresponding day `count` months later, or the month's last day (Civil Code art. 202; no roll)."""
    month = start.month - 1 + count
    year, month = start.year + month // 12, month % 12 + 1
    return date(year, month, min(start.day, gregorian.monthrange(year, month)[1]))


def end_of_day(day: date) -> datetime:
    """Give 24:00 of `day` in Beijing, written as 00:00 of the next day."""
    return datetime.combine(day + timedelta(days=1), time(), BEIJING)


@cache
def load_calendar(folder: Path | None = None) -> Calendar:
    """Read every `YYYY.yaml` of a folder, the shipped Chinese years when none is given.

    Raises LawFileUnreadable when a file is not a year, or its digest is not that of its days.
    """
    years = [_year(path) for path in sorted((folder or _SHIPPED).glob("*.yaml"))]
    return Calendar("cn", {year.year: year for year in years})


def _year(path: Path) -> Year:
    raw = read_yaml(path.read_text("utf-8"), path.name)
    if not isinstance(raw, dict) or set(raw) != _KEYS or raw["schema"] != "calendar/1" or str(raw["year"]) != path.stem:
        raise LawFileUnreadable(f"{path.name}: is no calendar/1 year; it needs exactly {', '.join(sorted(_KEYS))}.")
    if raw["status"] not in ("published", "unpublished"):
        raise LawFileUnreadable(f"{path.name}: status is {raw['status']!r}; write published or unpublished.")
    digest = digest_of({key: raw[key] for key in ("holidays", "workdays", "year")})
    if digest != raw["digest"]:
        raise LawFileUnreadable(f"{path.name}: its days have digest {digest}; have the change approved and write it.")
    holidays, workdays = (_days(raw, key) for key in ("holidays", "workdays"))
    return Year(
        raw["year"], raw["status"] == "published", holidays, workdays, raw["source"], raw["verified_by"], raw["digest"]
    )


def _days(raw: dict[str, Any], key: str) -> frozenset[date]:
    days = frozenset(parse_date(text) for text in raw[key])
    if any(day.year != raw["year"] for day in days):
        raise LawFileUnreadable(f"{raw['year']}.yaml: {key} holds a day of another year; move it there.")
    return days
