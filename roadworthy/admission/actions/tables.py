"""Registered values as a table: what is exported can be sent again, and then changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from roadworthy.admission import store
from roadworthy.admission.actions.values import ROLE, check_permit, register
from roadworthy.admission.model import Ground, RegisteredValue
from roadworthy.database import Actor, View, Work
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import RoadworthyError, Unusable
from roadworthy.kernel.event import Json
from roadworthy.products import store as products
from roadworthy.products.actions.importing import Cells, Options, Sheet
from roadworthy.products.actions.tables import known_type
from roadworthy.products.model import TypId
from roadworthy.products.rules import value_from_cell, value_to_cell
from roadworthy.products.sheets import CellUnusable, Line, RowError, SheetColumn, cell_text, cell_words, reader

COLUMNS = (
    SheetColumn("model_code", "公告型号", True, Text("已登记的车型", "a vehicle type that is entered")),
    SheetColumn("parameter", "参数键", True, Text("已定义的参数", "a parameter that is defined")),
    SheetColumn("value", "值", True, Text("列表以 | 分隔；是否型 true 或 false", "lists divided by |; true or false")),
    SheetColumn("ground", "登记依据", False, Text("缺省为导入时所给依据", "default: the ground given with the import")),
    SheetColumn("reference", "依据编号", False, Text("公告批次或备案编号", "announcement batch or filing")),
)  # fmt: skip


@dataclass(frozen=True)
class ValueRow:
    """A value in a row of a table."""

    row: int
    type_id: TypId
    key: str
    value: Json
    ground: Ground | None
    reference: str


class _Values:
    def __init__(self, view: View, actor: Actor, options: Options) -> None:
        del actor
        self.view = view
        ground = options.get("ground", "")
        if ground and ground not in list(Ground):
            raise Unusable(f"ground is one of {', '.join(Ground)}.", code="ground.unknown", at="ground")
        self.ground = Ground(ground) if ground else None
        self.reference = options.get("reference", "")
        self.definitions = products.all_definitions(view)
        self.types = {code: found.id for code, found in products.all_vehicle_types(view).items()}
        self.known: dict[str, dict[str, RegisteredValue]] = store.all_values(view, self.types.values())

    def read(self, line: Line) -> tuple[ValueRow | None, list[RowError]]:
        errors: list[RowError] = []
        read, cells = reader(line.row, errors), line.cells
        type_id = read(lambda: known_type(cells["model_code"], self.types))
        value = read(lambda: self._value(cells["parameter"], cells["value"]))
        word = cells.get("ground", "")
        ground = read(lambda: Ground(cell_words("ground", word, list(Ground))) if word else self.ground)
        reference = read(lambda: cell_text("reference", cells.get("reference", "") or self.reference, 120))
        if errors:
            return None, errors
        return ValueRow(line.row, type_id, cells["parameter"], value, ground, reference), []

    def _value(self, key: str, cell: str) -> Json:
        definition = self.definitions.get(key)
        if definition is None:
            raise CellUnusable("parameter", f"{key[:60]!r} is not defined", "define it first, or correct the key")
        if not cell:
            raise CellUnusable("value", "the cell is empty", "fill it in, or remove the row")
        try:
            value: Json = value_from_cell(definition, cell)
        except Unusable as error:
            raise CellUnusable("value", error.message, f"write a {definition.type}") from error
        return value

    def names(self, row: ValueRow) -> list[tuple[str, str]]:
        return [("parameter", f"{row.type_id}/{row.key}")]

    def judge(self, rows: Sequence[ValueRow]) -> tuple[list[ValueRow], list[RowError]]:
        changing, errors = [], []
        for one in rows:
            known = self.known[one.type_id].get(one.key)
            if known is not None and known.value == one.value:
                continue
            fault = self._fault(one)
            if fault is None:
                changing.append(one)
            else:
                errors.append(fault)
        return changing, errors

    def _fault(self, one: ValueRow) -> RowError | None:
        if one.ground is Ground.CHANGE_PERMIT:
            try:
                check_permit(self.view, one.type_id, one.reference, {one.key: one.value})
            except RoadworthyError as error:
                return RowError(one.row, "reference", error.message, "name the permit that grants this value")
        return None

    def write(self, work: Work, rows: Sequence[ValueRow]) -> None:
        groups: dict[tuple[TypId, Ground, str], dict[str, Json]] = {}
        for one in rows:
            if one.ground is None or not one.reference:
                raise Unusable(
                    f"Row {one.row} would be registered without a ground; say ground and reference with the file.",
                    code="ground.missing",
                    at="ground",
                )
            groups.setdefault((one.type_id, one.ground, one.reference), {})[one.key] = one.value
        for (type_id, ground, reference), values in groups.items():
            for made in register(work, type_id, self.known[type_id], values, ground, reference):
                self.known[type_id][made.parameter_key] = made

    def finish(self, work: Work) -> dict[str, Any]:
        del work
        return {}


def export_values(view: View, filters: Options) -> Iterator[Cells]:
    """Give the registered values as cells; `model_code` chooses one vehicle type, `parameter` the start of the key."""
    for code, found in sorted(products.all_vehicle_types(view).items()):
        if filters.get("model_code", "") not in ("", code):
            continue
        for key, one in store.current_values(view, found.id).items():
            if key.startswith(filters.get("parameter", "")):
                yield {
                    "model_code": code,
                    "parameter": key,
                    "value": value_to_cell(one.value),
                    "ground": str(one.ground),
                    "reference": one.reference,
                }


values_table: Sheet[ValueRow] = Sheet(
    "values", COLUMNS, (ROLE,), _Values, export_values,
    options={"ground": False, "reference": False}, filters=("model_code", "parameter"),
)  # fmt: skip
