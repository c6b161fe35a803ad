"""The JSON API of filings, from a draft to the receipt; problems are problem+json."""

import pytest
from fastapi import APIRouter

from roadworthy.filings import web
from roadworthy.filings.model import FORMS, FilingKind
from roadworthy.products import actions as products
from roadworthy.settings import Settings
from tests import papers
from tests.rooms.app import AUDITOR, COMPLIANCE, OFFICER, SECOND, client

PACKAGE = "ab" * 32
RECEIPT = {"receipt_number": "OTA-2026-17", "receipt_date": "2026-03-02"}


@pytest.fixture
def api(room, tmp_path):
    """Give clients by actor, over a room with paper channels."""
    here = room()

    def of(actor, *more: APIRouter):
        made = client(here.database, actor, web.router, *more)
        made._app.state.artifacts, made._app.state.couriers = here.artifacts, here.couriers
        made._app.state.settings = Settings(tmp_path, "", "http://127.0.0.1:1")
        return made

    of.room = here
    return of


def type_of(database) -> str:
    return products.add_vehicle_type(
        database, OFFICER, model_code="EX1", name="One", automation_level=2, licensed_manufacturer="Example"
    ).id


def test_api_walks_a_filing_to_its_receipt(api):
    first, second = api(OFFICER), api(SECOND)
    scope = {"vehicle_type_ids": [type_of(api.room.database)], "package_sha256": PACKAGE}
    facts = papers.facts_of("samr_record", [("EX1", "One")], papers.named_by(scope))
    made = first.post("/api/v1/filings", json={"kind": "samr_record", "facts": facts, **scope}).json()
    base = f"/api/v1/filings/{made['id']}"
    assert (made["authority"], made["clause"], made["status"]) == ("SAMR", "SAMR20-1", "draft")
    assert first.patch(base, json={"planned_release": "2026-03-20"}).json()["planned_release"] == "2026-03-20"
    found = first.get(f"{base}/findings").json()
    assert [one["code"] for one in found["findings"]] == []
    first.patch(base, json={"facts": {"activity": {"purpose": None}}})
    assert [one["code"] for one in first.get(f"{base}/findings").json()["findings"]] == ["samr_record.purpose"]
    first.patch(base, json={"facts": {"activity": {"purpose": facts["activity"]["purpose"]}}})
    for client_of, verb, body in (
        (first, "complete", None), (second, "sign-off", None), (first, "submit", {"submitted_on": "2026-03-02"}),
        (first, "package", {"delivered_on": "2026-03-02"}),
        (first, "acknowledge", {"at": "2026-03-02T08:00:00+08:00", "number": "S-1"}),
    ):  # fmt: skip
        answer = client_of.post(f"{base}/{verb}", json=body)
        assert answer.status_code == 200, answer.text
    uploaded = first.post(f"{base}/documents?filename=receipt.pdf&role=receipt", content=papers.pdf("receipt"))
    receipt = {**RECEIPT, "document_sha256": uploaded.json()["sha256"]}
    for answer, status in (
        (first.post(f"{base}/accept", json=receipt), 403),
        (second.post(f"{base}/accept", json={**receipt, "document_sha256": "0" * 64}), 409),
        (second.post(f"{base}/accept", json={**receipt, "receipt_date": 7}), 422),
        (second.post(f"{base}/accept", json={}), 422),
        (second.post(f"{base}/submit", json={"submitted_on": "2026-03-02"}), 409),
        (second.post(f"{base}/stamp", json={}), 404),
        (second.delete(base), 405),
        (second.get("/api/v1/filings/REL-1"), 400),
        (second.get(f"{base}/documents/DOC-01ARZ3NDEKTSV4RRFFQ69G5FAV/content"), 404),
        (second.post("/api/v1/filings", json={"kind": "letter"}), 422),
        (second.post(f"{base}/confirm", json={"at": "2026-03-02T10:00:00+08:00"}), 409),
        (second.post(f"{base}/documents?filename=x.pdf&role=receipt", content=b"MZ"), 422),
        (api(AUDITOR).post(f"{base}/documents?filename=x.pdf", content=papers.pdf("x")), 403),
        (api(None).get("/api/v1/filings"), 401),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert second.post(f"{base}/accept", json=receipt).json()["approver"] == SECOND.id
    assert [f["id"] for f in first.get("/api/v1/filings", params={"status": "valid"}).json()["items"]] == [made["id"]]
    boss = api(COMPLIANCE)
    assert boss.post(f"{base}/suspend", json={"remark": "review"}).json()["status"] == "suspended"
    assert boss.post(f"{base}/withdraw", json={"remark": "wrong hash"}).json()["status"] == "withdrawn"
    assert first.get(base).json()["status"] == "withdrawn"


def test_one_paper_for_each_authority_cross_linked(api):
    officer = api(OFFICER)
    body = {"kind": "incident_initial", "subject_type": papers.INCIDENT[0], "subject_id": papers.INCIDENT[1]}
    made = officer.post("/api/v1/filings", json={**body, "facts": papers.facts_of("incident_initial", [])}).json()
    (other,) = made["beside"]
    assert {made["authority"], other["authority"]} == {"MIIT", "SAMR"}
    assert officer.get(f"/api/v1/filings/{other['id']}").json()["beside"][0]["id"] == made["id"]
    listed = officer.get("/api/v1/filings", params={"subject_id": papers.INCIDENT[1]}).json()["items"]
    assert {one["id"] for one in listed} == {made["id"], other["id"]}
    place = {"facts": {"place": "somewhere else"}}
    assert officer.patch(f"/api/v1/filings/{made['id']}", json=place).status_code == 200
    assert officer.post(f"/api/v1/filings/{made['id']}/complete").status_code == 200
    problem = api(SECOND).post(f"/api/v1/filings/{made['id']}/sign-off").json()
    assert [one["code"] for one in problem["findings"]] == ["incident_initial.place.differs"]
    alone = officer.post("/api/v1/filings", json={**body, "authority": "SAMR"}).json()
    assert (alone["authority"], alone["beside"]) == ("SAMR", [])


def test_the_kinds_are_listed_with_their_fields(api):
    items = api(AUDITOR).get("/api/v1/filings/forms").json()["items"]
    assert [one["kind"] for one in items] == list(map(str, FORMS))
    first = next(one for one in items if one["kind"] == FilingKind.INCIDENT_INITIAL)
    assert first["authorities"] == ["MIIT", "SAMR"]
    assert first["fields"][0].keys() == {"id", "label", "type", "source", "grade"}


def test_papers_are_sent_drawn_and_guided_through_the_api(api):
    officer, facts = api(OFFICER), papers.facts_of("miit_enterprise", [])
    made = officer.post("/api/v1/filings", json={"kind": "miit_enterprise", "facts": facts}).json()
    base = f"/api/v1/filings/{made['id']}"
    assert officer.post(f"{base}/documents?filename=letter.pdf", content=papers.ATTACHED).status_code == 201
    drawn = officer.post(f"{base}/documents/draw", json={"kind": "json", "language": "en"}).json()
    content = officer.get(f"{base}/documents/{drawn['id']}/content")
    assert (len(content.content), content.headers["x-content-type-options"]) == (drawn["length"], "nosniff")
    assert officer.post(f"{base}/documents/draw", json={"kind": "exe"}).status_code == 422
    assert officer.post(f"{base}/complete").status_code == 200
    assert api(SECOND).post(f"{base}/sign-off").status_code == 200
    assert officer.post(f"{base}/send").json()["status"] == "submitted"
    api.room.work()
    shown = officer.get(base).json()
    assert shown["packet"]["status"] == "handed"
    assert officer.get(f"{base}/guide").json()["items"][0]["field"] == "producer_name"
    code = shown["packet"]["files"]
    assert len(code) == 6
    query = "filename=scan.pdf&role=scan&pages=2&code=elsewhere"
    scan = officer.post(f"{base}/documents?{query}", content=papers.pdf("scan")).json()
    assert api(SECOND).post(f"{base}/documents/{scan['id']}/confirm").json()["confirmed_by"] == SECOND.id
    word = {"at": "2026-03-02T10:00:00+08:00", "receipt": "1", "receipt_again": "1", "scans": [scan["id"]]}
    assert officer.post(f"{base}/confirm", json=word).json()["code"] == "scan.foreign"
    assert officer.post(f"{base}/resend", json={"reason": "x"}).status_code == 409
    assert officer.post(f"{base}/cancel", json={"reason": "by hand"}).json()["status"] == "signed_off"
