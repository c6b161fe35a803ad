"""Definitions, ECUs, values, reports and build records as tables: every wrong cell, and what goes out comes back."""

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from roadworthy.admission import actions, store, web
from roadworthy.database import Database, metadata
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotPermitted, Unusable
from roadworthy.kernel.time import SystemTime
from roadworthy.products import actions as products
from roadworthy.products import store as product_store
from roadworthy.products.actions import check_table, ecus_table, import_table, parameters_table
from roadworthy.products.model import ParameterDefinition, ParameterType, TypId
from roadworthy.products.rules import parse_value, value_from_cell, value_to_cell
from roadworthy.products.sheets import RowsUnusable, items_from_cell, items_to_cell, write_csv, write_xlsx
from roadworthy.storage import ArtifactStore

from .app import AUDITOR, OFFICER, SECOND, client
from .models import define, model, report
from .vehicles import vin

GROUND = {"ground": "announcement", "reference": "batch 400"}


@pytest.fixture
def type_id(database: Database) -> TypId:
    define(database)
    made = model(database)
    products.add_ecu(
        database, OFFICER, made, name="ADCU", hardware_id="H1", supplier="S", is_primary=True, influences=["speed_max"]
    )
    report(database, made)
    return made


def table(sheet: Any, rows: list[dict[str, str]], kind: str = "xlsx") -> io.BytesIO:
    whole = [{column.key: row.get(column.key, "") for column in sheet.columns} for row in rows]
    plain = "".join(write_csv(sheet.columns, whole)).encode("utf-8-sig")
    return io.BytesIO(write_xlsx(sheet.columns, whole) if kind == "xlsx" else plain)


def exported(database: Database, sheet: Any, **filters: str) -> list[dict[str, str]]:
    with database.read() as view:
        return list(sheet.export(view, filters))


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize(
    "sheet", [parameters_table, ecus_table, actions.values_table, actions.reports_table], ids=lambda one: one.name
)
def test_an_export_that_comes_back_changes_nothing(database: Database, type_id: TypId, sheet: Any, kind: str) -> None:
    rows = exported(database, sheet)
    assert rows
    again = import_table(database, OFFICER, sheet, table(sheet, rows, kind))
    assert (again.rows, again.changes) == (len(rows), 0)
    assert exported(database, sheet) == rows


def test_an_export_shows_what_its_filter_names(database: Database, type_id: TypId) -> None:
    model(database, "EX2")
    values = actions.values_table
    assert {row["model_code"] for row in exported(database, values)} == {"EX1", "EX2"}
    found = exported(database, values, model_code="EX2", parameter="s")
    assert [(row["model_code"], row["parameter"]) for row in found] == [("EX2", "speed_max")]
    assert [row["key"] for row in exported(database, parameters_table, key="the")] == ["theme"]


def test_every_wrong_cell_is_named_with_its_place(database: Database, type_id: TypId) -> None:
    rows = [
        {"model_code": "EX1", "parameter": "speed_max", "value": "fast"},
        {"model_code": "NONE", "parameter": "ghost", "value": "1"},
        {"model_code": "EX1", "parameter": "theme", "value": "dusk", "ground": "rumour"},
        {"model_code": "EX1", "parameter": "theme", "value": "noon"},
        {"model_code": "EX1", "parameter": "theme", "value": "=1+1"},
    ]
    found = check_table(database, OFFICER, actions.values_table, table(actions.values_table, rows))
    assert [(e.sheet, e.cell, e.value) for e in found.errors] == [
        ("data", "C2", "fast"), ("data", "A3", "NONE"), ("data", "B3", "ghost"), ("data", "D4", "rumour"),
        ("data", "B6", "theme"),
    ]  # fmt: skip
    assert all(error.problem and error.remedy for error in found.errors)
    with pytest.raises(RowsUnusable):
        import_table(database, OFFICER, actions.values_table, table(actions.values_table, rows), GROUND)


def test_a_thousand_scattered_errors_are_a_thousand_cells(database: Database, type_id: TypId) -> None:
    keys = [f"p{n}" for n in range(3_000)]
    made = [ParameterDefinition(key, Text(key, key), ParameterType.NUMBER, "", None, None) for key in keys]
    products.define_parameters(database, OFFICER, made)
    rows = [
        {"model_code": "EX1", "parameter": key, "value": "bad" if n % 3 == 0 else "1"} for n, key in enumerate(keys)
    ]
    stream = table(actions.values_table, rows)
    found = check_table(database, OFFICER, actions.values_table, stream)
    assert [error.cell for error in found.errors] == [f"C{n + 2}" for n in range(0, 3_000, 3)]
    assert len(found.to_json(5_000)["errors"]) == 1_000


