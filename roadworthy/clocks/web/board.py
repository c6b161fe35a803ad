"""What the board of duties shows: clocks by standing, the next due first, with all that stands beside them.

How a clock stands is computed at the moment of looking, so a board is right even when no worker runs; what a dead
worker means for reminders is said above it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from roadworthy.clocks import rules, store
from roadworthy.clocks.model import DUE, Clock, Notice, Standing
from roadworthy.clocks.store import Wanted, messages
from roadworthy.database import View
from roadworthy.kernel.errors import Malformed
from roadworthy.webui import mentions
from roadworthy.webui.mentions import Thing

PAGE = 20
_BATCH = 200
MOST_NOTICES = 500
ALL = "all"
OPEN = (Standing.OVERDUE, Standing.DUE_SOON, Standing.RUNNING)
_ENDED = (Standing.MET, Standing.MET_LATE, Standing.UNKNOWN_PROVISIONAL)


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a standing (empty: what is open), a subject, a duty; the clock to begin after."""

    standing: str = ""
    subject: str = ""
    duty: str = ""
    after: str = ""

    def query(self, **change: str) -> str:
        """Give the query string without the place in the list, with changes, leaving out what is not asked for."""
        said = {"standing": self.standing, "subject": self.subject, "duty": self.duty, **change}
        return urlencode({name: value for name, value in said.items() if value})


@dataclass(frozen=True)
class Row:
    """One clock with how it stands, what it is about, how well its rule is known, and who was told what."""

    clock: Clock
    standing: Standing
    about: Thing
    law: mentions.Standing
    told: tuple[Notice, ...]

    @property
    def open(self) -> bool:
        """Whether its time still runs or is over unanswered."""
        return self.standing in OPEN


@dataclass(frozen=True)
class Told:
    """What the reader's roles were told of one clock and none of their holders has seen."""

    row: Row
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class Summary:
    """How many clocks are open, and how many of these are overdue or due soon."""

    running: int
    due_soon: int
    overdue: int

    @property
    def any(self) -> bool:
        """Whether anything is open."""
        return bool(self.running or self.due_soon or self.overdue)


def asked_of(params: Mapping[str, str]) -> Asked:
    """Read the filter of an address.

    Raises Malformed for a standing that there is not.
    """
    standing = params.get("standing", "")
    if standing not in {"", ALL, *Standing}:
        raise Malformed(f"standing={standing[:40]!r} is none; choose one from the list.", at="standing")
    return Asked(standing, params.get("subject", "").strip()[:64], params.get("duty", "")[:64], params.get("after", ""))


def rows(view: View, asked: Asked, limit: int = PAGE) -> tuple[list[Row], str]:
    """Give a page of what is asked for, and the clock that the next page begins after, empty at the end.

    Raises NotFound when the page is to begin after a clock that there is not.
    """
    after = store.load(view, asked.after) if asked.after else None
    newest_first = asked.standing not in {"", *OPEN}
    found = _picked(view, asked, after, limit + 1, newest_first=newest_first)
    shown = found[:limit]
    return beside(view, shown), shown[-1].id if len(found) > limit else ""


def beside(view: View, clocks: Sequence[Clock]) -> list[Row]:
    """Give clocks with what a page says beside each."""
    things = mentions.things(view, {(one.plan.subject_type, one.plan.subject_id) for one in clocks})
    law = mentions.rules_of(view, {_rule(one) for one in clocks})
    told = messages.notices_of(view, [one.id for one in clocks])
    return [
        Row(
            one,
            rules.standing(one, view.now),
            things[one.plan.subject_type, one.plan.subject_id],
            law[_rule(one)],
            in_order(notice for notice in told if notice.clock_id == one.id),
        )
        for one in clocks
    ]


def for_roles(view: View, roles: Collection[str]) -> tuple[list[Told], bool]:
    """Give what `roles` were told and have not seen, by clock, the next due first; and whether there is still more."""
    unseen = messages.list_notices(view, roles, unseen=True, limit=MOST_NOTICES)
    shown = unseen[:MOST_NOTICES]
    clocks = store.load_all(view, {one.clock_id for one in shown})
    clocks.sort(key=lambda one: (one.status != "running", one.plan.due_at, one.id))
    found = [Told(row, in_order(one for one in shown if one.clock_id == row.clock.id)) for row in beside(view, clocks)]
    return found, len(unseen) > MOST_NOTICES


def in_order(told: Iterable[Notice]) -> tuple[Notice, ...]:
    """Give notices as they were given; of several at one moment the most pressing comes last."""
    return tuple(sorted(told, key=lambda one: (one.given_at, _pressing(one.kind), one.id)))


def summary(view: View) -> Summary:
    """Count what is open."""
    overdue = store.count_running(view, view.now)
    ahead = Wanted(("running",), due_from=view.now, due_before=view.now + rules.LONGEST_SOON + timedelta(seconds=1))
    soon = sum(rules.standing(one, view.now) is Standing.DUE_SOON for one in _all(view, ahead))
    return Summary(store.count_running(view) - overdue - soon, soon, overdue)


def _pressing(kind: str) -> int:
    return 0 if kind.endswith("%") else 1 if kind.startswith("-") else 2 if kind == DUE else 3


def _picked(view: View, asked: Asked, after: Clock | None, limit: int, *, newest_first: bool) -> list[Clock]:
    """Give the clocks that stand as asked; SQL narrows, `rules.standing` decides."""
    wanted, fits = _wanted(asked, view.now), _fits(asked, view.now)
    found: list[Clock] = []
    while len(found) < limit:
        batch = store.by_due(view, wanted, after=after, limit=_BATCH, newest_first=newest_first)
        found += [one for one in batch if fits(one)]
        if len(batch) < _BATCH:
            break
        after = batch[-1]
    return found[:limit]


def _all(view: View, wanted: Wanted) -> list[Clock]:
    found: list[Clock] = []
    while batch := store.by_due(view, wanted, after=found[-1] if found else None, limit=_BATCH):
        found += batch
    return found


def _wanted(asked: Asked, now: datetime) -> Wanted:
    if asked.standing == ALL:
        states: tuple[str, ...] = ()
    elif asked.standing in ("", *OPEN):
        states = ("running",)
    elif asked.standing in _ENDED:
        states = ("satisfied",)
    else:
        states = (asked.standing,)
    ahead = asked.standing in (Standing.DUE_SOON, Standing.RUNNING)
    before = now if asked.standing == Standing.OVERDUE else None
    return Wanted(states, asked.subject, asked.duty, now if ahead else None, before)


def _fits(asked: Asked, now: datetime) -> Callable[[Clock], bool]:
    if asked.standing in ("", ALL):
        return lambda _: True
    return lambda one: rules.standing(one, now) == asked.standing


def _rule(one: Clock) -> mentions.Rule:
    return one.plan.pack_id, one.plan.pack_digest, one.plan.duty
