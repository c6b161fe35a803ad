"""The JSON API of releases and campaigns, over a running campaign."""

import pytest

from roadworthy.campaigns.web.api import router as campaigns_api
from roadworthy.database import Actor, Database
from roadworthy.kernel.time import SetTime
from roadworthy.releases import actions as releases
from roadworthy.releases.web import router as releases_api
from roadworthy.settings import Settings

from .app import Client, client
from .contacts import offered
from .upgrades import Company, company

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture
def co(database: Database, time: SetTime) -> Company:
    return company(database, time)


def as_(co: Company, actor: Actor) -> Client:
    http = client(co.database, actor, campaigns_api, releases_api)
    state = http._app.state
    state.regime, state.settings = co.regime, Settings(None, "sqlite://", "http://x")  # type: ignore[arg-type]
    return http


def test_a_campaign_is_planned_and_run_over_http(co: Company) -> None:
    cars = co.cars()
    release = co.release()
    co.clear(release)
    body = {"name": "One", "release": release.id, "waves": [40, 60], "wave_names": ["first"], "filter": {"sold": True}}
    made = as_(co, co.engineer).post("/api/v1/campaigns", json=body)
    assert made.status_code == 201
    where = f"/api/v1/campaigns/{made.json()['id']}"
    manager = as_(co, co.manager)
    assert [manager.post(f"{where}/{verb}").json()["status"] for verb in ("approve", "start", "advance")] == [
        "approved", "running", "running",
    ]  # fmt: skip
    offered(co, cars[0])

    shown = manager.get(where).json()
    assert [(w["name"], w["status"]) for w in shown["waves"]] == [("first", "open"), ("2", "open")]
    assert [d["live"] for d in shown["decisions"]] == [True, True]
    assert sum(w["counts"].get("offered", 0) for w in shown["waves"]) == 1
    assert manager.get(f"{where}/gate").json()["ok"] is True
    page = manager.get(f"{where}/vehicles?limit=1").json()
    assert [line["vin"] for line in page["items"]] == [cars[0].vin]
    assert page["next"] is None


def test_a_refusal_says_what_is_missing_and_an_unknown_verb_what_there_is(co: Company) -> None:
    co.cars()
    campaign = co.campaign(co.release())
    manager = as_(co, co.manager)
    closed = manager.post(f"/api/v1/campaigns/{campaign.id}/start")
    assert closed.status_code == 409
    assert closed.json()["code"] == "gate.closed"
    assert {"ACT", "SAMR"} <= {finding["code"] for finding in closed.json()["findings"]}
    assert manager.post(f"/api/v1/campaigns/{campaign.id}/hold").status_code == 422
    assert manager.post("/api/v1/campaigns/REL-1/start").status_code == 400
    assert as_(co, co.engineer).post(f"/api/v1/campaigns/{campaign.id}/stop").status_code == 403
    assert manager.post("/api/v1/campaigns", json={"name": "x", "colour": "red"}).status_code == 422


def test_a_release_shows_its_gate_and_takes_answers_and_no_strange_paper(co: Company) -> None:
    co.cars()
    release = co.release()
    where = f"/api/v1/releases/{release.id}"
    recall = as_(co, co.recall)
    assert recall.get(f"{where}/gate").json()["ok"] is False
    assert recall.put(f"{where}/answers/defect_removed", json={"value": "no"}).status_code == 200
    assert recall.put(f"{where}/answers/main_parameters_changed", json={"value": False}).status_code == 422
    assert recall.put(f"{where}/answers/beta_release", json={"value": False}).status_code == 403
    item = releases.attach_paper(co.database, co.safety, co.draft().id, "risk_assessment_done", "p.pdf", "b" * 64)
    second = as_(co, co.second)
    assert second.post(f"{where}/papers/{item.id}/check").status_code == 404
    assert second.post(f"/api/v1/releases/{item.release_id}/papers/{item.id}/check").status_code == 200
    assert second.post(f"{where}/fly").status_code == 422
    assert as_(co, co.auditor).post(f"{where}/classify").status_code == 403
    shown = as_(co, co.compliance).post(f"{where}/classify").json()
    assert [one["labels"] for one in shown["classifications"]] == [["general"]]


def test_a_release_begins_with_known_types_and_ecus(co: Company) -> None:
    engineer = as_(co, co.engineer)
    body = {"name": "n", "version": "1", "vehicle_types": ["EX1"], "ecus": [co.ecus["EX1/ADCU"]]}
    made = engineer.post("/api/v1/releases", json=body)
    assert made.status_code == 201
    assert made.json()["vehicle_type_ids"] == [co.types["EX1"]]
    assert engineer.post("/api/v1/releases", json={**body, "version": "2", "ecus": ["ECU-1"]}).status_code == 422
    assert engineer.post("/api/v1/releases", json={**body, "vehicle_types": ["GHOST"]}).status_code == 404
    declared = engineer.put(
        f"/api/v1/releases/{made.json()['id']}/declarations/{co.ecus['EX1/ADCU']}", json={"values": {"ghost": "1"}}
    )
    assert declared.status_code == 422
