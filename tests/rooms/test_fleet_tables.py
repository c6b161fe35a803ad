"""Vehicles as tables: what is read, what is refused, and that an export can be imported."""

import io
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadworthy.database import Database, metadata
from roadworthy.fleet import actions, store
from roadworthy.fleet.model import VehicleFilter
from roadworthy.kernel.errors import NotFound, Unusable
from roadworthy.kernel.time import SystemTime
from roadworthy.products.model import VehicleType
from roadworthy.products.sheets import RowsUnusable, shield, unshield

from .app import OFFICER
from .vehicles import HEADER, example_model, stream, vin


@pytest.fixture
def model(database: Database) -> VehicleType:
    return example_model(database)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"vin,model_code\n", "no rows"),
        (b"vin,variant\nx,y\n", "lacks model_code"),
        (b"vin,model_code,colour\n", "'colour' is no column"),
        (b"vin,model_code,vin\n", "twice"),
        (b"PK\x03\x04 not a workbook", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or encrypted"),
        (b"\xff\xff\xff", "neither UTF-8"),
        (b'vin,model_code\n"unclosed', "CSV cannot be read"),
    ],
)
def test_unreadable_files_are_told(database: Database, model: VehicleType, content: bytes, told: str) -> None:
    with pytest.raises(Unusable, match=told):
        actions.import_vehicles(database, OFFICER, io.BytesIO(content))


def test_chinese_headers_and_gb18030_are_read(database: Database, model: VehicleType) -> None:
    table = f"车辆识别代号,公告型号,省份,已售\n{vin(1)},EX1,浙江,否\n"

    actions.import_vehicles(database, OFFICER, stream(table, "gb18030"))

    with database.read() as view:
        found = store.vehicle_by_vin(view, vin(1))
    assert found is not None
    assert (found.province, found.sold) == ("浙江", False)


def test_excel_is_read_with_its_row_numbers(database: Database, model: VehicleType, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "v.xlsx")
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for row, cells in enumerate(
        [
            ["vin", "model_code", "sold", "plant", "built_on"],
            [vin(1), "EX1", True, 7, None],
            ["BAD", "EX1", False, "", None],
        ]
    ):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    sheet.write_datetime(1, 4, date(2026, 3, 1), day)
    book.close()
    content = (tmp_path / "v.xlsx").read_bytes()

    with pytest.raises(RowsUnusable) as caught:
        actions.import_vehicles(database, OFFICER, io.BytesIO(content))
    assert [(e.row, e.column) for e in caught.value.errors] == [(3, "vin")]
    actions.import_vehicles(database, OFFICER, io.BytesIO(content), skip_bad=True)
    with database.read() as view:
        found = store.vehicle_by_vin(view, vin(1))
    assert found is not None
    assert (found.plant, found.built_on, found.sold) == ("7", "2026-03-01", True)


def test_the_excel_template_is_accepted_as_a_header(database: Database, model: VehicleType) -> None:
    for what, kind in (("vehicles", "xlsx"), ("vehicles", "csv")):
        with pytest.raises(Unusable, match="no rows"):
            actions.import_vehicles(database, OFFICER, io.BytesIO(actions.template(what, kind)))
    with pytest.raises(NotFound):
        actions.template("vehicles", "pdf")


words = st.text(st.characters(categories=["L", "N", "P", "S"]) | st.sampled_from("=+-@'"), max_size=20)


@given(st.text(max_size=30))
def test_shielding_a_cell_can_be_taken_back(cell: str) -> None:
    assert unshield(shield(cell)) == cell
    assert not shield(cell).startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8, deadline=None)
@given(
    st.dictionaries(
        st.integers(0, 9_999_999),
        st.tuples(
            st.booleans(), st.booleans(), words, words, st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)),
            st.sampled_from(["", "LR"]),
        ),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_importing_an_export_gives_the_same_vehicles(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[int, tuple[bool, bool, str, str, date | None, str]]
) -> None:
    def fresh() -> Database:
        opened = Database(f"sqlite:///{tmp_path_factory.mktemp('copy')}/db", SystemTime())
        with opened.engine.connect() as connection, connection.begin():
            metadata.create_all(connection)
        example_model(opened)
        return opened

    def exported(database: Database) -> str:
        with database.read() as view:
            return "".join(actions.export_csv(view, VehicleFilter()))

    def facts(database: Database) -> set[tuple[object, ...]]:
        with database.read() as view:
            found = list(store.all_vehicles(view, VehicleFilter(), batch=2))
        return {(v.vin, v.sold, v.test_fleet, v.province, v.plant, v.built_on, bool(v.variant_id)) for v in found}

    first, second = fresh(), fresh()
    try:
        lines = [
            f"{vin(n)},EX1,{v},{s},{t},{quoted(p)},{quoted(q)},{b or ''}\n" for n, (s, t, p, q, b, v) in rows.items()
        ]
        actions.import_vehicles(first, OFFICER, stream(HEADER + "".join(lines)))
        actions.import_vehicles(second, OFFICER, stream(exported(first)))

        assert facts(first) == facts(second) == {
            (vin(n), s, t, p, q, b.isoformat() if b else None, v == "LR") for n, (s, t, p, q, b, v) in rows.items()
        }  # fmt: skip
    finally:
        first.close()
        second.close()


def quoted(cell: str) -> str:
    return '"' + shield(cell).replace('"', '""') + '"'


@pytest.mark.long
def test_a_hundred_thousand_rows_in_a_minute(database: Database, model: VehicleType) -> None:
    lines = "".join(f"{vin(n)},EX1,LR,true,false,浙江,P1,2026-03-01\n" for n in range(100_000))
    begun = time.perf_counter()
    assert actions.import_vehicles(database, OFFICER, stream(HEADER + lines)).count == 100_000
    assert timedelta(seconds=time.perf_counter() - begun) < timedelta(minutes=1)
