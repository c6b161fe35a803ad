"""Vehicle types, ECUs and parameter definitions, and the values they take."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.database import Database
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotPermitted, Refused, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.products import actions, rules, store, web
from roadworthy.products.actions import NothingChanged
from roadworthy.products.model import Ecu, ParameterDefinition, ParameterType, VehicleType
from roadworthy.products.states import VEHICLE_TYPE

from .app import AUDITOR, OFFICER, SECOND, client


def definition(key: str = "acc.max_speed", kind: str = "number", **more: object) -> ParameterDefinition:
    facts = {"unit": "km/h", "is_main": True, "tolerance": None, **more}
    return ParameterDefinition(key, Text("最高车速", "highest speed"), ParameterType(kind), **facts)  # type: ignore[arg-type]


@pytest.fixture
def model(database: Database) -> VehicleType:
    return actions.add_vehicle_type(
        database,
        OFFICER,
        model_code="EX7000A",
        name="Example",
        automation_level=2,
        licensed_manufacturer="Example Auto",
    )


@pytest.fixture
def adcu(database: Database, model: VehicleType) -> Ecu:
    actions.define_parameter(database, OFFICER, definition())
    return actions.add_ecu(
        database, OFFICER, model.id, name="adcu", hardware_id="ADCU-1", supplier="Supplier", is_primary=True,
        influences=["acc.max_speed"],
    )  # fmt: skip


def test_what_is_saved_is_what_is_loaded(database: Database, model: VehicleType, adcu: Ecu) -> None:
    variant = actions.add_variant(database, OFFICER, model.id, "LR")
    with database.read() as view:
        assert store.load_vehicle_type(view, model.id) == model == store.type_by_code(view, "EX7000A")
        assert store.list_ecus(view, [model.id]) == [adcu] == [store.load_ecu(view, adcu.id)]
        assert store.list_variants(view, model.id) == [variant]
        assert store.all_definitions(view) == {"acc.max_speed": definition()}


@pytest.mark.parametrize("status", sorted(VEHICLE_TYPE.states))
@pytest.mark.parametrize("verb", sorted(VEHICLE_TYPE.verbs))
def test_every_state_and_verb(database: Database, model: VehicleType, status: str, verb: str) -> None:
    if status == "retired":
        actions.retire(database, OFFICER, model.id)
    if (status, verb) in (("active", "retire"), ("retired", "reinstate")):
        assert getattr(actions, verb)(database, OFFICER, model.id).status != status
    else:
        with pytest.raises(WrongState):
            getattr(actions, verb)(database, OFFICER, model.id)
    with pytest.raises((NotPermitted, WrongState)):
        getattr(actions, verb)(database, AUDITOR, model.id)


def test_only_the_homologation_officer_defines_products(database: Database, model: VehicleType, adcu: Ecu) -> None:
    for attempt in (
        lambda: actions.add_vehicle_type(
            database, AUDITOR, model_code="X", name="X", automation_level=0, imported=True
        ),
        lambda: actions.amend_vehicle_type(database, AUDITOR, model.id, name="Y"),
        lambda: actions.add_variant(database, AUDITOR, model.id, "SR"),
        lambda: actions.amend_ecu(database, AUDITOR, adcu.id, influences=[]),
        lambda: actions.define_parameter(database, AUDITOR, definition("b")),
        lambda: actions.amend_parameter(database, AUDITOR, "acc.max_speed", is_main=False),
    ):
        with pytest.raises(NotPermitted):
            attempt()


def test_amendments_keep_their_history(database: Database, adcu: Ecu) -> None:
    actions.amend_parameter(database, SECOND, "acc.max_speed", is_main=None, tolerance="0.50")
    actions.amend_ecu(database, OFFICER, adcu.id, influences=None)
    with database.read() as view:
        last = store.history(view, "parameter:acc.max_speed")[-1]
        assert last["data"]["changed"] == {"is_main": [True, None], "tolerance": [None, "0.5"]}
        assert store.history(view, adcu.id)[-1]["data"]["changed"] == {"influences": [["acc.max_speed"], None]}
        assert store.load_definition(view, "acc.max_speed").counts_as_main
    with pytest.raises(NothingChanged):
        actions.amend_ecu(database, OFFICER, adcu.id, influences=None)


def test_who_wrote_an_entry_last_cannot_make_the_law_ask_for_less(
    database: Database, model: VehicleType, adcu: Ecu
) -> None:
    for loosen in (
        lambda who: actions.amend_parameter(database, who, "acc.max_speed", is_main=False),
        lambda who: actions.amend_parameter(database, who, "acc.max_speed", tolerance="1000"),
        lambda who: actions.amend_ecu(database, who, adcu.id, influences=[]),
        lambda who: actions.amend_vehicle_type(database, who, model.id, automation_level=0),
    ):
        with pytest.raises(NotPermitted, match="another homologation officer"):
            loosen(OFFICER)
    actions.amend_ecu(database, SECOND, adcu.id, influences=[])
    with database.read() as view:
        assert store.load_ecu(view, adcu.id).influences == ()


def test_wrong_facts_are_told(database: Database, model: VehicleType, adcu: Ecu) -> None:
    for attempt, told in (
        (lambda: actions.amend_vehicle_type(database, OFFICER, model.id, automation_level=6), "0 to 5"),
        (lambda: actions.amend_vehicle_type(database, OFFICER, model.id, licensed_manufacturer=None), "domestic"),
        (lambda: actions.amend_vehicle_type(database, OFFICER, model.id, name=None), "null"),
        (lambda: actions.amend_vehicle_type(database, OFFICER, model.id, status="retired"), "cannot be changed"),
        (lambda: actions.amend_ecu(database, OFFICER, adcu.id, influences=["ghost"]), "not defined"),
        (lambda: actions.amend_ecu(database, OFFICER, adcu.id, client_profile="ftp"), "swupdate"),
        (lambda: actions.define_parameter(database, OFFICER, definition("Upper")), "no key"),
        (lambda: actions.define_parameter(database, OFFICER, definition("x" * 55)), "54"),
        (lambda: actions.define_parameter(database, OFFICER, definition("t", "text", tolerance="1")), "numbers"),
        (lambda: actions.define_parameter(database, OFFICER, definition("t", tolerance="-1")), "zero or more"),
    ):
        with pytest.raises(Unusable, match=told):
            attempt()


def test_doubles_are_refused(database: Database, model: VehicleType, adcu: Ecu) -> None:
    actions.add_variant(database, OFFICER, model.id, "LR")
    ecu = {"hardware_id": "H", "supplier": "S", "influences": []}
    for attempt in (
        lambda: actions.add_vehicle_type(
            database, OFFICER, model_code="EX7000A", name="X", automation_level=0, imported=True
        ),
        lambda: actions.add_variant(database, OFFICER, model.id, "LR"),
        lambda: actions.add_ecu(database, OFFICER, model.id, name="adcu", **ecu),
        lambda: actions.add_ecu(database, OFFICER, model.id, name="other", is_primary=True, **ecu),
        lambda: actions.define_parameters(database, OFFICER, [definition("fresh"), definition()]),
    ):
        with pytest.raises(Refused, match="exists already"):
            attempt()
    with database.read() as view:
        assert set(store.all_definitions(view)) == {"acc.max_speed"}


def test_an_undetermined_ecu_influences_everything(database: Database, model: VehicleType, adcu: Ecu) -> None:
    unknown = actions.add_ecu(database, OFFICER, model.id, name="brake", hardware_id="B", supplier="S")

    assert rules.influenced_by([adcu], {"acc.max_speed", "b"}) == {"acc.max_speed"}
    assert rules.influenced_by([adcu, unknown], {"acc.max_speed", "b"}) == {"acc.max_speed", "b"}
    assert rules.influenced_by([], {"b"}) == frozenset()
    assert rules.primary_of([unknown, adcu]) == adcu
    assert rules.primary_of([unknown]) == unknown
    with pytest.raises(rules.NoPrimary):
        rules.primary_of([unknown, unknown])


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6))
def test_numbers_keep_their_value_and_have_one_spelling(number: Decimal) -> None:
    text = rules.parse_number(str(number))

    assert Decimal(text) == number
    assert rules.parse_number(text) == text
    assert rules.parse_number(f" {number:f}0 ".replace(" ", "") if "." in f"{number:f}" else str(number)) == text


@pytest.mark.parametrize("value", [0.1, True, None, "", "1,5", "NaN", "inf", "1e999999999", "--1", [], "1" * 40])
def test_what_is_no_exact_number_is_refused(value: object) -> None:
    with pytest.raises(Unusable):
        rules.parse_number(value, "x")


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("number", "１２.50", "12.5"), ("number", 7, "7"), ("text", " ODC 一 ", "ODC 一"), ("bool", False, False),
        ("list", ["b", "a", " b "], ["a", "b"]),
    ],
)  # fmt: skip
def test_values_are_kept_in_one_form(kind: str, value: object, kept: object) -> None:
    got = rules.parse_value(definition(kind=kind), value)

    assert got == kept
    canonical(got)


@pytest.mark.parametrize(
    ("kind", "value"), [("bool", "true"), ("text", 1), ("list", "a"), ("list", [1]), ("text", "x" * 20_001)]
)
def test_values_of_the_wrong_type_are_refused(kind: str, value: object) -> None:
    with pytest.raises(Unusable, match=r"acc\.max_speed"):
        rules.parse_value(definition(kind=kind), value)


def test_api_walks_a_model_from_nothing(database: Database) -> None:
    http = client(database, OFFICER, web.router)
    body = {"model_code": "EX1", "name": "One", "automation_level": 2, "licensed_manufacturer": "Example"}
    type_id = http.post("/api/v1/vehicle-types", json=body).json()["id"]
    label = {"zh": "速度", "en": "speed"}
    assert http.post("/api/v1/parameters", json={"key": "v", "label": label, "type": "number"}).status_code == 201
    ecu = {"name": "a", "hardware_id": "A", "supplier": "S", "influences": ["v"]}
    ecu_id = http.post(f"/api/v1/vehicle-types/{type_id}/ecus", json=ecu).json()["id"]
    assert http.post(f"/api/v1/vehicle-types/{type_id}/variants", json={"code": "LR"}).status_code == 201
    whole = http.get(f"/api/v1/vehicle-types/{type_id}").json()
    assert [e["id"] for e in whole["ecus"]] == [ecu_id]
    assert http.patch("/api/v1/parameters/v", json={"is_main": False}).json()["code"] == "four_eyes"
    assert http.patch("/api/v1/parameters/v", json={"is_main": True}).json()["is_main"] is True
    assert http.get("/api/v1/history/parameter:v").json()["items"][-1]["kind"] == "parameter.amended"
    for answer, status in (
        (http.patch(f"/api/v1/ecus/{ecu_id}", json={"influences": ["ghost"]}), 422),
        (http.patch("/api/v1/parameters/v", json={"unit": None}), 422),
        (http.post("/api/v1/vehicle-types", json={**body, "automation_level": "2"}), 422),
        (http.post("/api/v1/vehicle-types", json=body), 409),
        (http.get(f"/api/v1/vehicle-types/{ecu_id}"), 400),
        (http.get("/api/v1/history/USR-1"), 404),
        (http.post(f"/api/v1/vehicle-types/{type_id}/explode"), 404),
        (http.put("/api/v1/parameters"), 405),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert http.post(f"/api/v1/vehicle-types/{type_id}/retire").json()["status"] == "retired"
    assert http.post(f"/api/v1/vehicle-types/{type_id}/reinstate").json()["status"] == "active"
