"""In whatever order things happen: a due timer of a live clock fires exactly once, no clock looks better than it is."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from roadworthy.clocks import actions, rules, store
from roadworthy.clocks.poller import Poller
from roadworthy.clocks.store import timer
from roadworthy.database import Database
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.kernel.time import SetTime
from tests.clocks.plans import ROOM, begin, keys, plan
from tests.conftest import LONG, START

ENDED = {"cancelled", "superseded", "satisfied"}
DUTY = st.integers(0, 1)
HOURS = st.integers(1, 12)
STEPS = st.one_of(
    st.tuples(st.just("start"), DUTY, HOURS),
    st.tuples(st.just("satisfy"), DUTY, st.integers(0, 3)),
    st.tuples(st.just("cancel"), DUTY, st.just(0)),
    st.tuples(st.just("correct"), DUTY, HOURS),
    st.tuples(st.just("wait"), st.just(0), st.integers(1, 8)),
    st.tuples(st.just("wait"), st.just(0), st.integers(1, 8)),
    st.tuples(st.just("tick"), st.integers(0, 2), st.integers(1, 3)),
)


@pytest.fixture
def databases_of_examples(sqlite_template, tmp_path) -> Iterator[Database]:
    path = tmp_path / "laws.db"
    path.write_bytes(sqlite_template.read_bytes())
    with closing(Database(f"sqlite:///{path}", SetTime(START))) as opened:
        yield opened


class History:
    """Lets steps happen to two duties of one example, and keeps when each clock ended."""

    def __init__(self, database: Database, subject: str) -> None:
        self.database, self.subject, self.time = database, subject, database.time
        self.pollers = [Poller(database) for _ in range(3)]

    def step(self, verb: str, duty: int, number: int) -> None:
        getattr(self, verb)(duty, number)
        with self.database.read() as view:
            for clock in store.page(view, subject=self.subject, limit=500):
                stands = rules.standing(clock, view.now)
                late = clock.status == "running" and view.now > clock.plan.due_at
                assert (stands == "overdue") == late
                assert stands != "met" or clock.satisfied_at <= clock.plan.due_at

    def start(self, duty: int, hours: int) -> None:
        made = self.plan(duty, hours)
        with self.database.read() as view:
            known = store.newest(view, made.key)
        if known is None or known.status == "cancelled":
            begin(self.database, made)

    def satisfy(self, duty: int, hours: int) -> None:
        at = self.time.now() - timedelta(hours=hours)
        self.end(duty, lambda work, clock: actions.satisfy(work, clock, at, "FIL-1"))

    def cancel(self, duty: int, _: int) -> None:
        self.end(duty, lambda work, clock: actions.cancel(work, clock, "no duty"))

    def correct(self, duty: int, hours: int) -> None:
        self.end(duty, lambda work, clock: actions.correct(work, clock, self.plan(duty, hours)))

    def end(self, duty: int, act) -> None:
        with self.database.read() as view:
            known = store.newest(view, self.plan(duty, 1).key)
        if known is not None:
            try:
                with self.database.begin(ROOM) as work:
                    act(work, known.id)
            except WrongState:
                assert known.status in ENDED

    def wait(self, _: int, hours: int) -> None:
        self.time.advance(hours=hours)

    def tick(self, poller: int, limit: int) -> None:
        self.pollers[poller].tick(limit)

    def plan(self, duty: int, hours: int):
        return plan(self.time.now(), hours, self.subject, occasion=f"occasion {duty}")

    def settle(self) -> None:
        while self.pollers[0].tick():
            pass


@settings(
    max_examples=1000 if LONG else 100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=not LONG,
)
@given(hours=st.tuples(HOURS, HOURS), steps=st.lists(STEPS, min_size=5, max_size=30))
def test_a_due_timer_of_a_live_clock_fires_exactly_once(databases_of_examples, hours, steps):
    database = databases_of_examples
    history = History(database, f"CMP-{len(keys(database))}-{database.time.now().isoformat()}")
    for one in [("start", 0, hours[0]), ("start", 1, hours[1]), *steps]:
        history.step(*one)
    history.settle()
    told = keys(database)
    with database.read() as view:
        clocks = {one.id: one for one in store.page(view, subject=history.subject, limit=500)}
        for row in view.all(select(timer).where(timer.c.clock_id.in_(clocks))):
            clock = clocks[row.clock_id]
            due = row.fire_at <= view.now
            assert told.count(f"{row.clock_id}:{row.kind}") == (row.status == "fired")
            if clock.status == "running":
                assert row.status == ("fired" if due else "pending")
            else:
                assert row.status in {"fired", "cancelled"}
            assert row.status != "fired" or row.fire_at <= row.fired_at <= view.now
    assert len(told) == len(set(told))
    database.time.advance(days=30)  # nothing that waits meets the next example
    history.settle()
