"""Filings: the whole life cycle, four eyes, and what the gate asks."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select

from roadworthy.database import Actor, Database
from roadworthy.database.schema import event
from roadworthy.filings import actions, store, web
from roadworthy.filings.model import FilId, Filing, FilingKind, Scope
from roadworthy.filings.rules import Incomplete, covers, state_word
from roadworthy.filings.states import FILING
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Malformed, NotFound, NotPermitted, Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.products import actions as products
from roadworthy.products.model import ParameterDefinition, ParameterType, TypId

from .app import ADMINISTRATOR, AUDITOR, COMPLIANCE, NOBODY, OFFICER, SECOND, client

SYSTEM = Actor("system:worker")
PACKAGE, DOCUMENT = "ab" * 32, "cd" * 32
RECEIPT = {"receipt_number": "OTA-2026-17", "receipt_date": "2026-03-02", "document_sha256": DOCUMENT}


@pytest.fixture
def type_id(database: Database) -> TypId:
    made = products.add_vehicle_type(
        database, OFFICER, model_code="EX1", name="One", automation_level=2, licensed_manufacturer="Example"
    )
    products.define_parameter(
        database,
        OFFICER,
        ParameterDefinition("speed", Text("速", "speed"), ParameterType.NUMBER, "km/h", True, None),
    )
    return made.id


@pytest.fixture
def activity(database: Database, type_id: TypId) -> Filing:
    scope = Scope(vehicle_type_ids=(type_id,), package_sha256=PACKAGE, planned_release="2026-03-10")
    return actions.draft(database, OFFICER, "miit_activity", scope)


def submit(database: Database, filing: Filing) -> Filing:
    return actions.submit(database, OFFICER, filing.id, "2026-03-02")


def accept(database: Database, filing: Filing, **more: str) -> Filing:
    return actions.accept(database, SECOND, filing.id, **{**RECEIPT, **more})


PATHS: dict[str, list[str]] = {
    "draft": [], "submitted": ["submit"], "accepted": ["submit", "accept"], "returned": ["submit", "return"],
    "refused": ["submit", "refuse"], "withdrawn": ["submit", "accept", "withdraw"],
    "expired": ["submit", "accept", "expire"],
}  # fmt: skip
VERBS: dict[str, Callable[[Database, Filing, Actor | None], Filing]] = {
    "submit": lambda db, f, who: actions.submit(db, who or OFFICER, f.id, "2026-03-02"),
    "accept": lambda db, f, who: actions.accept(db, who or SECOND, f.id, **RECEIPT, valid_until="2026-03-02"),
    "return": lambda db, f, who: actions.send_back(db, who or OFFICER, f.id, "page 3 is missing"),
    "refuse": lambda db, f, who: actions.refuse(db, who or OFFICER, f.id, "not admissible"),
    "amend": lambda db, f, who: actions.amend(db, who or OFFICER, f.id),
    "withdraw": lambda db, f, who: actions.withdraw(db, who or COMPLIANCE, f.id, "hash was wrong"),
    "expire": lambda db, f, who: actions.expire(db, who or SYSTEM, f.id),
}


def brought_to(database: Database, filing: Filing, status: str) -> Filing:
    for verb in PATHS[status]:
        if verb == "expire":
            database.time.advance(days=1)
        filing = VERBS[verb](database, filing, None)
    database.time.advance(days=1)
    return filing


def test_the_tables_of_this_test_name_every_state_and_verb() -> None:
    assert (set(PATHS), set(VERBS)) == (FILING.states, FILING.verbs)


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("status", sorted(PATHS))
def test_every_state_and_verb(database: Database, activity: Filing, status: str, verb: str) -> None:
    filing = brought_to(database, activity, status)
    assert filing.status == status
    allowed = {(m.state, m.verb): m for m in FILING.moves}
    if (status, verb) not in allowed:
        with pytest.raises(WrongState):
            VERBS[verb](database, filing, None)
        return
    move = allowed[status, verb]
    for stranger in (NOBODY, ADMINISTRATOR, AUDITOR, COMPLIANCE if move.role != "compliance_officer" else SECOND):
        with pytest.raises(NotPermitted):
            VERBS[verb](database, filing, stranger)
    if verb == "accept":
        actions.accept(database, SECOND, filing.id, **RECEIPT)
    else:
        VERBS[verb](database, filing, None)
    with database.read() as view:
        last = view.all(select(event).order_by(event.c.seq))[-1]
        assert store.load_filing(view, filing.id).status == move.target
    word = (
        "returned"
        if verb == "return"
        else {"submit": "submitted", "withdraw": "withdrawn"}.get(verb, verb.rstrip("e") + "ed")
    )
    assert (last.kind, last.subject) == (f"filing.{word}", filing.id)
    assert f'"move":{{"clause":"N45-6a","from":"{status}","to":"{move.target}","verb":"{verb}"}}' in last.body
    assert "OTA-2026-17" not in last.body


def test_the_author_cannot_record_the_acceptance(database: Database, activity: Filing) -> None:
    submitted = submit(database, activity)
    with pytest.raises(NotPermitted) as caught:
        actions.accept(database, OFFICER, submitted.id, **RECEIPT)
    assert caught.value.error_code == "four_eyes"
    assert accept(database, submitted).approver == SECOND.id


def test_the_database_itself_holds_the_four_eyes_and_the_receipt(database: Database, activity: Filing) -> None:
    row = {
        **activity.to_json(),
        "salt": "00",
        "created_at": database.time.now(),
        "id": "FIL-01ARZ3NDEKTSV4RRFFQ69G5FAV",
    }
    columns = {c.name: row.get(c.name) for c in store.filing.columns}
    for changes in ({"approver": OFFICER.id}, {"status": "accepted", "approver": SECOND.id}):
        with pytest.raises(Refused), database.begin(SYSTEM) as work:
            work.connection.execute(insert(store.filing).values({**columns, **changes}))
    with pytest.raises(NotPermitted, match="author"), database.begin(SYSTEM) as work:
        work.connection.execute(insert(store.filing).values({**columns, "approver": OFFICER.id}))


def test_only_the_author_rewrites_a_filing(database: Database, activity: Filing) -> None:
    with pytest.raises(NotPermitted, match="author"):
        actions.revise(database, SECOND, activity.id, package_sha256="00" * 32)
    assert actions.revise(database, OFFICER, activity.id, package_sha256="00" * 32).scope.package_sha256 == "00" * 32
    returned = brought_to(database, activity, "returned")
    with pytest.raises(NotPermitted, match="author"):
        actions.amend(database, SECOND, returned.id)
    with pytest.raises(WrongState):
        actions.revise(database, OFFICER, returned.id, package_sha256=PACKAGE)
    amended = actions.amend(database, OFFICER, returned.id, planned_release="2026-04-01")
    assert (amended.status, amended.submitted_on, amended.scope.planned_release) == ("draft", None, "2026-04-01")


@pytest.mark.parametrize(
    ("kind", "lacking"),
    [
        ("miit_enterprise", ""), ("miit_type", "vehicle_type_ids"),
        ("miit_activity", "vehicle_type_ids, package_sha256"),
        ("miit_change_permit", "vehicle_type_ids"), ("samr_record", "vehicle_type_ids, package_sha256"),
        ("recall_plan", "vehicle_type_ids"),
    ],
)  # fmt: skip
def test_an_incomplete_form_is_not_submitted(database: Database, kind: str, lacking: str) -> None:
    made = actions.draft(database, OFFICER, kind, Scope())
    if lacking:
        with pytest.raises(Incomplete, match=lacking):
            submit(database, made)
    else:
        assert submit(database, made).status == "submitted"


def test_a_change_permit_carries_values_for_each_vehicle_type(database: Database, type_id: TypId) -> None:
    permit = actions.draft(database, OFFICER, "miit_change_permit", Scope(vehicle_type_ids=(type_id,)))
    with pytest.raises(Incomplete, match="parameter_values"):
        submit(database, permit)
    for values, error in (
        ({type_id: {"ghost": "1"}}, Unusable),
        ({type_id: {"speed": 1.5}}, Unusable),
        ({"TYP-01ARZ3NDEKTSV4RRFFQ69G5FAV": {"speed": "1"}}, Unusable),
    ):
        with pytest.raises(error):
            actions.revise(database, OFFICER, permit.id, parameter_values=values)
    revised = actions.revise(database, OFFICER, permit.id, parameter_values={type_id: {"speed": "130.0"}})
    assert revised.scope.parameter_values == {type_id: {"speed": "130"}}
    accept(database, submit(database, revised))
    with database.read() as view:
        granted = actions.change_permit(view, type_id, {"speed": "130"})
        assert granted is not None
        assert granted.id == permit.id
        for after in ({"speed": "131"}, {"speed": "130", "odc": "x"}, {}):
            assert actions.change_permit(view, type_id, after) is None
        assert actions.change_permit(view, "TYP-0", {"speed": "130"}) is None
        body = view.scalar(select(event.c.body).where(event.c.kind == "filing.accepted"))
    assert '"has_values":true' in body


def test_wrong_facts_are_told(database: Database, type_id: TypId, activity: Filing) -> None:
    for call, error in (
        (lambda: actions.draft(database, OFFICER, "letter", Scope()), Unusable),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope((TypId("TYP-0"),))), NotFound),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(package_sha256="xy")), Unusable),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(release_id="CMP-1")), Unusable),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(planned_release="soon")), Malformed),
        (lambda: actions.draft(database, OFFICER, "miit_type", Scope(parameter_values={})), Unusable),
        (lambda: actions.draft(database, COMPLIANCE, "miit_type", Scope()), NotPermitted),
        (lambda: actions.revise(database, OFFICER, activity.id, status="accepted"), Unusable),
        (lambda: actions.submit(database, OFFICER, activity.id, "2026-03-03"), Unusable),
        (lambda: actions.submit(database, OFFICER, activity.id, "2 March"), Malformed),
        (lambda: actions.submit(database, OFFICER, FilId("FIL-0"), "2026-03-02"), NotFound),
    ):
        with pytest.raises(error):
            call()
    submitted = submit(database, activity)
    for facts, error in (
        ({"receipt_number": " "}, Unusable), ({"receipt_date": "2026-03-01"}, Unusable),
        ({"receipt_date": "2026-03-03"}, Unusable), ({"document_sha256": "AB" * 32}, Unusable),
        ({"valid_until": "2026-03-01"}, Unusable),
    ):  # fmt: skip
        with pytest.raises(error):
            accept(database, submitted, **facts)
    with pytest.raises(Unusable, match="remark"):
        actions.send_back(database, OFFICER, submitted.id, "")
    with database.read() as view:
        assert store.load_filing(view, activity.id) == submitted


def test_the_day_is_the_one_in_beijing(database: Database, activity: Filing) -> None:
    database.time.moment = database.time.moment.replace(day=2, hour=17)  # 01:00 of the next day in Beijing
    assert actions.submit(database, OFFICER, activity.id, "2026-03-03").submitted_on == "2026-03-03"


def test_the_package_is_delivered_once_after_the_form(database: Database, activity: Filing) -> None:
    with pytest.raises(WrongState):
        actions.deliver_package(database, OFFICER, activity.id, "2026-03-02")
    submit(database, activity)
    with pytest.raises(NotPermitted):
        actions.deliver_package(database, AUDITOR, activity.id, "2026-03-02")
    assert actions.deliver_package(database, OFFICER, activity.id, "2026-03-02").package_delivered_on == "2026-03-02"
    with pytest.raises(Refused, match="already"):
        actions.deliver_package(database, OFFICER, activity.id, "2026-03-02")


def test_the_gate_sees_none_submitted_valid(database: Database, type_id: TypId, activity: Filing) -> None:
    def word(type_asked: str | None = type_id, package: str | None = PACKAGE) -> str:
        with database.read() as view:
            return actions.standing(view, FilingKind.MIIT_ACTIVITY, type_asked, package)[0]

    assert word() == "none"
    submit(database, activity)
    assert word() == "submitted"
    accept(database, activity, valid_until="2026-03-05")
    assert (word(), word(None, None), word("TYP-0"), word(package=DOCUMENT)) == ("valid", "valid", "none", "none")
    with database.read() as view:
        assert actions.in_force(view, FilingKind.MIIT_ACTIVITY, type_id, PACKAGE) is not None
        assert actions.in_force(view, FilingKind.SAMR_RECORD, type_id, PACKAGE) is None
    database.time.advance(days=4)
    assert word() == "none"  # it ended by itself, before anybody recorded it
    with database.read() as view:
        today = date(2026, 3, 6)
        assert store.ended_filings(view, today) == [activity.id]
        assert view.all(store.accepted_select([activity.id], today)) == []
        assert [r.id for r in view.all(store.accepted_select([activity.id]))] == [activity.id]
    with pytest.raises(NotPermitted):
        actions.expire(database, OFFICER, activity.id)
    actions.expire(database, SYSTEM, activity.id)
    with database.read() as view:
        assert view.all(store.accepted_select([activity.id])) == []


def test_withdrawal_ends_force_at_once(database: Database, type_id: TypId, activity: Filing) -> None:
    accept(database, submit(database, activity))
    actions.withdraw(database, COMPLIANCE, activity.id, "wrong hash")
    with database.read() as view:
        assert actions.in_force(view, FilingKind.MIIT_ACTIVITY, type_id, PACKAGE) is None
        assert view.all(store.accepted_select([activity.id])) == []


def test_a_valid_filing_is_not_hidden_by_a_newer_submitted_one(
    database: Database, type_id: TypId, activity: Filing
) -> None:
    accept(database, submit(database, activity))
    database.time.advance(hours=1)
    submit(database, actions.draft(database, OFFICER, "miit_activity", activity.scope))
    with database.read() as view:
        word, found = actions.standing(view, FilingKind.MIIT_ACTIVITY, type_id, PACKAGE)
    assert found is not None
    assert (word, found.id) == ("valid", activity.id)


def test_an_enterprise_filing_covers_the_company(database: Database, type_id: TypId) -> None:
    made = actions.draft(database, OFFICER, "miit_enterprise", Scope())
    assert covers(made, type_id, PACKAGE)
    assert (state_word(None), state_word(made)) == ("none", "none")


def test_expiry_waits_for_the_last_day(database: Database, activity: Filing) -> None:
    accept(database, submit(database, activity), valid_until="2026-03-02")
    with pytest.raises(Refused, match="not ended"):
        actions.expire(database, SYSTEM, activity.id)
    database.time.moment += timedelta(days=1)
    assert actions.expire(database, SYSTEM, activity.id).status == "expired"


def test_api_walks_a_filing_to_its_receipt(database: Database, type_id: TypId) -> None:
    first, second = client(database, OFFICER, web.router), client(database, SECOND, web.router)
    body = {"kind": "samr_record", "vehicle_type_ids": [type_id], "package_sha256": PACKAGE}
    made = first.post("/api/v1/filings", json=body).json()
    base = f"/api/v1/filings/{made['id']}"
    assert (made["authority"], made["clause"], made["status"]) == ("SAMR", "SAMR20-1", "draft")
    assert first.patch(base, json={"planned_release": "2026-03-20"}).json()["planned_release"] == "2026-03-20"
    assert first.post(f"{base}/submit", json={"submitted_on": "2026-03-02"}).json()["status"] == "submitted"
    assert first.post(f"{base}/return", json={"remark": "page 3"}).json()["status"] == "returned"
    assert first.post(f"{base}/amend", json={}).json()["vehicle_type_ids"] == [type_id]
    assert first.post(f"{base}/submit", json={"submitted_on": "2026-03-02"}).status_code == 200
    assert first.post(f"{base}/package", json={"delivered_on": "2026-03-02"}).status_code == 200
    for answer, status in (
        (first.post(f"{base}/accept", json=RECEIPT), 403),
        (second.post(f"{base}/accept", json={**RECEIPT, "receipt_date": 7}), 422),
        (second.post(f"{base}/accept", json={}), 422),
        (second.post(f"{base}/submit", json={"submitted_on": "2026-03-02"}), 409),
        (second.post(f"{base}/stamp", json={}), 404),
        (second.delete(base), 405),
        (second.get("/api/v1/filings/REL-1"), 400),
        (second.post("/api/v1/filings", json={"kind": "letter"}), 422),
        (client(database, None, web.router).get("/api/v1/filings"), 401),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert second.post(f"{base}/accept", json=RECEIPT).json()["approver"] == SECOND.id
    assert [f["id"] for f in first.get("/api/v1/filings", params={"status": "accepted"}).json()["items"]] == [
        made["id"]
    ]
    boss = client(database, COMPLIANCE, web.router)
    assert boss.post(f"{base}/withdraw", json={"remark": "wrong hash"}).json()["status"] == "withdrawn"
    assert first.get(base).json()["status"] == "withdrawn"
