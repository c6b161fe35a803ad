"""The JSON API of clocks and notices, and readiness."""

import pytest

from roadworthy.clocks import actions
from roadworthy.clocks.delivery import Deliverer, Inbox
from roadworthy.clocks.poller import Poller
from roadworthy.clocks.web.api import ready, router
from tests.clocks.plans import ROOM, begin, plan
from tests.conftest import START
from tests.rooms.app import ADMINISTRATOR, AUDITOR, COMPLIANCE, OFFICER, client


@pytest.fixture
def clocks(database, time):
    """Three clocks: one overdue, one acknowledged in time, one that runs; everything told."""
    late, met = begin(database, plan(START, 24, "CMP-1")), begin(database, plan(START, 24, "CMP-2"))
    running = begin(database, plan(START, 24 * 30, "CMP-3"))
    with database.begin(ROOM) as work:
        actions.satisfy(work, met, START, "FIL-1")
    time.advance(hours=25)
    Poller(database).tick()
    Deliverer(database, [Inbox(database)]).tick()
    return {"late": late, "met": met, "running": running}


def ids(answer):
    return [one["id"] for one in answer.json()["items"]]


def test_clocks_are_listed_with_how_they_stand_and_filtered(database, clocks):
    http = client(database, AUDITOR, router)
    listed = {one["id"]: one for one in http.get("/api/v1/clocks").json()["items"]}
    assert {name: listed[clocks[name]]["standing"] for name in clocks} == {
        "late": "overdue", "met": "met", "running": "running",
    }  # fmt: skip
    assert listed[clocks["late"]]["remaining_seconds"] == -3600
    assert ids(http.get("/api/v1/clocks?overdue=true")) == [clocks["late"]]
    assert set(ids(http.get("/api/v1/clocks?overdue=false"))) == {clocks["met"], clocks["running"]}
    assert ids(http.get("/api/v1/clocks?state=satisfied")) == [clocks["met"]]
    assert ids(http.get("/api/v1/clocks?subject=CMP-3&duty=EIDC22-4c")) == [clocks["running"]]
    assert http.get("/api/v1/clocks?state=late").status_code == 422
    first = http.get("/api/v1/clocks?limit=2").json()
    assert len(first["items"]) == 2
    assert ids(http.get(f"/api/v1/clocks?limit=2&after={first['next']}")) == [sorted(clocks.values())[2]]


def test_a_clock_shows_its_timers_and_generations(database, clocks):
    shown = client(database, AUDITOR, router).get(f"/api/v1/clocks/{clocks['late']}").json()
    assert [(one["kind"], one["state"]) for one in shown["timers"]] == [
        ("50%", "fired"), ("-4h", "fired"), ("due", "fired"),
    ]  # fmt: skip
    assert shown["generations"] == [clocks["late"]]
    assert shown["title"] == {"en": "Report at the end of an upgrade activity", "zh": "升级活动结束报告"}


def test_notices_are_those_of_the_readers_roles_until_they_are_seen(database, clocks):
    http = client(database, COMPLIANCE, router)
    mine = http.get("/api/v1/notices").json()["items"]
    assert [(one["role"], one["standing"], one["seen_at"]) for one in mine] == [
        ("compliance_officer", "overdue", None)
    ] * 3
    seen = http.post(f"/api/v1/notices/{mine[0]['id']}/seen").json()
    assert (seen["id"], seen["seen_by"]) == (mine[0]["id"], COMPLIANCE.id)
    assert ids(http.get("/api/v1/notices?unseen=true")) == [one["id"] for one in mine[1:]]
    other = client(database, OFFICER, router)
    assert ids(other.get("/api/v1/notices")) == []
    assert other.post(f"/api/v1/notices/{mine[1]['id']}/seen").status_code == 403


def test_nobody_reads_clocks_without_signing_in(database, clocks):
    http = client(database, None, router)
    assert [http.get(path).status_code for path in ("/api/v1/clocks", "/api/v1/notices")] == [401, 401]


def test_the_administrator_accepts_the_time(database, clocks):
    assert client(database, OFFICER, router).post("/api/v1/clocks/accept-time").status_code == 403
    assert client(database, ADMINISTRATOR, router).post("/api/v1/clocks/accept-time").status_code == 200


def test_the_server_is_ready_while_clocks_are_watched(database, time):
    http = client(database, None, router)
    http._app.add_api_route("/readyz", ready)
    answer = http.get("/readyz")
    assert (answer.status_code, answer.json()["findings"][0]["code"]) == (503, "clocks.unwatched")
    Poller(database).tick()
    assert (http.get("/readyz").status_code, http.get("/readyz").json()) == (200, {"ready": True, "findings": []})
    time.advance(seconds=31)
    assert http.get("/readyz").status_code == 503
