"""One unit of work: all with its events, or nothing; a refusal is remembered all the same."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Row, select

from roadworthy.database import FLEET, Actor, Changed, Database
from roadworthy.database.schema import event, event_row, pending, row_values
from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import Broken, NotPermitted, Refused
from roadworthy.kernel.event import row_digest
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.kernel.merkle import EMPTY_ROOT, root_of
from roadworthy.kernel.time import SetTime
from tests.conftest import Person
from tests.database.widgets import CYCLE, a_widget, make_tables, scratch, widget

KEY = {"id": "WDG-1"}


@pytest.fixture(autouse=True)
def _widgets(database: Database) -> None:
    make_tables(database)


@pytest.fixture
def engineer(person: Person) -> Actor:
    return person("engineer")


def events(database: Database) -> list[Row]:
    with database.read() as view:
        return list(view.all(select(event).order_by(event.c.seq)))


def rows(database: Database) -> list[Row]:
    with database.read() as view:
        return list(view.all(select(widget).order_by(widget.c.id)))


def made(database: Database, actor: Actor, *numbers: int) -> None:
    with database.begin(actor) as work:
        work.insert_all(widget, [a_widget(n) for n in numbers or (1,)])
        work.record("widget.made", "WDG-1")


def test_a_clean_exit_commits_rows_event_openings_and_outbox(database: Database, engineer: Actor) -> None:
    made(database, engineer, 1, 2, 3)

    (happened,) = events(database)
    body = json.loads(happened.body)
    with database.read() as view:
        openings = view.all(select(event_row).order_by(event_row.c.position))
        queue = view.all(select(pending))
    assert [r.id for r in rows(database)] == ["WDG-1", "WDG-2", "WDG-3"]
    assert (happened.kind, happened.actor, happened.lane, happened.at) == (
        "widget.made",
        engineer.id,
        "staff",
        database.time.now(),
    )
    assert [(o.table_name, o.row_key) for o in openings] == [("widget", f"WDG-{n}") for n in (1, 2, 3)]
    assert body["rows"] == {"count": 3, "root": root_of([o.digest for o in openings]).hex()}
    assert [tuple(q) for q in queue] == [("log", happened.seq)]


def test_the_digest_in_the_event_is_that_of_the_row_as_it_reads_back(database: Database, engineer: Actor) -> None:
    with database.begin(engineer) as work:
        work.insert(
            widget,
            a_widget(facts={"b": [1, "路"], "a": None}, made_at=datetime(2026, 1, 1, tzinfo=UTC), print=b"\x00\xff"),
        )
        work.record("widget.made", "WDG-1")

    (row,) = rows(database)
    assert json.loads(events(database)[0].body)["rows"]["root"] == (
        root_of([row_digest("widget", "WDG-1", row_values(widget, row))]).hex()
    )


def test_an_exception_rolls_everything_back(database: Database, engineer: Actor) -> None:
    with pytest.raises(ZeroDivisionError), database.begin(engineer, attempt="widget.make", subject="WDG-1") as work:
        work.insert(widget, a_widget())
        work.record("widget.made", "WDG-1")
        _ = 1 / 0

    assert rows(database) == []
    assert events(database) == []


def test_a_refusal_is_remembered_although_what_it_refused_is_not(database: Database, engineer: Actor) -> None:
    reason = Finding("dossier.missing", Outcome.BLOCKED, Text("缺", "missing"))
    with (
        pytest.raises(Refused),
        database.begin(engineer, attempt="widget.make", subject="WDG-1") as work,
    ):
        work.insert(widget, a_widget())
        work.record("widget.made", "WDG-1")
        raise Refused("Not yet.", code="gate.shut", findings=[reason])

    (happened,) = events(database)
    assert rows(database) == []
    assert (happened.kind, happened.subject, happened.actor) == ("action.refused", "WDG-1", engineer.id)
    assert json.loads(happened.body)["data"] == {
        "attempt": "widget.make",
        "code": "gate.shut",
        "findings": ["dossier.missing:blocked"],
    }


def test_a_refusal_without_a_named_attempt_leaves_no_trace(database: Database, engineer: Actor) -> None:
    with pytest.raises(Refused), database.begin(engineer):
        raise Refused

    assert events(database) == []


@pytest.mark.parametrize("verb", ["insert", "update", "move"])
def test_a_row_written_without_its_event_is_broken_and_rolled_back(
    database: Database, engineer: Actor, verb: str
) -> None:
    made(database, engineer)
    before = rows(database)
    verbs: dict[str, Callable] = {
        "insert": lambda work: work.insert(widget, a_widget(2)),
        "update": lambda work: work.update(widget, KEY, {"size": 2}),
        "move": lambda work: work.move(widget, KEY, CYCLE, "submit"),
    }
    with pytest.raises(Broken, match="without an event: widget WDG-"), database.begin(engineer) as work:
        verbs[verb](work)

    assert rows(database) == before
    assert len(events(database)) == 1


def test_an_event_covers_only_the_rows_written_since_the_last(database: Database, engineer: Actor) -> None:
    with database.begin(engineer) as work:
        work.insert(widget, a_widget(1))
        first = work.record("widget.made", "WDG-1")
        work.insert_all(widget, [a_widget(2), a_widget(3)])
        second = work.record("widget.made", "WDG-2")
        third = work.record("widget.counted", "WDG-1")

    assert (first.row_count, second.row_count, third.row_count) == (1, 2, 0)
    assert third.row_root == EMPTY_ROOT


def test_a_cache_cannot_be_written_as_a_record(database: Database, engineer: Actor) -> None:
    with pytest.raises(Broken, match="scratch is no record table"), database.begin(engineer) as work:
        work.insert(scratch, {"id": 1})


def test_a_stale_update_is_refused_and_changes_nothing(database: Database, engineer: Actor) -> None:
    made(database, engineer)
    with pytest.raises(Changed), database.begin(engineer) as work:
        work.update(widget, KEY, {"size": 2}, status="submitted")
    with pytest.raises(Changed), database.begin(engineer) as work:
        work.update(widget, {"id": "WDG-9"}, {"size": 2})

    assert rows(database)[0].size is None


def test_an_update_gives_back_the_changed_row(database: Database, engineer: Actor) -> None:
    made(database, engineer)
    with database.begin(engineer) as work:
        row = work.update(widget, KEY, {"size": 7}, status="draft")
        work.record("widget.measured", "WDG-1", {"size": 7})

    assert (row.size, row.name) == (7, "widget 1")


def test_a_move_changes_status_and_stands_in_the_event_with_its_clause(database: Database, engineer: Actor) -> None:
    made(database, engineer)
    with database.begin(engineer) as work:
        step, row = work.move(widget, KEY, CYCLE, "submit", {"size": 3})
        work.record("widget.submitted", "WDG-1", move=step)

    assert (row.status, row.size) == ("submitted", 3)
    assert json.loads(events(database)[1].body)["data"]["move"] == {
        "clause": "Notice 45, II.3",
        "from": "draft",
        "to": "submitted",
        "verb": "submit",
    }


def test_a_move_out_of_turn_or_by_the_wrong_person_is_refused(
    database: Database, engineer: Actor, person: Person
) -> None:
    made(database, engineer)
    with pytest.raises(WrongState, match="it can: submit"), database.begin(engineer) as work:
        work.move(widget, KEY, CYCLE, "approve")
    with pytest.raises(NotPermitted, match="role engineer"), database.begin(person("manager")) as work:
        work.move(widget, KEY, CYCLE, "submit")
    with pytest.raises(Changed), database.begin(engineer) as work:
        work.move(widget, {"id": "WDG-9"}, CYCLE, "submit")

    assert rows(database)[0].status == "draft"


def test_a_move_without_a_role_is_for_the_system_alone(database: Database, engineer: Actor) -> None:
    with database.begin(engineer) as work:
        work.insert(widget, a_widget(status="approved"))
        work.record("widget.made", "WDG-1")
    with pytest.raises(NotPermitted, match="Only Roadworthy itself"), database.begin(engineer) as work:
        work.move(widget, KEY, CYCLE, "expire")
    with database.begin(Actor("system:worker")) as work:
        step, _ = work.move(widget, KEY, CYCLE, "expire")
        work.record("widget.expired", "WDG-1", move=step)

    assert rows(database)[0].status == "expired"


def test_author_and_approver_are_never_the_same_person(database: Database, person: Person) -> None:
    author, other = person("manager"), person("manager")
    with database.begin(author) as work:
        work.insert(widget, a_widget(author=author.id))
        work.record("widget.made", "WDG-1")
    with (
        pytest.raises(NotPermitted, match="ask another person"),
        database.begin(author, attempt="widget.approve", subject="WDG-1") as work,
    ):
        work.update(widget, KEY, {"approver": author.id})
        work.record("widget.approved", "WDG-1")
    with database.begin(other) as work:
        work.update(widget, KEY, {"approver": other.id})
        work.record("widget.approved", "WDG-1")

    assert rows(database)[0].approver == other.id
    assert [e.kind for e in events(database)] == ["widget.made", "action.refused", "widget.approved"]
    assert json.loads(events(database)[1].body)["data"]["code"] == "four_eyes"


@pytest.mark.parametrize(
    ("changes", "code"),
    [({}, "exists_already"), ({"name": "widget 1"}, "exists_already"), ({"parent_id": "WDG-9"}, "constraint")],
)
def test_a_broken_constraint_is_a_refusal_that_is_remembered(
    database: Database, engineer: Actor, changes: dict, code: str
) -> None:
    made(database, engineer)
    row = a_widget(2, **changes) if changes else a_widget(1)
    with pytest.raises(Refused) as caught, database.begin(engineer, attempt="widget.make", subject="WDG-2") as work:
        work.insert(widget, row)
        work.record("widget.made", "WDG-2")

    assert caught.value.error_code == code
    assert [e.kind for e in events(database)] == ["widget.made", "action.refused"]
    assert len(rows(database)) == 1


def test_the_moment_is_read_once(database: Database, engineer: Actor, time: SetTime) -> None:
    with database.begin(engineer) as work:
        first = work.record("a.happened", "-")
        time.advance(hours=1)
        second = work.record("b.happened", "-")

    assert first.at == second.at == work.now


def test_the_cause_of_an_answer_stands_in_its_event(database: Database, engineer: Actor) -> None:
    with database.begin(engineer) as work:
        first = work.record("a.happened", "-")
    with database.begin(Actor("system:reactions"), cause=first.id) as work:
        second = work.record("b.happened", "-")

    assert (first.cause, second.cause) == ("", first.id)


def test_events_that_want_an_answer_and_fleet_events_are_queued(database: Database, engineer: Actor) -> None:
    database.reaction_kinds = frozenset({"incident.reported"})
    with database.begin(engineer) as work:
        work.record("incident.reported", "-")
        work.record("vehicle.polled", "-", lane=FLEET)

    first, second = events(database)
    with database.read() as view:
        queue = {tuple(line) for line in view.all(select(pending))}
    assert queue == {("log", first.seq), ("reactions", first.seq), ("log", second.seq)}
    assert second.lane == "fleet"


def test_nothing_to_insert_is_nothing_to_record(database: Database, engineer: Actor) -> None:
    with database.begin(engineer) as work:
        work.insert_all(widget, [])

    assert events(database) == []


def test_a_reader_sees_one_moment(database: Database, engineer: Actor) -> None:
    with database.read() as view:
        assert view.scalar(select(widget.c.id)) is None
        assert view.first(select(widget)) is None
        assert view.now == database.time.now()