def test_the_file_of_errors_marks_the_cells_and_can_be_sent_once_corrected(
    database: Database, type_id: TypId, tmp_path: Path
) -> None:
    app = client(database, OFFICER, web.router)
    app._app.state.artifacts = ArtifactStore(tmp_path / "artifacts")
    rows = [
        {"model_code": "EX1", "parameter": "speed_max", "value": "fast"},
        {"model_code": "EX1", "parameter": "theme", "value": "=now"},
    ]
    sent = app.post(
        "/api/v1/tables/values/uploads?filename=v.xlsx", content=table(actions.values_table, rows).getvalue()
    ).json()
    assert (sent["rows"], sent["changes"], sent["error_count"]) == (2, 1, 1)
    assert {k: sent["errors"][0][k] for k in ("sheet", "cell", "value")} == {
        "sheet": "data",
        "cell": "C2",
        "value": "fast",
    }
    path = f"/api/v1/tables/values/uploads/{sent['upload']}"
    assert app.get(path).json() == {"upload": sent["upload"], "rows": 2, "of": 2}
    refused = app.post(f"{path}/confirm?ground=announcement&reference=b")
    assert (refused.status_code, refused.json()["code"]) == (422, "rows.unusable")
    marked = app.get(f"{path}/errors.xlsx").content
    book = CalamineWorkbook.from_filelike(io.BytesIO(marked))
    assert book.sheet_names == ["data", "help", "errors"]
    assert book.get_sheet_by_name("errors").to_python()[1][:4] == ["data", "C2", "value", "fast"]
    assert book.get_sheet_by_name("data").to_python()[2][2] == "'=now"
    fixed = app.post(
        "/api/v1/tables/values/uploads",
        content=table(actions.values_table, [{**rows[0], "value": "130"}, rows[1]]).getvalue(),
    )
    path = f"/api/v1/tables/values/uploads/{fixed.json()['upload']}"
    assert app.post(f"{path}/confirm").json()["code"] == "ground.missing"
    assert app.post(f"{path}/confirm?ground=announcement&reference=batch%20401").json()["changes"] == 2
    assert app.get(f"{path}/check").json()["changes"] == 0
    with database.read() as view:
        assert store.plain_values(view, type_id)["theme"] == "=now"


def test_tables_are_described_and_given_empty(database: Database, type_id: TypId, tmp_path: Path) -> None:
    app = client(database, OFFICER, web.router)
    app._app.state.artifacts = ArtifactStore(tmp_path / "artifacts")
    assert [one["name"] for one in app.get("/api/v1/tables").json()["items"]] == [
        "parameters", "ecus", "values", "reports", "build-records",
    ]  # fmt: skip
    for kind in ("csv", "xlsx"):
        empty = app.get(f"/api/v1/tables/values/template.{kind}").content
        sent = app.post("/api/v1/tables/values/uploads", content=empty).json()
        assert (sent["rows"], sent["error_count"]) == (0, 0)
        assert app.post(f"/api/v1/tables/values/uploads/{sent['upload']}/confirm").json()["code"] == "table.empty"
        assert app.get(f"/api/v1/tables/values/export.{kind}?model_code=EX1").status_code == 200
    for path in ("values/template.pdf", "gossip/template.csv", "values/export.csv?key=x", "build-records/export.csv"):
        assert app.get(f"/api/v1/tables/{path}").status_code == 404
    assert client(database, AUDITOR, web.router).post("/api/v1/tables/values/uploads", content=b"x").status_code == 403


def test_a_table_makes_no_entry_looser_than_its_last_writer_may(database: Database, type_id: TypId) -> None:
    rows = [
        {**row, "is_main": "false"} if row["key"] == "speed_max" else row
        for row in exported(database, parameters_table)
    ]
    found = check_table(database, OFFICER, parameters_table, table(parameters_table, rows))
    assert [(e.column, "another homologation officer" in e.remedy) for e in found.errors] == [("key", True)]
    assert import_table(database, SECOND, parameters_table, table(parameters_table, rows)).changes == 1
    ecus = [{**row, "influences": "(none)"} for row in exported(database, ecus_table)]
    assert [e.column for e in check_table(database, OFFICER, ecus_table, table(ecus_table, ecus)).errors] == [
        "influences"
    ]
    import_table(database, SECOND, ecus_table, table(ecus_table, ecus))
    with database.read() as view:
        assert product_store.list_ecus(view)[0].influences == ()
        assert product_store.load_definition(view, "speed_max").is_main is False


