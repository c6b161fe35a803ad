"""Registered values, and what an upgrade changes of them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.admission import actions, store, web
from roadworthy.admission.rules import diff
from roadworthy.database import Database
from roadworthy.filings.model import Scope
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotFound, NotPermitted, Refused, Unusable
from roadworthy.products import actions as products
from roadworthy.products.model import ParameterDefinition, ParameterType, TypId
from tests import papers

from .app import AUDITOR, OFFICER, SECOND, client


def definition(key: str, kind: str = "number", **facts: object) -> ParameterDefinition:
    given_facts = {"unit": "km/h", "is_main": True, "tolerance": None, **facts}
    return ParameterDefinition(key, Text("参数", "parameter"), ParameterType(kind), **given_facts)  # type: ignore[arg-type]


DEFINED = {
    d.key: d
    for d in (
        definition("speed", tolerance="0.5"), definition("odc", "text", is_main=None), definition("roads", "list"),
        definition("hands_off", "bool", is_main=False),
    )
}  # fmt: skip
REGISTERED = {"speed": "120", "odc": "Highway, day", "roads": ["a", "b"], "hands_off": False}


def test_equal_values_are_no_change() -> None:
    declared = {"speed": "120.5", "odc": " Ｈighway,\n day", "roads": ["b", "a", "a"], "hands_off": False}

    assert diff(REGISTERED, declared, DEFINED, DEFINED) == ((), ())


def test_changes_name_flag_before_after_and_unit() -> None:
    declared = {"speed": "130", "odc": "Highway, night", "roads": ["a"], "hands_off": True}

    changes, missing = diff(REGISTERED, declared, DEFINED, DEFINED)

    assert missing == ()
    assert [(c.name, c.is_main, c.counts_as_main) for c in changes] == [
        ("hands_off", False, False), ("odc", None, True), ("roads", True, True), ("speed", True, True),
    ]  # fmt: skip
    assert changes[-1].to_json() == {"name": "speed", "is_main": True, "before": "120", "after": "130", "unit": "km/h"}


def test_a_declared_parameter_is_compared_although_no_touched_ecu_influences_it() -> None:
    assert [c.name for c in diff(REGISTERED, {"speed": "99"}, DEFINED, [])[0]] == ["speed"]


def test_an_undefined_declared_parameter_is_an_error() -> None:
    with pytest.raises(Unusable, match="ghost"):
        diff(REGISTERED, {"ghost": "1"}, DEFINED, [])


@given(st.sets(st.sampled_from(sorted(DEFINED))), st.sets(st.sampled_from(sorted(DEFINED))), st.data())
def test_no_declared_or_no_registered_value_is_missing(touched: set[str], known: set[str], data: st.DataObject) -> None:
    declared = {key: REGISTERED[key] for key in data.draw(st.sets(st.sampled_from(sorted(DEFINED))))}
    registered = {key: REGISTERED[key] for key in known}

    changes, missing = diff(registered, declared, DEFINED, touched)

    looked_at = touched | set(declared)
    assert set(missing) == {key for key in looked_at if key not in declared or key not in registered}
    assert changes == ()


def test_null_and_undefined_are_missing_not_equal() -> None:
    assert diff({"speed": None}, {"speed": None}, DEFINED, ["speed"]) == ((), ("speed",))
    assert diff({}, {}, DEFINED, ["never_defined"]) == ((), ("never_defined",))


numbers = st.decimals(min_value=-(10**15), max_value=10**15, places=9, allow_nan=False)


@given(numbers, numbers, st.decimals(min_value=0, max_value=10**6, places=9))
def test_numbers_change_exactly_when_apart_more_than_the_tolerance(a: Decimal, b: Decimal, tolerance: Decimal) -> None:
    defined = {"n": definition("n", tolerance=f"{tolerance:f}")}

    changes, missing = diff({"n": str(a)}, {"n": str(b)}, defined, ["n"])

    assert missing == ()
    assert bool(changes) == (abs(a - b) > tolerance)


@given(numbers, st.decimals(min_value=0, max_value=1, places=9))
def test_within_the_tolerance_is_no_change(a: Decimal, part: Decimal) -> None:
    tolerance = Decimal("0.25")
    defined = {"n": definition("n", tolerance="0.25")}
    for sign in (1, -1):
        assert diff({"n": str(a)}, {"n": str(a + sign * tolerance * part)}, defined, ["n"]) == ((), ())


@pytest.mark.parametrize(("a", "b"), [("1" * 30, "1" * 29 + "2"), ("0." + "0" * 28 + "1", "0." + "0" * 28 + "2")])
def test_long_numbers_are_compared_exactly(a: str, b: str) -> None:
    assert len(diff({"n": a}, {"n": b}, {"n": definition("n")}, ["n"])[0]) == 1
    assert diff({"n": a}, {"n": b}, {"n": definition("n", tolerance="1")}, ["n"]) == ((), ())


@pytest.fixture
def type_id(database: Database) -> TypId:
    products.define_parameters(database, OFFICER, DEFINED.values())
    made = products.add_vehicle_type(
        database, OFFICER, model_code="EX1", name="One", automation_level=2, licensed_manufacturer="Example"
    )
    return made.id


def permit_for(database: Database, type_id: TypId, values: dict[str, Any]) -> str:
    scope = Scope(vehicle_type_ids=(type_id,), parameter_values={type_id: actions_values(database, values)})
    made = papers.drafted(database, OFFICER, "miit_change_permit", scope)
    papers.submitted(database, OFFICER, SECOND, made, "2026-02-20")
    papers.accepted(database, SECOND, made, receipt_date="2026-02-25")
    return made.id


def actions_values(database: Database, values: dict[str, Any]) -> dict[str, Any]:
    with database.read() as view:
        return actions.parse_values(view, values)


def test_values_on_the_ground_of_a_permit_need_that_very_permit(database: Database, type_id: TypId) -> None:
    permit = permit_for(database, type_id, {"speed": "130"})
    for values, reference in (({"speed": "160"}, permit), ({"odc": "anywhere"}, permit)):
        with pytest.raises(Refused, match="no change permit in force"):
            actions.register_values(database, OFFICER, type_id, values, ground="change_permit", reference=reference)
    with pytest.raises(NotFound):
        actions.register_values(
            database, OFFICER, type_id, {"speed": "130"}, ground="change_permit", reference="FIL-never-existed"
        )


def test_registered_values_have_ground_and_history(database: Database, type_id: TypId) -> None:
    first = actions.register_values(
        database, OFFICER, type_id, REGISTERED, ground="announcement", reference="batch 390"
    )
    database.time.advance(days=1)
    again = {"speed": "120.0", "odc": "Highway, night"}
    permit = permit_for(database, type_id, again)
    second = actions.register_values(database, OFFICER, type_id, again, ground="change_permit", reference=permit)
    third = actions.register_values(database, OFFICER, type_id, again, ground="change_permit", reference=permit)

    assert (len(first), [v.parameter_key for v in second], third) == (4, ["odc"], ())
    with database.read() as view:
        assert store.plain_values(view, type_id) == {**REGISTERED, "odc": "Highway, night"}
        told = [(v.value, v.current, v.ground) for v in store.value_history(view, type_id, "odc")]
    assert told == [("Highway, day", False, "announcement"), ("Highway, night", True, "change_permit")]


def test_a_wrong_value_leaves_nothing_half_written(database: Database, type_id: TypId) -> None:
    for values, error in (({"speed": "1", "odc": 7}, Unusable), ({"speed": "1", "ghost": "2"}, Unusable)):
        with pytest.raises(error):
            actions.register_values(database, OFFICER, type_id, values, ground="announcement", reference="1")
    with pytest.raises(Unusable, match="ground"):
        actions.register_values(database, OFFICER, type_id, {}, ground="gossip", reference="1")
    with pytest.raises(NotPermitted):
        actions.register_values(database, AUDITOR, type_id, {"speed": "1"}, ground="announcement", reference="1")
    ghost = TypId("TYP-01ARZ3NDEKTSV4RRFFQ69G5FAV")
    with pytest.raises(NotFound):
        actions.register_values(database, OFFICER, ghost, {"speed": "1"}, ground="announcement", reference="1")
    with database.read() as view:
        assert store.plain_values(view, type_id) == {}


def test_api_registers_and_tells(database: Database, type_id: TypId) -> None:
    http = client(database, OFFICER, web.router)
    base = f"/api/v1/vehicle-types/{type_id}/parameter-values"
    body = {"ground": "announcement", "reference": "390", "values": {"speed": "120.0", "hands_off": True}}
    assert len(http.post(base, json=body).json()["items"]) == 2
    assert [v["value"] for v in http.get(base).json()["items"]] == [True, "120"]
    assert len(http.get(f"{base}/speed/history").json()["items"]) == 1
    for answer, status in (
        (http.post(base, json={**body, "values": {"speed": 120.5}}), 422),
        (http.post(base, json={**body, "values": {"ghost": 1}}), 422),
        (http.post(base, json={**body, "more": 1}), 422),
        (http.get(f"{base}/ghost/history"), 404),
        (http.delete(base), 405),
        (http.get("/api/v1/vehicle-types/x/parameter-values"), 400),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
