"""One source of time. Instants are UTC; duties are shown in Beijing time.

Nothing else in the product reads the wall clock (ruff bans it). A unit of work reads it once.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

from roadworthy.kernel.errors import Malformed

# A fixed offset, not a zone: duties of today are always UTC+8, whatever DST did before 1992.
BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")


class Time(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        ...


class SystemTime:
    """The wall clock of this computer."""

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place


class SetTime:
    """A clock set by hand, for tests, replays and `--now`."""

    def __init__(self, moment: datetime) -> None:
        """Start at `moment`."""
        self.moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        """Give the instant it was set to."""
        return self.moment

    def advance(self, **amount: float) -> None:
        """Move forward by `timedelta(**amount)`."""
        self.moment += timedelta(**amount)


def to_text(moment: datetime) -> str:
    """Write an instant as UTC text of fixed width (27 characters), so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant that names its offset; give UTC.

    Raises Malformed when it is no instant or has no offset.
    """
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        message = f"{text!r} is no ISO 8601 instant; write it like 2026-03-01T08:00:00+08:00."
        raise Malformed(message) from error
    if moment.tzinfo is None:
        message = f"{text!r} has no time offset; add +08:00 for Beijing time or Z for UTC."
        raise Malformed(message)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Malformed(f"{text!r} lies outside the calendar; check the year.") from error


def parse_date(text: str) -> date:
    """Read an ISO 8601 calendar date.

    Raises Malformed when it is none.
    """
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError) as error:
        message = f"{text!r} is no calendar date; write it like 2026-03-01."
        raise Malformed(message) from error


def beijing_date(moment: datetime) -> date:
    """Give the calendar day in Beijing at `moment`."""
    return moment.astimezone(BEIJING).date()
