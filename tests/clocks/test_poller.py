"""Firing timers, and knowing whether anybody does."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from roadworthy.clocks import store
from roadworthy.clocks.poller import Poller
from roadworthy.clocks.store import clock_watch, outbox
from roadworthy.clocks.watch import TimeWentBack, accept_time, health
from roadworthy.database.schema import event
from roadworthy.kernel.errors import NotPermitted
from tests.clocks.plans import ROOM, begin, keys, messages_of, plan
from tests.conftest import START


def test_timers_fire_when_they_are_due_and_once_only(database, time):
    clock, poller = begin(database, plan(START)), Poller(database)
    assert poller.tick() == 0
    for hours, fired in ((24, "50%"), (20, "-4h"), (4, "due")):
        time.advance(hours=hours, microseconds=-1)
        assert poller.tick() == 0
        time.advance(microseconds=1)
        assert poller.tick() == 1
        assert poller.tick() == Poller(database).tick() == 0
        assert keys(database)[-1] == f"{clock}:{fired}"


def test_time_without_a_poller_only_delays(database, time):
    clock = begin(database, plan(START))
    time.advance(days=30)
    assert Poller(database).tick() == 3
    assert {line.dedupe_key for line in messages_of(database)} == {f"{clock}:{kind}" for kind in ("50%", "-4h", "due")}
    with database.read() as view:
        assert {one.fired_at for one in store.timers_of(view, [clock])} == {time.now()}


def test_the_oldest_fire_first_when_there_are_many(database, time):
    clocks = [begin(database, plan(START, hours=n, subject=f"CMP-{n}", kinds=["due"])) for n in (3, 1, 2)]
    time.advance(hours=9)
    poller = Poller(database)
    assert [poller.tick(limit=2), poller.tick(limit=2), poller.tick(limit=2)] == [2, 1, 0]
    with database.read() as view:
        order = view.all(select(event.c.subject).where(event.c.kind == "timer.fired").order_by(event.c.seq))
    assert [row.subject for row in order] == [clocks[1], clocks[2], clocks[0]]


def test_a_message_holds_ids_and_says_what_it_is_about(database, time):
    clock = begin(database, plan(START, kinds=["50%", "-1h", "due", "+1d"]))
    time.advance(days=9)
    Poller(database).tick()
    lines = {line.payload["kind"]: line for line in messages_of(database)}
    assert {kind: line.topic for kind, line in lines.items()} == {
        "50%": "clock.reminded", "-1h": "clock.escalated", "due": "clock.due", "+1d": "clock.overdue",
    }  # fmt: skip
    assert lines["due"].payload == {
        "clock": clock, "due_at": "2026-03-04T02:00:00.000000Z", "duty": "EIDC22-4c", "kind": "due", "occasion": "",
        "subject_id": "CMP-1", "subject_type": "campaign",
    }  # fmt: skip
    assert lines["due"].roles == ["compliance_officer"]


def test_a_message_that_was_lost_is_made_again_under_its_key(database, time):
    begin(database, plan(START))
    time.advance(hours=30)
    Poller(database).tick()
    before = keys(database)
    with database.begin(ROOM) as work:
        work.execute(delete(outbox))
    poller = Poller(database)
    poller.tick()
    assert keys(database) == before
    time.advance(minutes=11)
    poller.tick()
    assert keys(database) == before


def codes(database):
    with database.read() as view:
        return {one.code: str(one.state) for one in health(view, view.now)}


def test_clocks_that_nobody_polls_are_no_secret(database, time):
    assert codes(database) == {"clocks.unwatched": "blocked"}
    poller = Poller(database)
    poller.tick()
    time.advance(seconds=30)
    assert codes(database) == {}
    time.advance(seconds=1)
    assert codes(database) == {"clocks.unwatched": "blocked"}
    poller.tick()
    assert codes(database) == {}


def test_a_timer_that_does_not_fire_is_found_although_a_poller_beats(database, time):
    begin(database, plan(START, hours=1, kinds=["due"]))
    time.advance(minutes=61)
    with database.begin(ROOM) as work:
        store.watch.beat(work, "somebody", work.now)
    assert codes(database) == {}
    time.advance(seconds=1)
    assert codes(database) == {"clocks.late": "blocked"}


def test_a_message_that_does_not_arrive_is_found(database, time):
    begin(database, plan(START, hours=1, kinds=["due"]))
    time.advance(hours=2)
    poller = Poller(database)
    poller.tick()
    time.advance(minutes=5, seconds=1)
    poller.tick()
    assert codes(database) == {"clocks.undelivered": "hold"}


def test_heartbeats_are_few_and_pollers_of_yesterday_forgotten(database, time):
    poller = Poller(database, "one")
    for _ in range(4):
        poller.tick()
        time.advance(seconds=2)
    with database.read() as view:
        assert store.watch.last_tick(view) == START + timedelta(seconds=6)
    time.advance(days=2)
    Poller(database, "two").tick()
    with database.read() as view:
        assert [row.poller for row in view.all(select(clock_watch))] == ["two"]


def test_nothing_fires_while_the_time_lies_before_the_last_tick(database, time, person):
    begin(database, plan(START - timedelta(hours=47), kinds=["due"]))
    Poller(database).tick()
    time.advance(seconds=-5)
    Poller(database).tick()  # such small steps are everyday
    time.advance(seconds=-1)
    for poller in (Poller(database), Poller(database)):
        with pytest.raises(TimeWentBack, match="accept-time"):
            poller.tick()
    assert codes(database) == {"clocks.unwatched": "blocked"}
    time.advance(seconds=6)
    Poller(database).tick()
    assert codes(database) == {}


def test_many_small_steps_back_are_one_large_one(database, time):
    poller = Poller(database)
    poller.tick()
    with pytest.raises(TimeWentBack):
        for _ in range(3):
            time.advance(seconds=-3)
            Poller(database).tick()


def test_an_administrator_says_that_the_present_time_is_right(database, time, person):
    time.advance(days=400)  # the computer's battery was empty
    Poller(database).tick()
    time.advance(days=-400)
    with pytest.raises(NotPermitted):
        accept_time(database, person("compliance_officer"))
    accept_time(database, person("administrator"))
    Poller(database).tick()
    assert codes(database) == {}