def test_faults_of_definitions_and_ecus_are_named(database: Database, type_id: TypId) -> None:
    good = {"key": "x", "zh": "数", "en": "x", "type": "number"}
    faults = [
        ({"type": "float"}, "type"), ({"key": "Upper"}, "key"), ({"zh": ""}, "zh"), ({"is_main": "perhaps"}, "is_main"),
        ({"tolerance": "-1"}, "tolerance"), ({"needed_if": "theme"}, "needed_if"), ({"key": "theme"}, "type"),
    ]  # fmt: skip
    for fault, column in faults:
        found = check_table(database, SECOND, parameters_table, table(parameters_table, [{**good, **fault}]))
        assert [error.column for error in found.errors] == [column], fault
    ecu = {"model_code": "EX1", "name": "NEW", "hardware_id": "H2", "supplier": "S"}
    for fault, column in (
        ({"model_code": "NONE"}, "model_code"), ({"hardware_id": "has blank"}, "hardware_id"),
        ({"is_primary": "true"}, "is_primary"), ({"influences": "ghost"}, "influences"),
        ({"name": "ADCU"}, "hardware_id"), ({"client_profile": "ftp"}, "client_profile"),
        ({"supplier": ""}, "supplier"),
    ):  # fmt: skip
        found = check_table(database, SECOND, ecus_table, table(ecus_table, [{**ecu, **fault}]))
        assert [error.column for error in found.errors] == [column], fault
    with pytest.raises(NotPermitted):
        check_table(database, AUDITOR, ecus_table, table(ecus_table, [ecu]))


def test_build_records_come_as_a_table_too(database: Database, type_id: TypId) -> None:
    sheet = actions.build_records_table
    rows = [
        {"vin": vin(1), "model_code": "EX1", "parameter": "speed_max", "value": "150"},
        {"vin": vin(2), "model_code": "EX1", "parameter": "speed_max", "value": "120"},
    ]
    with pytest.raises(Unusable, match="source"):
        import_table(database, OFFICER, sheet, table(sheet, rows))
    answer = import_table(database, OFFICER, sheet, table(sheet, rows), {"source": "MES"})
    assert (answer.rows, answer.more["check"]["different"]) == (2, 1)
    wrong = [
        {"vin": "X", "parameter": "speed_max", "value": "1"},
        {"vin": vin(3), "parameter": "speed_max", "value": "1"},
        {**rows[0], "value": "?"},
    ]
    assert [e.cell for e in check_table(database, OFFICER, sheet, table(sheet, wrong)).errors] == ["A2", "B3", "D4"]


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(
    ["=1", "+x", "-", "@a", "'=1", "''", "'", "a|b", "\\", "a\\|", "|", " x", "1e5", "007", "true", "_x0041_", "(none)",
     "\\(none)"]
)  # fmt: skip


@given(st.lists(cells, max_size=6))
def test_a_list_in_a_cell_can_be_taken_apart(items: list[str]) -> None:
    kept = [item.strip() for item in items if item.strip()]
    assert items_from_cell(items_to_cell(kept)) == kept


@given(st.lists(cells, max_size=4), cells)
def test_a_value_in_a_cell_can_be_read_back(items: list[str], text: str) -> None:
    for kind, value in ((ParameterType.LIST, items), (ParameterType.TEXT, text)):
        one = ParameterDefinition("k", Text("键", "k"), kind, "", None, None)
        kept = parse_value(one, value)
        assert value_from_cell(one, value_to_cell(kept)) == kept
        assert value_to_cell(kept)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=6, deadline=None)
@given(
    st.lists(cells, max_size=4),
    cells,
    st.booleans(),
    st.sampled_from(["csv", "xlsx"]),
    st.decimals(-(10**6), 10**6, places=4),
)
def test_importing_an_export_gives_the_same_values(
    tmp_path_factory: pytest.TempPathFactory, items: list[str], text: str, fitted: bool, kind: str, number: Any
) -> None:
    def fresh() -> Database:
        opened = Database(f"sqlite:///{tmp_path_factory.mktemp('copy')}/db", SystemTime())
        with opened.engine.connect() as connection, connection.begin():
            metadata.create_all(connection)
        define(opened)
        model(opened, register=False)
        return opened

    first, second = fresh(), fresh()
    try:
        with first.read() as view:
            (one,) = product_store.all_vehicle_types(view).values()
        values = {"cdas_fitted": fitted, "functions": items, "speed_max": str(number), "theme": text}
        actions.register_values(first, OFFICER, one.id, values, **GROUND)
        rows = exported(first, actions.values_table)
        import_table(second, OFFICER, actions.values_table, table(actions.values_table, rows, kind))
        assert exported(second, actions.values_table) == rows
        with first.read() as view, second.read() as other:
            (two,) = product_store.all_vehicle_types(other).values()
            assert store.plain_values(other, two.id) == store.plain_values(view, one.id)
    finally:
        first.close()
        second.close()
