"""Production consistency: built values against the registry, findings that hold a model, who may close them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.admission import actions, rules, store, web
from roadworthy.admission.model import BuildRecord, Verdict
from roadworthy.admission.states import FINDING
from roadworthy.database import Database
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.products.model import ParameterDefinition, ParameterType, TypId

from .app import AUDITOR, COMPLIANCE, OFFICER, client
from .models import BOTH, REGISTERED, built, define, model
from .vehicles import vin


@pytest.fixture
def type_id(database: Database) -> TypId:
    define(database)
    made = model(database)
    database.time.advance(minutes=1)
    return made


def standing(database: Database, type_id: TypId) -> tuple[bool | None, int, tuple[str, ...]]:
    with database.read() as view:
        found = actions.consistency(view, type_id)
    return found.checked, len(found.findings), found.unchecked


def only_finding(database: Database, type_id: TypId) -> str:
    with database.read() as view:
        (found,) = store.list_findings(view, type_id)
    return found.id


def test_production_is_checked_once_every_main_parameter_was_compared(database: Database, type_id: TypId) -> None:
    main = ("cdas_fitted", "functions", "speed_max")  # unknown counts as main
    assert standing(database, type_id) == (None, 0, main)
    actions.record_builds(database, OFFICER, [BuildRecord(vin(1), type_id, "speed_max", "120.9")], "plant")
    assert standing(database, type_id) == (None, 0, ("cdas_fitted", "functions"))
    built(database, type_id, vin(1), speed_max="121")
    assert standing(database, type_id) == (True, 0, ())
    database.time.advance(minutes=1)
    more = {"speed_max": "130"}
    actions.register_values(database, OFFICER, type_id, more, ground="announcement", reference="batch 401")
    assert standing(database, type_id) == (None, 0, ("speed_max",))


def test_what_is_built_otherwise_holds_the_model_until_it_is_shown_corrected(
    database: Database, type_id: TypId
) -> None:
    answer = built(database, type_id, vin(1), speed_max="130")
    built(database, type_id, vin(2))
    assert [(f["parameter_key"], f["registered"], f["built"], f["vehicles"]) for f in answer["findings"]] == [
        ("speed_max", "120", ["130"], 1)
    ]
    assert standing(database, type_id)[:2] == (False, 1)
    finding = only_finding(database, type_id)
    assert actions.settle_finding(database, BOTH, finding, "confirm", "flashed wrongly").holds
    assert standing(database, type_id)[:2] == (False, 1)
    with pytest.raises(Refused, match="1 vehicles"):
        actions.settle_finding(database, BOTH, finding, "correct", "done")
    database.time.advance(minutes=1)
    built(database, type_id, vin(1))
    actions.settle_finding(database, BOTH, finding, "correct", "flashed again")
    assert standing(database, type_id) == (True, 0, ())


@pytest.mark.parametrize("status", sorted(FINDING.states))
@pytest.mark.parametrize("verb", sorted(FINDING.verbs))
def test_every_state_and_verb(database: Database, type_id: TypId, status: str, verb: str) -> None:
    built(database, type_id, vin(1), speed_max="130")
    database.time.advance(minutes=1)
    built(database, type_id, vin(1))
    finding = only_finding(database, type_id)
    path = {"open": None, "explained": "explain", "corrected": "correct", "confirmed": "confirm"}[status]
    if path:
        actions.settle_finding(database, COMPLIANCE, finding, path, "seen")
    with pytest.raises((NotPermitted, WrongState)):
        actions.settle_finding(database, AUDITOR, finding, verb, "seen")
    if any((m.state, m.verb) == (status, verb) for m in FINDING.moves):
        found = actions.settle_finding(database, COMPLIANCE, finding, verb, "seen")
        assert found.status == FINDING.move(status, verb).target
    else:
        with pytest.raises(WrongState):
            actions.settle_finding(database, COMPLIANCE, finding, verb, "seen")


def test_who_found_it_cannot_close_it(database: Database, type_id: TypId) -> None:
    records = [BuildRecord(vin(1), type_id, "speed_max", "130")]
    actions.record_builds(database, BOTH, records, "plant")
    finding = only_finding(database, type_id)
    with pytest.raises(NotPermitted, match="another person"):
        actions.settle_finding(database, BOTH, finding, "explain", "all is well")


def test_a_value_without_a_registered_one_is_counted_and_opens_nothing(database: Database, type_id: TypId) -> None:
    other = model(database, "EX2", register=False)
    answer = built(database, other, vin(1))
    assert (answer["check"]["unregistered"], answer["check"]["different"], answer["findings"]) == (4, 0, [])
    assert standing(database, other)[0] is None


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (("LEX00000", "speed_max", "1"), "VIN"), ((vin(1), "ghost", "1"), "not defined"),
        ((vin(1), "speed_max", "fast"), "no number"), ((vin(1), "cdas_fitted", "true"), "takes a bool"),
    ],
)  # fmt: skip
def test_a_wrong_record_leaves_nothing_behind(
    database: Database, type_id: TypId, record: tuple[str, str, str], told: str
) -> None:
    good = BuildRecord(vin(2), type_id, "speed_max", "120")
    with pytest.raises(Unusable, match=told):
        actions.record_builds(database, OFFICER, [good, BuildRecord(record[0], type_id, *record[1:])], "plant")
    with database.read() as view:
        assert store.list_checks(view) == []
    with pytest.raises(NotPermitted):
        actions.record_builds(database, AUDITOR, [good], "plant")


numbers = st.decimals(min_value=-(10**6), max_value=10**6, places=3, allow_nan=False)


@given(numbers, numbers, st.decimals(min_value=0, max_value=100, places=3))
def test_a_build_differs_exactly_when_it_is_apart_more_than_the_tolerance(
    a: Decimal, b: Decimal, most: Decimal
) -> None:
    one = ParameterDefinition("n", Text("数", "n"), ParameterType.NUMBER, "", True, f"{most:f}")
    record = BuildRecord("VIN", TypId("TYP-1"), "n", f"{b:f}")
    found = rules.compare_build(record, one, f"{a:f}")
    assert found.verdict == (Verdict.DIFFERENT if abs(a - b) > most else Verdict.EQUAL)
    assert rules.compare_build(record, one, None).verdict is Verdict.UNREGISTERED


def test_api_takes_records_and_tells_who_holds(database: Database, type_id: TypId) -> None:
    http = client(database, OFFICER, web.router)
    records = [
        {"vin": vin(1), "vehicle_type_id": type_id, "parameter": key, "value": value}
        for key, value in {**REGISTERED, "functions": ["acc"]}.items()
    ]
    made = http.post("/api/v1/build-records", json={"source": "MES", "records": records})
    assert (made.status_code, made.json()["check"]["different"]) == (201, 1)
    told = http.get(f"/api/v1/vehicle-types/{type_id}/consistency").json()
    assert (told["production_consistency_checked"], told["production_released"]) == (False, False)
    (finding,) = http.get("/api/v1/consistency-findings?status=open").json()["items"]
    path = f"/api/v1/consistency-findings/{finding['id']}"
    assert http.post(f"{path}/explain", json={"remark": "x"}).status_code == 403
    assert http.post(f"{path}/forget", json={"remark": "x"}).json()["code"] == "verb.unknown"
    other = client(database, COMPLIANCE, web.router)
    assert other.post(f"{path}/explain", json={"remark": "typing error"}).json()["holds"] is False
    assert len(http.get("/api/v1/consistency-checks").json()["items"]) == 1
