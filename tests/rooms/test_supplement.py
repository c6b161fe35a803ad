"""Reports, the Annex 2 supplement computed from them, and the plans after an admission."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.admission import actions, rules, store, web
from roadworthy.admission.model import Authority, RctId, SupplementReceipt
from roadworthy.admission.states import PLAN, RECEIPT, REPORT
from roadworthy.database import Database
from roadworthy.filings.model import Scope
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.products import actions as products
from roadworthy.products.model import ParameterDefinition, ParameterType, TypId
from tests import papers

from .app import AUDITOR, OFFICER, SECOND, client
from .models import define, model, receipt, report
from .upgrades import packs


@pytest.fixture
def type_id(database: Database) -> TypId:
    define(database)
    return model(database)


def state(database: Database, type_id: TypId) -> tuple[bool, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    with database.read() as view:
        found = actions.supplement(view, type_id)
    return found.supplemented, found.missing, found.unverified, found.lacking


def test_a_model_is_supplemented_by_values_reports_and_both_receipts(database: Database, type_id: TypId) -> None:
    both = ("MIIT", "SAMR")
    assert state(database, type_id) == (False, (), ("speed_max",), both)
    report(database, type_id)
    receipt(database, type_id, "MIIT")
    assert state(database, type_id) == (False, (), (), ("SAMR",))
    pending = receipt(database, type_id, "SAMR", confirm=False)
    assert state(database, type_id)[0] is False
    actions.confirm_receipt(database, SECOND, pending.id)
    assert state(database, type_id) == (True, (), (), ())


def test_what_no_longer_counts_takes_the_supplement_away(database: Database, type_id: TypId) -> None:
    short = report(database, type_id, valid_until="2026-03-05")
    miit, _ = receipt(database, type_id, "MIIT"), receipt(database, type_id, "SAMR")
    assert state(database, type_id)[0]
    database.time.advance(days=5)
    assert state(database, type_id)[2] == ("speed_max",)
    longer = report(database, type_id, number="T-2")
    assert state(database, type_id)[0]
    actions.withdraw_report(database, OFFICER, longer.id)
    assert state(database, type_id)[2] == ("speed_max",)
    report(database, type_id, number="T-3")
    actions.withdraw_receipt(database, OFFICER, miit.id)
    assert state(database, type_id)[3] == ("MIIT",)
    with database.read() as view:
        assert [one.id for one in store.expiring_reports(view, "2026-03-31")] == [short.id]


def test_a_parameter_that_is_asked_for_later_needs_value_and_receipts_again(database: Database, type_id: TypId) -> None:
    report(database, type_id)
    receipt(database, type_id, "MIIT")
    receipt(database, type_id, "SAMR")
    more = ParameterDefinition("lidar", Text("激光雷达", "lidar"), ParameterType.BOOL, "", None, None, annex2=True)
    products.define_parameter(database, OFFICER, more)
    assert state(database, type_id) == (False, ("lidar",), (), ("MIIT", "SAMR"))
    with pytest.raises(Refused, match="lidar"):
        receipt(database, type_id, "MIIT")


def test_while_no_parameter_is_of_annex_2_what_was_stated_counts(database: Database) -> None:
    stated = products.add_vehicle_type(
        database, OFFICER, model_code="OLD", name="Old", automation_level=2, licensed_manufacturer="E",
        annex2_supplemented=True,
    )  # fmt: skip
    with database.read() as view:
        assert (actions.supplement(view, stated.id).basis, actions.supplement(view, stated.id).supplemented) == (
            "stated", True,
        )  # fmt: skip
    define(database)
    assert state(database, stated.id)[0] is False


KEYS = ("cdas_fitted", "functions", "speed_max")


@given(st.sets(st.sampled_from(KEYS)), st.booleans() | st.none(), st.lists(st.tuples(
    st.sampled_from(list(Authority)), st.sampled_from(["recorded", "confirmed", "withdrawn"]),
    st.sets(st.sampled_from(KEYS)),
), max_size=4), st.booleans())  # fmt: skip
def test_a_supplement_is_complete_exactly_when_nothing_is_lacking(
    known: set[str], fitted: bool | None, papers: list[Any], verified: bool
) -> None:
    kinds = {"cdas_fitted": ParameterType.BOOL, "functions": ParameterType.LIST, "speed_max": ParameterType.NUMBER}
    definitions = {
        key: ParameterDefinition(
            key, Text(key, key), kinds[key], "", None, None, annex2=True, needs_report=key == "speed_max",
            needed_if=None if key == "cdas_fitted" else "cdas_fitted",
        )
        for key in KEYS
    }  # fmt: skip
    values: dict[str, Any] = dict.fromkeys(known, "1")
    values.pop("cdas_fitted", None)
    if fitted is not None:
        values["cdas_fitted"] = fitted
    type_id = TypId("TYP-01ARZ3NDEKTSV4RRFFQ69G5FAV")
    receipts = [
        SupplementReceipt(
            RctId("RCT-1"), type_id, who, "n", "d", "s", tuple(keys), "v", status, "a", None, "salt"
        )
        for who, status, keys in papers
    ]  # fmt: skip
    found = rules.supplement_state(definitions, values, ["speed_max"] if verified else [], receipts, stated=True)

    wanted = {"cdas_fitted"} if fitted is False else set(KEYS)  # unknown is not "no"
    covered = all(
        any(r.authority is who and r.status == "confirmed" and wanted <= set(r.parameters) for r in receipts)
        for who in Authority
    )
    assert found.supplemented == (wanted <= set(values) and covered and (verified or "speed_max" not in wanted))
    assert found.supplemented == (not (found.missing or found.unverified or found.lacking))


MOVES: dict[str, tuple[Any, Callable[..., Any], dict[str, Callable[..., Any]]]] = {
    "report": (
        REPORT,
        lambda db, t: report(db, t, check=False),
        {"check": actions.check_report,
         "withdraw": actions.withdraw_report},
    ),
    "receipt": (
        RECEIPT,
        lambda db, t: receipt(db, t, "MIIT", confirm=False),
        {"confirm": actions.confirm_receipt,
         "withdraw": actions.withdraw_receipt},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MOVES))
def test_every_state_and_verb_of_papers(database: Database, type_id: TypId, name: str) -> None:
    cycle, make, verbs = MOVES[name]
    assert set(verbs) == cycle.verbs
    ways = {cycle.initial: (), **{m.target: (m.verb,) for m in cycle.moves if m.state == cycle.initial}}
    assert set(ways) == cycle.states
    for status, path in ways.items():
        for verb, act in verbs.items():
            made = make(database, type_id)
            for step in path:
                made = verbs[step](database, SECOND, made.id)
            assert made.status == status
            with pytest.raises((NotPermitted, WrongState)):
                act(database, AUDITOR, made.id)
            if any((m.state, m.verb) == (status, verb) for m in cycle.moves):
                assert act(database, SECOND, made.id).status == cycle.move(status, verb).target
            else:
                with pytest.raises(WrongState):
                    act(database, SECOND, made.id)


def test_nobody_checks_the_own_paper(database: Database, type_id: TypId) -> None:
    for made, act in (
        (report(database, type_id, check=False), actions.check_report),
        (receipt(database, type_id, "MIIT", confirm=False), actions.confirm_receipt),
    ):
        with pytest.raises(NotPermitted, match="another person"):
            act(database, OFFICER, made.id)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"verifies": ()}, "verifies"), ({"verifies": ("ghost",)}, "ghost"), ({"issued_on": "2026-04-01"}, "future"),
        ({"valid_until": "2026-01-01"}, "before issued_on"), ({"sha256": "x"}, "64"), ({"kind": "guess"}, "inspection"),
        ({"number": " "}, "number"), ({"laboratory": "a\x00b"}, "laboratory"),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_is_told(database: Database, type_id: TypId, facts: Any, told: str) -> None:
    with pytest.raises(Unusable, match=told):
        report(database, type_id, **facts)


def test_plans_are_due_when_the_pack_says_and_are_filed_once_checked(database: Database, type_id: TypId) -> None:
    made = actions.record_admission(database, OFFICER, type_id, "2026-02-20", packs())
    assert [(one.kind, one.due_on, one.rule) for one in made] == [
        ("deep_test_plan", "2026-03-22", "N45-3a"),
        ("quality_safety_risk_assessment_plan", "2026-03-22", "N45-3a"),
    ]
    with pytest.raises(Refused, match="owed already"):
        actions.record_admission(database, OFFICER, type_id, "2026-02-20", packs())
    plan = made[0].id
    for early in (
        lambda: actions.check_plan(database, SECOND, plan),
        lambda: actions.file_plan(database, SECOND, plan, filing(database, type_id)),
    ):
        with pytest.raises(WrongState):
            early()
    actions.write_plan(database, OFFICER, plan, "plan.docx", "ab" * 32)
    actions.write_plan(database, OFFICER, plan, "plan-2.docx", "cd" * 32)
    with pytest.raises(NotPermitted):
        actions.check_plan(database, OFFICER, plan)
    actions.check_plan(database, SECOND, plan)
    with pytest.raises(WrongState):
        actions.write_plan(database, OFFICER, plan, "plan-3.docx", "ef" * 32)
    with pytest.raises(Refused, match="not sent"):
        actions.file_plan(database, OFFICER, plan, filing(database, type_id, send=False))
    with database.read() as view:
        assert actions.plans_submitted(view, type_id) is False
    found = actions.file_plan(database, OFFICER, plan, filing(database, type_id))
    assert (found.status, found.sha256) == ("filed", "cd" * 32)
    assert {m.verb for m in PLAN.moves} == {"write", "rewrite", "check", "file"}
    with database.read() as view:
        today = view.now.date().replace(month=4)
        assert {one.id: one.to_json(today)["overdue"] for one in store.list_plans(view, type_id)} == {
            plan: False,
            made[1].id: True,
        }


def test_an_imported_model_owes_no_plan_by_a_day(database: Database) -> None:
    abroad = products.add_vehicle_type(
        database, OFFICER, model_code="IMP", name="I", automation_level=2, imported=True
    )  # fmt: skip
    assert {one.due_on for one in actions.record_admission(database, OFFICER, abroad.id, "2026-02-20", packs())} == {
        None
    }
    with database.read() as view:
        assert actions.plans_submitted(view, TypId("TYP-01ARZ3NDEKTSV4RRFFQ69G5FAV")) is None


def filing(database: Database, type_id: TypId, *, send: bool = True) -> str:
    made = papers.drafted(database, OFFICER, "miit_type", Scope((type_id,)))
    return papers.submitted(database, OFFICER, SECOND, made, "2026-03-01").id if send else made.id


def test_api_tells_what_a_model_lacks(database: Database, type_id: TypId) -> None:
    http = client(database, OFFICER, web.router)
    found = http.get(f"/api/v1/vehicle-types/{type_id}/supplement").json()
    assert (found["supplemented"], found["unverified"], found["due"]) == (False, ["speed_max"], "2025-06-01")
    body = {"authority": "MIIT", "receipt_number": "1", "receipt_date": "2026-02-01", "document_sha256": "ab" * 32}
    made = http.post(f"/api/v1/vehicle-types/{type_id}/supplement/receipts", json=body).json()
    assert "salt" not in made
    assert http.post(f"/api/v1/supplement-receipts/{made['id']}/confirm").json()["code"] == "four_eyes"
    other = client(database, SECOND, web.router)
    assert other.post(f"/api/v1/supplement-receipts/{made['id']}/confirm").json()["status"] == "confirmed"
    assert http.get("/api/v1/test-reports?expiring_within=-1").status_code == 422
    assert http.get("/api/v1/admission-plans").json() == {"items": [], "next": None}
