"""Starting, satisfying, cancelling and correcting clocks inside somebody else's unit of work."""

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from roadworthy.clocks import actions, rules, store
from roadworthy.clocks.actions import OtherFacts
from roadworthy.clocks.poller import Poller
from roadworthy.database import Actor
from roadworthy.database.schema import event
from roadworthy.kernel.errors import NotFound, Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from tests.clocks.plans import RECIPE, ROOM, begin, keys, plan
from tests.conftest import START

HOUR = timedelta(hours=1)


def load(database, clock_id):
    with database.read() as view:
        return store.load(view, clock_id)


def timers(database, clock_id):
    with database.read() as view:
        return {one.kind: one.status for one in store.timers_of(view, [clock_id])}


def events(database):
    with database.read() as view:
        return [json.loads(row.body) for row in view.all(select(event.c.body).order_by(event.c.seq))]


def satisfy(database, clock_id, at, by="FIL-1"):
    with database.begin(ROOM) as work:
        return actions.satisfy(work, clock_id, at, by)


def test_a_started_clock_keeps_its_whole_plan_and_is_told_by_one_event(database):
    made = plan(START, occurred_at=START - HOUR, known_at=START, alternative_due_at=START + HOUR, recipe=RECIPE)
    clock = load(database, begin(database, made))
    assert (clock.plan, clock.status, clock.generation) == (made, "running", 1)
    assert timers(database, clock.id) == {"50%": "pending", "-4h": "pending", "due": "pending"}
    (told,) = events(database)
    assert (told["kind"], told["subject"], told["rows"]["count"]) == ("clock.started", clock.id, 4)
    assert told["data"]["due_at"] == "2026-03-04T02:00:00.000000Z"


def test_the_same_duty_again_is_the_same_clock_whatever_became_of_it(database, time):
    first = begin(database, plan(START))
    assert begin(database, plan(START)) == first
    assert begin(database, plan(START, hours=24)) == first  # computed anew, under another law: the facts are the same
    satisfy(database, first, START)
    assert begin(database, plan(START)) == first
    assert len(events(database)) == 5


def test_another_occasion_is_another_clock(database):
    ids = {begin(database, plan(START, occasion=f"period {n}")) for n in (1, 2)}
    with database.read() as view:
        assert {one.id for one in store.running_for(view, "campaign", "CMP-1")} == ids


def test_a_duty_that_runs_is_not_started_with_other_facts(database):
    begin(database, plan(START))
    with pytest.raises(OtherFacts):
        begin(database, plan(START + HOUR))


def test_a_cancelled_duty_starts_anew_with_new_facts_only(database):
    first = begin(database, plan(START))
    with database.begin(ROOM) as work:
        actions.cancel(work, first, "the campaign was stopped before it began")
    assert begin(database, plan(START)) == first
    second = begin(database, plan(START + HOUR))
    assert (second != first, load(database, second).generation) == (True, 2)
    with database.read() as view:
        assert store.newest(view, plan(START).key).id == second


def test_what_fails_with_its_cause_was_never_started(database):
    with pytest.raises(Refused), database.begin(ROOM) as work:
        actions.start(work, plan(START))
        raise Refused("the campaign cannot be completed")
    with database.read() as view:
        assert store.running_for(view, "campaign", "CMP-1") == []


def test_an_acknowledgement_ends_a_clock_and_its_timers_also_in_a_persons_action(database, time, person):
    clock = begin(database, plan(START))
    time.advance(hours=30)
    Poller(database).tick()
    with database.begin(person("homologation_officer")) as work:
        ended = actions.satisfy(work, clock, START + 29 * HOUR, "FIL-1")
    assert (ended.satisfied_at, ended.satisfied_by) == (START + 29 * HOUR, "FIL-1")
    assert timers(database, clock) == {"50%": "fired", "-4h": "cancelled", "due": "cancelled"}
    assert events(database)[-1]["data"]["standing"] == "met"
    assert satisfy(database, clock, START + 29 * HOUR) == ended  # said again
    with pytest.raises(WrongState):
        satisfy(database, clock, START + 30 * HOUR)


@pytest.mark.parametrize(("at", "by"), [(START + HOUR, "FIL-1"), (START, ""), (START, "王"), (START, "x" * 201)])
def test_no_clock_is_ended_by_a_future_or_nameless_receipt(database, at, by):
    clock = begin(database, plan(START))
    with pytest.raises(Unusable):
        satisfy(database, clock, at, by)
    assert load(database, clock).status == "running"


def test_a_clock_that_is_not_there_is_named(database):
    with pytest.raises(NotFound, match="clock list"):
        satisfy(database, "CLK-1", START)


