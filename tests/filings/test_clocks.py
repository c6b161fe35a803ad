"""A duty to report ends when every authority that it is owed to has accepted its paper."""

from datetime import timedelta

import pytest

from roadworthy.campaigns import actions as campaigns
from roadworthy.clocks import store as clocks_store
from roadworthy.database import Actor
from roadworthy.filings import actions, store
from tests import papers
from tests.clocks.plans import begin, plan
from tests.rooms.app import OFFICER, SECOND

SYSTEM = Actor("system:reactions")


def accepted_at(database, made, at):
    made = papers.submitted(database, OFFICER, SECOND, made, "2026-03-02")
    actions.acknowledge(database, OFFICER, made.id, at)
    papers.accepted(database, SECOND, made)
    campaigns.acknowledge(database, SYSTEM, made.id)
    campaigns.acknowledge(database, SYSTEM, made.id)


@pytest.mark.parametrize("first", [0, 1])
def test_a_clock_for_two_authorities_waits_for_both(room, first):
    database = room().database
    start, about = database.time.now() - timedelta(hours=3), {"subject_type": "incident"}
    made = plan(start, subject=papers.INCIDENT[1], report="incident_initial", **about)
    clock_id = begin(database, made)
    other_kind = begin(database, plan(start, subject=papers.INCIDENT[1], report="x", duty="x", **about))
    drafted = papers.drafted(database, OFFICER, "incident_initial")
    with database.read() as view:
        group = store.list_filings(view, group_id=drafted.group_id)
    one, last = group[first], group[1 - first]
    accepted_at(database, one, "2026-03-02T08:00:00+08:00")
    with database.read() as view:
        assert clocks_store.load(view, clock_id).status == "running"
    accepted_at(database, last, "2026-03-02T09:00:00+08:00")
    with database.read() as view:
        found = clocks_store.load(view, clock_id)
        assert (found.status, found.satisfied_by) == ("satisfied", last.id)
        assert found.satisfied_at.hour == 1  # 09:00 in Beijing, when the second authority had it
        assert clocks_store.load(view, other_kind).status == "running"


def test_a_paper_about_something_else_ends_no_clock(room):
    database = room().database
    clock_id = begin(
        database, plan(database.time.now(), subject="INC-2", report="nev_fire_basic", subject_type="incident")
    )
    accepted_at(database, papers.drafted(database, OFFICER, "nev_fire_basic"), "2026-03-02T08:00:00+08:00")
    with database.read() as view:
        assert clocks_store.load(view, clock_id).status == "running"
