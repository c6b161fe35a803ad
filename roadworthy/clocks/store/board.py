"""SQL over clocks in the order in which they fall due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from roadworthy.clocks.model import Clock
from roadworthy.clocks.states import CLOCK
from roadworthy.clocks.store.duties import clock_of
from roadworthy.clocks.store.tables import clock
from roadworthy.database import View
from roadworthy.kernel.decision import Text


@dataclass(frozen=True)
class Wanted:
    """Which clocks: states (none: all), the beginning of a subject's id, a duty, and the span in which they are due."""

    states: tuple[str, ...] = ()
    subject: str = ""
    duty: str = ""
    due_from: datetime | None = None
    due_before: datetime | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """Say it in SQL."""
        said: list[ColumnElement[bool]] = []
        if self.states:
            said.append(clock.c.status.in_(self.states))
        if self.subject:
            said.append(clock.c.subject_id.startswith(self.subject, autoescape=True))
        if self.duty:
            said.append(clock.c.duty == self.duty)
        if self.due_from is not None:
            said.append(clock.c.due_at >= self.due_from)
        if self.due_before is not None:
            said.append(clock.c.due_at < self.due_before)
        return said


def by_due(
    view: View, wanted: Wanted, *, after: Clock | None = None, limit: int = 50, newest_first: bool = False
) -> list[Clock]:
    """Give `limit` clocks at most, the next due first (or the last due first), beginning after one of them."""
    conditions = wanted.conditions
    due, one = clock.c.due_at, clock.c.id
    if after is not None:
        at = after.plan.due_at
        further = or_(due < at, and_(due == at, one < after.id)) if newest_first else None
        conditions.append(or_(due > at, and_(due == at, one > after.id)) if further is None else further)
    order = (due.desc(), one.desc()) if newest_first else (due, one)
    return [clock_of(row) for row in view.all(select(clock).where(*conditions).order_by(*order).limit(limit))]


def count_running(view: View, due_before: datetime | None = None) -> int:
    """Count the running clocks, or those of them that are due before a moment."""
    wanted = Wanted((CLOCK.initial,), due_before=due_before)
    return int(view.scalar(select(func.count()).select_from(clock).where(*wanted.conditions)))


def duties_known(view: View) -> Sequence[tuple[str, Text]]:
    """Give every duty that ever had a clock, with the title of its newest one, in the order of their ids."""
    newest = select(func.max(clock.c.id)).group_by(clock.c.duty)
    rows = view.all(select(clock.c.duty, clock.c.title).where(clock.c.id.in_(newest)).order_by(clock.c.duty))
    return [(row.duty, Text(**row.title)) for row in rows]
