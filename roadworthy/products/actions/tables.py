"""Definitions of parameters and ECUs as tables: template, export, and import that adds what is new and amends the rest.

An import makes no entry looser than its last writer may: that cell is named, and another officer sends the file.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from roadworthy.database import Actor, View, Work
from roadworthy.database.history import last_actor
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Unusable
from roadworthy.products import rules, store
from roadworthy.products.actions.ecus import checked_ecu
from roadworthy.products.actions.editing import ROLE, amend
from roadworthy.products.actions.importing import Cells, Options, Sheet
from roadworthy.products.actions.parameters import check_conditions, checked_definition, define
from roadworthy.products.model import ClientProfile, Ecu, EcuId, ParameterDefinition, ParameterType, TypId
from roadworthy.products.sheets import (
    CellUnusable,
    Line,
    RowError,
    SheetColumn,
    cell_bool,
    cell_text,
    cell_words,
    items_from_cell,
    items_to_cell,
    reader,
)

UNKNOWN, UNDETERMINED, NONE = "unknown", "?", "(none)"
_MAIN = "true, false or unknown (default; counts as main)"
_KEYS = "keys divided by |; (none); ? (default) counts as all"
_YES_NO = Text("true 或 false，缺省 false", "true or false, default false")
PARAMETER_COLUMNS = (
    SheetColumn("key", "参数键", True, Text("小写字母、数字、_ 和点", "lower-case letters, digits, _ and points")),
    SheetColumn("zh", "中文名称", True, Text("中文名称", "Chinese name")),
    SheetColumn("en", "英文名称", True, Text("英文名称", "English name")),
    SheetColumn("type", "类型", True, Text("number、text、bool 或 list", "number, text, bool or list")),
    SheetColumn("unit", "单位", False, Text("单位", "unit")),
    SheetColumn("is_main", "主要技术参数", False, Text("true、false 或 unknown（缺省，按主要参数处理）", _MAIN)),
    SheetColumn("tolerance", "允差", False, Text("以单位计的数，仅数值型", "number in the unit, for numbers only")),
    SheetColumn("annex2", "附件2参数", False, _YES_NO),
    SheetColumn("needed_if", "填报条件", False, Text("某个是否型参数的键", "key of a yes/no parameter")),
    SheetColumn("needs_report", "须检验报告", False, _YES_NO),
    SheetColumn("source", "依据", False, Text("目录或文件", "catalogue or paper")),
)  # fmt: skip
ECU_COLUMNS = (
    SheetColumn("model_code", "公告型号", True, Text("已登记的车型", "a vehicle type that is entered")),
    SheetColumn("name", "控制器", True, Text("该车型内唯一", "once in its vehicle type")),
    SheetColumn("hardware_id", "硬件号", True, Text("最多 64 个字符", "at most 64 of A-Z a-z 0-9 . _ -")),
    SheetColumn("supplier", "供应商", True, Text("生产企业", "who makes it")),
    SheetColumn("client_profile", "升级客户端", False, Text("tuf（缺省）或 swupdate", "tuf (default) or swupdate")),
    SheetColumn("is_primary", "主控制器", False, _YES_NO),
    SheetColumn("holds_driving_automation", "含自动驾驶功能", False, _YES_NO),
    SheetColumn("approval_relevant", "与型式批准有关", False, _YES_NO),
    SheetColumn("influences", "可影响的参数", False, Text("参数键以 | 分隔；(none) 为无；?（缺省）按全部处理", _KEYS)),
)  # fmt: skip


@dataclass(frozen=True)
class DefinitionRow:
    """A parameter definition in a row of a table."""

    row: int
    definition: ParameterDefinition


@dataclass(frozen=True)
class EcuRow:
    """An ECU in a row of a table."""

    row: int
    ecu: Ecu


class _Definitions:
    def __init__(self, view: View, actor: Actor, options: Options) -> None:
        del options
        self.view, self.actor = view, actor
        self.known = store.all_definitions(view)

    def read(self, line: Line) -> tuple[DefinitionRow | None, list[RowError]]:
        found, errors = read_definition(line)
        return found, errors

    def names(self, row: DefinitionRow) -> list[tuple[str, str]]:
        return [("key", row.definition.key)]

    def judge(self, rows: Sequence[DefinitionRow]) -> tuple[list[DefinitionRow], list[RowError]]:
        changing, errors = [], []
        both = {**self.known, **{one.definition.key: one.definition for one in rows}}
        for one in rows:
            known = self.known.get(one.definition.key)
            fault = self._fault(one, known, both)
            if fault is not None:
                errors.append(fault)
            elif known != one.definition:
                changing.append(one)
        return changing, errors

    def _fault(
        self, one: DefinitionRow, known: ParameterDefinition | None, both: dict[str, ParameterDefinition]
    ) -> RowError | None:
        wanted = one.definition
        condition = both.get(wanted.needed_if or "")
        if wanted.needed_if and (condition is None or condition.type is not ParameterType.BOOL):
            return RowError(
                one.row, "needed_if", "is no yes/no parameter", "define it as bool, or leave the cell empty"
            )
        if known is None:
            return None
        if known.type is not wanted.type:
            return RowError(one.row, "type", f"is {known.type} already, and values rest on it", "define another key")
        if rules.loosens_parameter(known, wanted) and last_actor(self.view, f"parameter:{wanted.key}") == self.actor.id:
            return _four_eyes(one.row, "key")
        return None

    def write(self, work: Work, rows: Sequence[DefinitionRow]) -> None:
        fresh = [one.definition for one in rows if one.definition.key not in self.known]
        define(work, fresh)
        for wanted in (one.definition for one in rows if one.definition.key in self.known):
            before = store.definition_row(self.known[wanted.key])
            key = {"key": wanted.key}
            amend(work, store.parameter_definition, key, before, store.definition_row(wanted), "parameter.amended")
        check_conditions(work, [one.definition for one in rows])
        self.known |= {one.definition.key: one.definition for one in rows}

    def finish(self, work: Work) -> dict[str, Any]:
        del work
        return {}


class _Ecus:
    def __init__(self, view: View, actor: Actor, options: Options) -> None:
        del options
        self.view, self.actor = view, actor
        self.types = {code: found.id for code, found in store.all_vehicle_types(view).items()}
        self.defined = frozenset(store.all_definitions(view))
        self.known = {(ecu.vehicle_type_id, ecu.name): ecu for ecu in store.list_ecus(view)}

    def read(self, line: Line) -> tuple[EcuRow | None, list[RowError]]:
        return read_ecu(line, self.types)

    def names(self, row: EcuRow) -> list[tuple[str, str]]:
        primary = [("is_primary", row.ecu.vehicle_type_id)] if row.ecu.is_primary else []
        return [("name", f"{row.ecu.vehicle_type_id}/{row.ecu.name}"), *primary]

    def judge(self, rows: Sequence[EcuRow]) -> tuple[list[EcuRow], list[RowError]]:
        changing, errors = [], []
        for one in rows:
            known = self.known.get((one.ecu.vehicle_type_id, one.ecu.name))
            try:
                wanted = checked_ecu(self.defined, one.ecu if known is None else replace(one.ecu, id=known.id))
            except Unusable as error:
                errors.append(RowError(one.row, error.at or "name", error.message, "correct the cell"))
                continue
            fault = self._fault(one.row, known, wanted)
            if fault is not None:
                errors.append(fault)
            elif known != wanted:
                changing.append(EcuRow(one.row, wanted))
        return changing, errors

    def _fault(self, row: int, known: Ecu | None, wanted: Ecu) -> RowError | None:
        of_type = [ecu for (type_id, _), ecu in self.known.items() if type_id == wanted.vehicle_type_id]
        if wanted.is_primary and any(ecu.is_primary and ecu.name != wanted.name for ecu in of_type):
            return RowError(row, "is_primary", "this vehicle type has another primary", "unmark that one first")
        if known is None:
            return None
        if known.hardware_id != wanted.hardware_id:
            return RowError(row, "hardware_id", f"is {known.hardware_id} already", "add another ECU for new hardware")
        if rules.loosens_ecu(known, wanted) and last_actor(self.view, known.id) == self.actor.id:
            return _four_eyes(row, "influences")
        return None

    def write(self, work: Work, rows: Sequence[EcuRow]) -> None:
        for one in rows:
            key = (one.ecu.vehicle_type_id, one.ecu.name)
            known = self.known.get(key)
            if known is None:
                made = replace(one.ecu, id=EcuId.new(work.now))
                store.save_ecu(work, made)
                work.record("ecu.added", made.id, {"vehicle_type": key[0], "hardware_id": made.hardware_id})
            else:
                made = one.ecu
                amend(work, store.ecu, {"id": known.id}, known.to_json(), made.to_json(), "ecu.amended")
            self.known[key] = made

    def finish(self, work: Work) -> dict[str, Any]:
        del work
        return {}


def read_definition(line: Line) -> tuple[DefinitionRow | None, list[RowError]]:
    """Read one row of a table of definitions: the definition or None, and what is wrong."""
    errors: list[RowError] = []
    read, cells = reader(line.row, errors), line.cells
    key = read(lambda: _parsed("key", lambda: rules.parse_key(cells["key"])))
    kind = read(lambda: cell_words("type", cells["type"].lower(), list(ParameterType)))
    main = read(lambda: _main(cells.get("is_main", "")))
    texts = [
        read(partial(cell_text, name, cells.get(name, ""), longest, required=needed))
        for name, longest, needed in (("zh", 200, True), ("en", 200, True), ("unit", 32, False), ("source", 200, False))
    ]
    annex2, report = (
        read(partial(cell_bool, name, cells.get(name, ""), default=False)) for name in ("annex2", "needs_report")
    )
    condition = read(lambda: _parsed("needed_if", lambda: _key_or_none(cells.get("needed_if", ""))))
    if errors:
        return None, errors
    (zh, en, unit, source), tolerance = texts, cells.get("tolerance") or None
    draft = ParameterDefinition(
        key, Text(zh, en), ParameterType(kind), unit, main, tolerance, annex2, condition, report, source
    )
    made = read(lambda: _parsed("tolerance", lambda: checked_definition(draft)))
    return (None, errors) if errors else (DefinitionRow(line.row, made), [])


def read_ecu(line: Line, types: dict[str, TypId]) -> tuple[EcuRow | None, list[RowError]]:
    """Read one row of a table of ECUs, with the ids of `types` by model code: the ECU or None, and what is wrong."""
    errors: list[RowError] = []
    read, cells = reader(line.row, errors), line.cells
    type_id = read(lambda: known_type(cells["model_code"], types))
    name = read(lambda: cell_text("name", cells["name"], 64, required=True))
    hardware = read(lambda: _parsed("hardware_id", lambda: rules.parse_hardware_id(cells["hardware_id"])))
    supplier = read(lambda: cell_text("supplier", cells["supplier"], 120, required=True))
    given = cells.get("client_profile", "")
    profile = read(lambda: cell_words("client_profile", given, list(ClientProfile), ClientProfile.TUF))
    primary, automation, approval = [
        read(partial(cell_bool, name, cells.get(name, ""), default=False))
        for name in ("is_primary", "holds_driving_automation", "approval_relevant")
    ]
    if errors:
        return None, errors
    keys = _influences(cells.get("influences", ""))
    made = Ecu(
        EcuId(""), type_id, name, hardware, supplier, ClientProfile(profile), primary, automation, approval, keys
    )
    return EcuRow(line.row, made), []


def known_type(cell: str, types: dict[str, TypId]) -> TypId:
    """Read a model code.

    Raises CellUnusable.
    """
    if cell not in types:
        raise CellUnusable("model_code", f"{cell[:40]!r} is no known vehicle type", "add the vehicle type first")
    return types[cell]


def export_definitions(view: View, filters: Options) -> Iterator[Cells]:
    """Give the definitions as cells; `key` chooses those that begin with it."""
    for one in store.all_definitions(view).values():
        if one.key.startswith(filters.get("key", "")):
            plain = one.to_json()
            main = UNKNOWN if one.is_main is None else str(one.is_main).lower()
            flags = {name: str(plain[name]).lower() for name in ("annex2", "needs_report")}
            texts = {name: plain[name] or "" for name in ("key", "type", "unit", "tolerance", "needed_if", "source")}
            yield {**texts, **flags, "zh": one.label.zh, "en": one.label.en, "is_main": main}


def export_ecus(view: View, filters: Options) -> Iterator[Cells]:
    """Give the ECUs of all vehicle types as cells; `model_code` chooses one type."""
    codes = {found.id: code for code, found in store.all_vehicle_types(view).items()}
    for one in store.list_ecus(view):
        if filters.get("model_code", "") in ("", codes[one.vehicle_type_id]):
            plain = one.to_json()
            flags = {n: str(plain[n]).lower() for n in ("is_primary", "holds_driving_automation", "approval_relevant")}
            texts = {name: plain[name] for name in ("name", "hardware_id", "supplier", "client_profile")}
            keys = UNDETERMINED if one.influences is None else (items_to_cell(one.influences) or NONE)
            yield {**texts, **flags, "model_code": codes[one.vehicle_type_id], "influences": keys}


parameters_table: Sheet[DefinitionRow] = Sheet(
    "parameters", PARAMETER_COLUMNS, (ROLE,), _Definitions, export_definitions, filters=("key",)
)
ecus_table: Sheet[EcuRow] = Sheet("ecus", ECU_COLUMNS, (ROLE,), _Ecus, export_ecus, filters=("model_code",))


def _main(cell: str) -> bool | None:
    return None if cell.lower() in ("", UNKNOWN) else cell_bool("is_main", cell, default=False)


def _key_or_none(cell: str) -> str | None:
    return rules.parse_key(cell) if cell else None


def _influences(cell: str) -> tuple[str, ...] | None:
    if cell in ("", UNDETERMINED):
        return None
    return () if cell == NONE else tuple(items_from_cell(cell))


def _parsed(column: str, parse: Callable[[], Any]) -> Any:
    try:
        return parse()
    except Unusable as error:
        raise CellUnusable(
            error.at if error.at in ("unit", "tolerance") else column, error.message, "correct it"
        ) from error


def _four_eyes(row: int, column: str) -> RowError:
    told = "this could make the law ask for less, and you wrote the entry last"
    return RowError(row, column, told, "ask another homologation officer to send the file")
