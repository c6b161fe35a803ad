"""Inspection and test reports: recorded with their stored file, checked by another person, valid until they end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from roadworthy.admission import store
from roadworthy.admission.actions.values import ROLE
from roadworthy.admission.model import ReportKind, RptId, TestReport
from roadworthy.admission.states import REPORT
from roadworthy.admission.store.papers import report_of_row, test_report
from roadworthy.database import Actor, Database, View, Work
from roadworthy.filings.rules import check_past, check_sha256
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import RoadworthyError, Unusable
from roadworthy.kernel.time import beijing_date, parse_date
from roadworthy.products import store as products
from roadworthy.products.actions.importing import Cells, Options, Sheet
from roadworthy.products.actions.tables import known_type
from roadworthy.products.model import TypId
from roadworthy.products.rules import parse_words
from roadworthy.products.sheets import (
    Line,
    RowError,
    SheetColumn,
    cell_date,
    cell_text,
    cell_words,
    items_from_cell,
    items_to_cell,
    reader,
)

COLUMNS = (
    SheetColumn("model_code", "公告型号", True, Text("已登记的车型", "a vehicle type that is entered")),
    SheetColumn("kind", "类别", False, Text("test（缺省）或 inspection", "test (default) or inspection")),
    SheetColumn("number", "报告编号", True, Text("报告编号", "number of the report")),
    SheetColumn("laboratory", "检测机构", True, Text("检测机构", "laboratory")),
    SheetColumn("scope", "检验项目", True, Text("检验项目", "what was tested")),
    SheetColumn("issued_on", "签发日期", True, Text("如 2026-03-01", "like 2026-03-01")),
    SheetColumn("valid_until", "有效期至", False, Text("如 2027-03-01", "like 2027-03-01")),
    SheetColumn("verifies", "对应参数", True, Text("参数键以 | 分隔", "parameter keys divided by |")),
    SheetColumn("filename", "文件名", True, Text("报告文件名", "name of the report's file")),
    SheetColumn("sha256", "文件哈希", True, Text("SHA-256，64 位十六进制", "SHA-256, 64 hex digits")),
)  # fmt: skip


@dataclass(frozen=True)
class NewReport:
    """What a report says; `sha256` names the stored file, `verifies` the parameters (keys) it stands for."""

    vehicle_type_id: TypId
    number: str
    laboratory: str
    scope: str
    issued_on: str
    filename: str
    sha256: str
    verifies: tuple[str, ...]
    kind: str = ReportKind.TEST
    valid_until: str | None = None


@dataclass(frozen=True)
class ReportRow:
    """A report in a row of a table."""

    row: int
    report: NewReport


def record_report(database: Database, actor: Actor, draft: NewReport) -> TestReport:
    """Record a report; it counts once another person checked it.

    Raises NotPermitted, NotFound, Unusable.
    """
    with database.begin(actor, attempt="report.record", subject=draft.vehicle_type_id) as work:
        actor.require(ROLE)
        products.load_vehicle_type(work, draft.vehicle_type_id)
        return _record(work, checked(work, draft, frozenset(products.all_definitions(work))))


def check_report(database: Database, actor: Actor, report_id: RptId) -> TestReport:
    """Check a report as another person than who recorded it (a database constraint).

    Raises NotPermitted, NotFound, WrongState.
    """
    return _move(database, actor, report_id, "check", {"approver": actor.id})


def withdraw_report(database: Database, actor: Actor, report_id: RptId) -> TestReport:
    """Take a report back; what it verified is unverified. Raises NotPermitted, NotFound, WrongState."""
    return _move(database, actor, report_id, "withdraw", {})


def checked(view: View, draft: NewReport, defined: frozenset[str]) -> NewReport:
    """Check what a report says; `defined` are the keys of all parameters.

    Raises Unusable.
    """
    if draft.kind not in list(ReportKind):
        raise Unusable(f"kind is one of {', '.join(ReportKind)}.", code="kind.unknown", at="kind")
    keys = tuple(sorted(set(draft.verifies)))
    if not keys or not set(keys) <= defined:
        stray = ", ".join(sorted(set(keys) - defined)[:5]) or "none"
        raise Unusable(f"A report verifies parameters that are defined; these are not: {stray}.", at="verifies")
    issued = check_past(draft.issued_on, "issued_on", beijing_date(view.now))
    until = None if draft.valid_until is None else parse_date(draft.valid_until).isoformat()
    if until is not None and until < issued:
        raise Unusable("valid_until lies before issued_on; check the report.", code="day.order", at="valid_until")
    return replace(
        draft,
        number=parse_words(draft.number, "number"),
        laboratory=parse_words(draft.laboratory, "laboratory"),
        scope=parse_words(draft.scope, "scope", 400),
        filename=parse_words(draft.filename, "filename"),
        sha256=check_sha256(draft.sha256, "sha256"),
        issued_on=issued,
        valid_until=until,
        verifies=keys,
    )


def _record(work: Work, draft: NewReport) -> TestReport:
    made = TestReport(
        RptId.new(work.now), draft.vehicle_type_id, ReportKind(draft.kind), draft.number, draft.laboratory,
        draft.scope, draft.issued_on, draft.valid_until, draft.filename, draft.sha256, draft.verifies, REPORT.initial,
        work.actor.id, None,
    )  # fmt: skip
    row = {name: value for name, value in made.to_json(beijing_date(work.now)).items() if name != "counts"}
    work.insert(test_report, row)
    facts = {"parameters": list(made.verifies), "sha256": made.sha256, "vehicle_type": made.vehicle_type_id}
    work.record("report.recorded", made.id, facts)
    return made


def _move(database: Database, actor: Actor, report_id: RptId, verb: str, changes: dict[str, Any]) -> TestReport:
    with database.begin(actor, attempt=f"report.{verb}", subject=report_id) as work:
        known = store.load_report(work, report_id)
        step, row = work.move(test_report, {"id": report_id}, REPORT, verb, changes)
        facts = {"sha256": known.sha256, "vehicle_type": known.vehicle_type_id}
        work.record(f"report.{step.target}", report_id, facts, move=step)
        return report_of_row(row)


class _Reports:
    """Reports are added; one that stands in the records already (type, number, file) changes nothing."""

    def __init__(self, view: View, actor: Actor, options: Options) -> None:
        del actor, options
        self.view = view
        self.types = {code: found.id for code, found in products.all_vehicle_types(view).items()}
        self.defined = frozenset(products.all_definitions(view))
        self.known = {_name(one) for one in store.list_reports(view, limit=None) if one.status != "withdrawn"}

    def read(self, line: Line) -> tuple[ReportRow | None, list[RowError]]:
        errors: list[RowError] = []
        read, cells = reader(line.row, errors), line.cells
        type_id = read(lambda: known_type(cells["model_code"], self.types))
        kind = read(lambda: cell_words("kind", cells.get("kind", ""), list(ReportKind), ReportKind.TEST))
        names = ("number", "laboratory", "scope", "filename", "sha256", "issued_on")
        texts = {name: read(partial(cell_text, name, cells[name], 400, required=True)) for name in names}
        until = read(lambda: cell_date("valid_until", cells.get("valid_until", "")))
        if errors:
            return None, errors
        keys = tuple(items_from_cell(cells["verifies"]))
        draft = NewReport(type_id, verifies=keys, kind=kind, valid_until=until, **texts)
        try:
            return ReportRow(line.row, checked(self.view, draft, self.defined)), []
        except RoadworthyError as error:
            place = error.at if error.at in {column.key for column in COLUMNS} else "number"
            return None, [RowError(line.row, place, error.message, "correct the cell")]

    def names(self, row: ReportRow) -> list[tuple[str, str]]:
        return [("number", "/".join(_name(row.report)))]

    def judge(self, rows: Sequence[ReportRow]) -> tuple[list[ReportRow], list[RowError]]:
        return [one for one in rows if _name(one.report) not in self.known], []

    def write(self, work: Work, rows: Sequence[ReportRow]) -> None:
        for one in rows:
            _record(work, one.report)

    def finish(self, work: Work) -> dict[str, Any]:
        del work
        return {}


def export_reports(view: View, filters: Options) -> Iterator[Cells]:
    """Give the reports that were not withdrawn as cells; `model_code` chooses one vehicle type."""
    codes = {found.id: code for code, found in products.all_vehicle_types(view).items()}
    for one in store.list_reports(view, limit=None):
        code = codes[one.vehicle_type_id]
        if filters.get("model_code", "") in ("", code) and one.status != "withdrawn":
            texts = {name: getattr(one, name) for name in ("number", "laboratory", "scope", "filename", "sha256")}
            days = {"issued_on": one.issued_on, "valid_until": one.valid_until or ""}
            yield {**texts, **days, "model_code": code, "kind": str(one.kind), "verifies": items_to_cell(one.verifies)}


reports_table: Sheet[ReportRow] = Sheet("reports", COLUMNS, (ROLE,), _Reports, export_reports, filters=("model_code",))


def _name(one: NewReport | TestReport) -> tuple[str, str, str]:
    return (one.vehicle_type_id, one.number, one.sha256)
