"""The rulebook over HTTP, and what a candidate would change for what is open."""

import pytest

from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns.web.impact import router as impact_api
from roadworthy.database import Actor
from roadworthy.releases import actions as releases
from roadworthy.rulebook import actions
from roadworthy.rulebook.web.api import router as law_api
from tests.rooms.app import client
from tests.rooms.upgrades import HOURS, company
from tests.rulebook.conftest import Rulebook
from tests.rulebook.packs import COMPANY_ID, SHIPPED, STRICT, text_of

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


def as_(book, actor, regime=None):
    http = client(book.database, actor, law_api, impact_api)
    http._app.state.regime = regime
    return http


def test_a_pack_goes_its_way_over_http(book):
    made = as_(book, book.author).post("/api/v1/law/packs", json={"text": text_of().decode()})
    assert made.status_code == 201
    where = f"/api/v1/law/packs/{made.json()['digest']}"
    assert as_(book, book.author).post(f"{where}/submit").json()["status"] == "in_review"
    assert as_(book, book.counsel).post(f"{where}/sign", json={}).json()["status"] == "in_review"
    assert as_(book, book.counsel).post(f"{where}/sign", json={}).status_code == 403
    assert as_(book, book.second).post(f"{where}/sign", json={}).json()["status"] == "approved"
    proposed = as_(book, book.counsel).post(f"{where}/activations", json={"mode": "in_force"})
    assert proposed.status_code == 201
    decide = f"/api/v1/law/activations/{proposed.json()['id']}"
    assert as_(book, book.counsel).post(f"{decide}/confirm").status_code == 403
    assert as_(book, book.second).post(f"{decide}/confirm").json()["status"] == "confirmed"

    shown = as_(book, book.counsel).get(where).json()
    assert shown["text"] == text_of().decode()
    assert [one["role"] for one in shown["approvals"]] == ["compliance_officer", "release_manager"]
    rows = as_(book, book.counsel).get("/api/v1/law/in-force").json()["items"]
    mine = next(one for one in rows if one["id"] == COMPANY_ID)
    assert (mine["version"], mine["counts"], mine["by"]["counsel"]) == ("1.1.0", "in_force", book.counsel.id)
    assert next(one for one in rows if one["id"] != COMPANY_ID)["by"] == "release"
    assert [one["digest"] for one in as_(book, book.author).get("/api/v1/law/packs").json()["items"]] == [
        shown["digest"]
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/law/packs", {"text": "schema: [", "author": ""}, 400),
        ("/api/v1/law/packs", {"text": "schema: rulepack/1\nid: x"}, 422),
        ("/api/v1/law/packs/none/submit", {}, 404),
        ("/api/v1/law/packs/none/dance", {}, 422),
        ("/api/v1/law/packs/none/activations", {"effective_from": "tomorrow"}, 400),
        ("/api/v1/law/activations/ACV-none/confirm", {}, 400),
        ("/api/v1/law/impact", {}, 422),
        ("/api/v1/law/impact", {"digest": "none"}, 404),
    ],
)
def test_unusable_requests_say_what_to_correct(book, path, body, status):
    answer = as_(book, book.author).post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_only_those_who_prepare_law_have_a_text_tried(book):
    http = client(book.database, Actor("USR-auditor", frozenset({"auditor"})), law_api, impact_api)
    answer = http.post("/api/v1/law/impact", json={"text": "schema: rulepack/1"})

    assert (answer.status_code, answer.json()["code"]) == (403, "role.missing")


@pytest.fixture
def running(database, time):
    """A company with a running campaign under the rulebook's law."""
    actions.adopt(database, SHIPPED)
    co = company(database, time)
    co.regime = releases.Regime(co.regime.packs, co.regime.company, in_force=actions.packs_at)
    co.cars()
    release = co.release()
    co.clear(release)
    plan = campaigns.Plan("One", release.id, [100], {"sold": True})
    made = campaigns.create(database, co.engineer, plan)
    campaigns.approve(database, co.manager, made.id)
    campaigns.start(database, co.manager, co.regime, made.id, HOURS)
    return co, made


def asked(co, **body):
    http = client(co.database, co.compliance, law_api, impact_api)
    http._app.state.regime = co.regime
    answer = http.post("/api/v1/law/impact", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_candidate_that_changes_words_only_changes_nothing(running):
    co, _ = running
    found = asked(co, text=text_of(fix="Do it better").decode())

    assert (found["asked"], found["changed"], found["closed"]) == (2, 0, 0)
    assert found["law"]["tables"] == []


def test_a_stricter_candidate_names_what_it_would_close(running):
    co, campaign = running
    found = asked(co, text=STRICT.decode())

    rows = {one["kind"]: one for one in found["items"]}
    assert found["closed"] == 2
    assert rows["campaign"]["id"] == campaign.id
    assert rows["campaign"]["facts"] == "stored"
    assert rows["campaign"]["decision"] == ["open", "blocked"]
    assert rows["campaign"]["gates"] == {"SAFETY-POLICY": ["not required", "blocked"]}
    assert rows["campaign"]["filings"]
    assert rows["release"]["facts"] == "gathered"
    assert "gate SAFETY-POLICY: required" in {table["table"] for table in found["law"]["tables"]}


def test_a_candidate_that_begins_later_says_from_when_it_would_block(running):
    co, _ = running
    later = STRICT.replace(b'since: "2025-08-13"', b'since: "2026-12-01"').replace(
        b'as_of: "2026-06-15"', b'as_of: "2026-12-15"'
    )
    found = asked(co, text=later.decode())

    assert (found["changed"], found["closed"]) == (2, 0)
    for row in found["items"]:
        assert [(one["from"], one["token"]) for one in row["would_block"]] == [("2026-12-01", "SAFETY-POLICY")]


def test_what_was_foretold_happens_once_it_is_in_force(running, time):
    co, campaign = running
    book = Rulebook(co.database, time)
    made = actions.import_pack(co.database, book.author, STRICT)
    actions.submit(co.database, book.author, made.digest)
    for person in (book.counsel, book.second):
        actions.sign(co.database, person, made.digest)
    assert asked(co, digest=made.digest)["closed"] == 2
    book.activated(made)

    assert not campaigns.recheck(co.database, co.regime, campaign.id, HOURS)
    with co.database.read() as view:
        from roadworthy.campaigns import store

        held = store.get(view, campaign.id)
    assert held.status == "held"
    assert "SAFETY-POLICY" in held.hold_reason
