"""SQL over the heartbeats of pollers, and what shows whether clocks are watched."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update

from roadworthy.clocks.store.tables import clock_watch, timer
from roadworthy.database import View, Work

_KEPT = timedelta(days=1)


def last_tick(view: View) -> datetime | None:
    """Give when any poller last looked, by the clock of its computer."""
    found: datetime | None = view.scalar(select(func.max(clock_watch.c.ticked_at)))
    return found


def tick_of(view: View, poller: str) -> datetime | None:
    """Give when this poller last looked."""
    found: datetime | None = view.scalar(select(clock_watch.c.ticked_at).where(clock_watch.c.poller == poller))
    return found


def beat(work: Work, poller: str, at: datetime) -> None:
    """Write down that this poller looks; pollers that have been silent for a day are forgotten."""
    changed = work.execute(update(clock_watch).where(clock_watch.c.poller == poller).values(ticked_at=at))
    if not changed.rowcount:
        work.execute(delete(clock_watch).where(clock_watch.c.ticked_at < at - _KEPT))
        work.execute(insert(clock_watch).values(poller=poller, ticked_at=at))


def forget(work: Work) -> None:
    """Forget when pollers last looked."""
    work.execute(delete(clock_watch))


def oldest_pending(view: View) -> datetime | None:
    """Give the instant of the pending timer that is due first."""
    found: datetime | None = view.scalar(select(func.min(timer.c.fire_at)).where(timer.c.status == "pending"))
    return found
