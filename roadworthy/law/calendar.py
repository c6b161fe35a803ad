"""Working days as dated data, and the arithmetic of due days.

China's State Council publishes the arrangement of holidays and make-up working days year by year; it cannot be
computed in advance. `calendars/cn/YYYY.yaml` holds one year each, other countries the same beside it; `calendar.yaml`
says in which zone their days end. For a year marked `unpublished` the statutory holidays alone are used and every
result that passes through it is provisional.
"""

import calendar as gregorian
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import digest_of
from roadworthy.kernel.time import BEIJING, parse_date
from roadworthy.law.reader import LawFileUnreadable, read_yaml

_KEYS = {"schema", "id", "year", "status", "holidays", "workdays", "source", "verified_by", "digest"}
_SHIPPED = Path(__file__).parent / "calendars"
_SET = "calendar.yaml"


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
    """All loaded years of one country; its days end at midnight in `zone`."""

    id: str
    zone: str
    years: Mapping[int, Year]

    @cached_property
    def tz(self) -> tzinfo:
        """The zone; Beijing time is a fixed offset for every day a duty can lie on."""
        return BEIJING if self.zone == "Asia/Shanghai" else ZoneInfo(self.zone)

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


def rolled(calendar: Calendar, day: date, direction: str) -> WorkingDay:
    """Give `day` when it is worked, else the "next" or "previous" working day; raises YearUnknown."""
    if not direction or calendar.is_working_day(day):
        return WorkingDay(day, bool(direction) and not calendar.year(day.year).published)
    return add_working_days(calendar, day, 1 if direction == "next" else -1)


def end_of_day(day: date, zone: tzinfo = BEIJING) -> datetime:
    """Give 24:00 of `day` in `zone`, written as 00:00 of the next day."""
    return datetime.combine(day + timedelta(days=1), time(), zone)


@cache
def load_calendars(folder: Path | None = None) -> Mapping[str, Calendar]:
    """Read every calendar below a folder, the shipped ones when none is given, by id; raises LawFileUnreadable."""
    return {found.parent.name: load_calendar(found.parent) for found in sorted((folder or _SHIPPED).glob(f"*/{_SET}"))}


@cache
def load_calendar(folder: Path | None = None) -> Calendar:
    """Read every `YYYY.yaml` of a folder, the shipped Chinese years when none is given.

    Raises LawFileUnreadable when a file is not a year, or its digest is not that of its days.
    """
    place = folder or _SHIPPED / "cn"
    name, zone = _set(place / _SET)
    years = [_year(path, name) for path in sorted(place.glob("*.yaml")) if path.name != _SET]
    return Calendar(name, zone, {year.year: year for year in years})


def _set(path: Path) -> tuple[str, str]:
    file = f"{path.parent.name}/{path.name}"
    if not path.is_file():
        raise LawFileUnreadable(
            file, "is missing; write schema, id, zone and title", "缺失,请写schema、id、zone、title"
        )
    raw = read_yaml(path.read_text("utf-8"), file)
    if not isinstance(raw, dict) or set(raw) != {"schema", "id", "zone", "title"} or raw["schema"] != "calendar-set/1":
        raise LawFileUnreadable(
            file, "needs exactly schema calendar-set/1, id, zone, title", "须恰有schema、id、zone、title"
        )
    try:
        ZoneInfo(raw["zone"])
    except (ZoneInfoNotFoundError, ValueError) as error:
        en = f"zone {raw['zone']!r} is unknown; write one such as Asia/Shanghai"
        raise LawFileUnreadable(file, en, f"时区{raw['zone']!r}未知,请写如Asia/Shanghai") from error
    return raw["id"], raw["zone"]


def _year(path: Path, calendar: str) -> Year:
    file = f"{calendar}/{path.name}"
    raw = read_yaml(path.read_text("utf-8"), file)
    if not isinstance(raw, dict) or set(raw) != _KEYS or raw["schema"] != "calendar/1" or str(raw["year"]) != path.stem:
        keys = ", ".join(sorted(_KEYS))
        raise LawFileUnreadable(
            file, f"is no calendar/1 year; it needs exactly {keys}", f"不是calendar/1年份,须恰有{keys}"
        )
    if raw["id"] != calendar:
        raise LawFileUnreadable(file, f"id is {raw['id']!r}; write {calendar}", f"id是{raw['id']!r},应为{calendar}")
    if raw["status"] not in ("published", "unpublished"):
        en = f"status is {raw['status']!r}; write published or unpublished"
        raise LawFileUnreadable(file, en, f"status是{raw['status']!r},应为published或unpublished")
    digest = digest_of({key: raw[key] for key in ("holidays", "workdays", "year")})
    if digest != raw["digest"]:
        en = f"its days have digest {digest}; have the change approved and write it"
        raise LawFileUnreadable(file, en, f"其日期的摘要为{digest},经批准后请写入")
    holidays, workdays = (_days(raw, key, file) for key in ("holidays", "workdays"))
    return Year(
        raw["year"], raw["status"] == "published", holidays, workdays, raw["source"], raw["verified_by"], raw["digest"]
    )


def _days(raw: dict[str, Any], key: str, file: str) -> frozenset[date]:
    days = frozenset(parse_date(text) for text in raw[key])
    if any(day.year != raw["year"] for day in days):
        raise LawFileUnreadable(
            file, f"{key} holds a day of another year; move it there", f"{key}含有其他年份的日期,请移走"
        )
    return days