def test_a_cancelled_clock_says_why_and_reminds_nobody(database, time):
    clock = begin(database, plan(START))
    with pytest.raises(Unusable), database.begin(ROOM) as work:
        actions.cancel(work, clock, " ")
    with database.begin(ROOM) as work:
        assert actions.cancel(work, clock, " not our vehicle ").reason == "not our vehicle"
    time.advance(days=9)
    Poller(database).tick()
    assert keys(database) == []
    with pytest.raises(WrongState):
        satisfy(database, clock, START)


def test_a_correction_supersedes_and_leaves_the_old_clock_as_it_was(database, time):
    first = begin(database, plan(START))
    right = plan(START - 10 * HOUR)
    with database.begin(ROOM) as work:
        second = actions.correct(work, first, right)
        assert actions.correct(work, first, right) == second
    old = load(database, first)
    assert (old.status, old.superseded_by, old.plan) == ("superseded", second, plan(START))
    assert load(database, second).plan == right
    assert set(timers(database, first).values()) == {"cancelled"}
    assert begin(database, plan(START)) == second  # the cause is told again: it means what stands for it now
    assert satisfy(database, first, START).id == second
    (told,) = [one["data"] for one in events(database) if one["kind"] == "clock.superseded"]
    assert (told["because"], told["by"], told["due_changed"]) == ("correction", second, True)


def test_a_correction_to_another_duty_is_refused(database):
    clock = begin(database, plan(START))
    with pytest.raises(Unusable, match="cancel"), database.begin(ROOM) as work:
        actions.correct(work, clock, replace(plan(START), duty="N45-9"))


def test_a_reminder_that_was_given_is_not_given_again_after_a_correction(database, time):
    first = begin(database, plan(START))
    time.advance(hours=30)
    Poller(database).tick()
    for citation in ("a better citation", "the best citation"):
        with database.begin(ROOM) as work:
            second = actions.correct(work, first, replace(plan(START), citation=citation))
    assert timers(database, second) == {"-4h": "pending", "due": "pending"}
    time.advance(days=9)
    Poller(database).tick()
    assert keys(database) == [f"{first}:50%", f"{second}:-4h", f"{second}:due"]


def test_what_was_acknowledged_is_judged_by_the_corrected_facts(database, time):
    first = begin(database, plan(START))
    time.advance(hours=47)
    satisfy(database, first, time.now())
    with database.begin(ROOM) as work:
        second = load_in(work, actions.correct(work, first, plan(START - 2 * HOUR)))
        assert rules.standing(second, work.now) == "met_late"
    with database.begin(ROOM) as work:
        third = load_in(work, actions.correct(work, first, plan(START), still_satisfied=False))
    assert (third.status, third.generation) == ("running", 3)


def load_in(work, clock_id):
    return store.load(work, clock_id)


def test_provisional_clocks_are_computed_again_when_the_calendar_changes(database, time):
    def computed(due, provisional, digest):
        return actions.recompute(database, lambda recipe: (START + due, provisional, digest))

    open_one = begin(database, plan(START, provisional=True, recipe=RECIPE))
    late = begin(database, plan(START, subject="CMP-2", provisional=True, recipe=RECIPE))
    final = begin(database, plan(START, subject="CMP-3"))
    time.advance(hours=50)
    Poller(database).tick()
    satisfy(database, late, time.now())
    assert computed(48 * HOUR, True, "b" * 64) == ()
    changed = computed(72 * HOUR, False, "c" * 64)
    assert {(one.before, one.due_changed) for one in changed} == {(open_one, True), (late, True)}
    now = {one.before: load(database, one.now) for one in changed}
    assert rules.standing(now[late], time.now()) == "met"
    assert rules.standing(now[open_one], time.now()) == "running"
    assert now[open_one].plan.due_at == START + 72 * HOUR
    assert load(database, final).status == "running"
    assert computed(99 * HOUR, False, "d" * 64) == ()  # final now
    flagged = [one["data"] for one in events(database) if one["kind"] == "clock.superseded"]
    assert {(one["because"], one["due_changed"]) for one in flagged} == {("calendar", True)}


def test_a_due_time_that_is_only_confirmed_repeats_no_reminder(database, time):
    clock = begin(database, plan(START, provisional=True, recipe=RECIPE))
    time.advance(hours=50)
    Poller(database).tick()
    (changed,) = actions.recompute(database, lambda recipe: (START + 48 * HOUR, False, "c" * 64))
    assert (changed.before, changed.due_changed) == (clock, False)
    Poller(database).tick()
    assert len(keys(database)) == 3


def test_two_that_start_the_same_duty_at_once_start_it_once(database):
    begun, ids = threading.Barrier(2), []

    def run():
        begun.wait()
        ids.append(begin(database, plan(START)))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_the_events_of_clocks_say_who_acted(database, person):
    officer: Actor = person("incident_officer")
    with database.begin(officer) as work:
        actions.start(work, plan(START))
    assert events(database)[-1]["actor"] == officer.id
