"""Tables of reports, receipts of the supplement, and plans after admission."""

from typing import Any

from sqlalchemy import Column, ForeignKey, Row, String, select

from roadworthy.admission.model import (
    AdmissionPlan,
    Authority,
    PlanKind,
    PlnId,
    RctId,
    ReportKind,
    RptId,
    SupplementReceipt,
    TestReport,
)
from roadworthy.database import JsonText, View, four_eyes, record_table
from roadworthy.kernel.errors import NotFound
from roadworthy.products.model import TypId

test_report = record_table(
    "test_report",
    Column("id", String(32), primary_key=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("number", String(120), nullable=False),
    Column("laboratory", String(120), nullable=False),
    Column("scope", String(400), nullable=False),
    Column("issued_on", String(10), nullable=False),
    Column("valid_until", String(10)),
    Column("filename", String(120), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("verifies", JsonText, nullable=False),
    Column("status", String(16), nullable=False),
    Column("author", String(64), nullable=False),
    Column("approver", String(64)),
    four_eyes("author", "approver"),
)

supplement_receipt = record_table(
    "supplement_receipt",
    Column("id", String(32), primary_key=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False, index=True),
    Column("authority", String(8), nullable=False),
    Column("receipt_number", String(120), nullable=False),
    Column("receipt_date", String(10), nullable=False),
    Column("document_sha256", String(64), nullable=False),
    Column("parameters", JsonText, nullable=False),
    Column("values_sha256", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("author", String(64), nullable=False),
    Column("approver", String(64)),
    Column("salt", String(32), nullable=False),
    four_eyes("author", "approver"),
)

admission_plan = record_table(
    "admission_plan",
    Column("id", String(32), primary_key=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("admitted_on", String(10), nullable=False),
    Column("due_on", String(10)),
    Column("rule", String(80)),
    Column("status", String(16), nullable=False),
    Column("filename", String(120)),
    Column("sha256", String(64)),
    Column("author", String(64)),
    Column("approver", String(64)),
    Column("filing_id", ForeignKey("filing.id")),
    four_eyes("author", "approver"),
)


def load_report(view: View, report_id: str) -> TestReport:
    """Give one report.

    Raises NotFound.
    """
    row = view.first(select(test_report).where(test_report.c.id == report_id))
    if row is None:
        raise NotFound(f"There is no report {report_id[:40]}; `roadworthy admission report list` shows all.")
    return report_of_row(row)


def list_reports(view: View, type_id: str = "", after: str = "", limit: int | None = 50) -> list[TestReport]:
    """Give reports (of one vehicle type) in the order of their ids, one more than `limit`; None gives all."""
    query = select(test_report).where(test_report.c.id > after).order_by(test_report.c.id)
    if type_id:
        query = query.where(test_report.c.vehicle_type_id == type_id)
    return [report_of_row(row) for row in view.all(query if limit is None else query.limit(limit + 1))]


def expiring_reports(view: View, until: str) -> list[TestReport]:
    """Give checked reports whose validity ends on the ISO day `until` or before, the next to end first."""
    table = test_report
    query = select(table).where(table.c.status == "checked", table.c.valid_until <= until)
    return [report_of_row(row) for row in view.all(query.order_by(table.c.valid_until, table.c.id))]


def load_receipt(view: View, receipt_id: str) -> SupplementReceipt:
    """Give one receipt.

    Raises NotFound.
    """
    row = view.first(select(supplement_receipt).where(supplement_receipt.c.id == receipt_id))
    if row is None:
        raise NotFound(f"There is no receipt {receipt_id[:40]}; `roadworthy admission supplement` lists them.")
    return receipt_of_row(row)


def list_receipts(view: View, type_id: str) -> list[SupplementReceipt]:
    """Give the receipts of a vehicle type, oldest first."""
    table = supplement_receipt
    rows = view.all(select(table).where(table.c.vehicle_type_id == type_id).order_by(table.c.id))
    return [receipt_of_row(row) for row in rows]


def load_plan(view: View, plan_id: str) -> AdmissionPlan:
    """Give one plan.

    Raises NotFound.
    """
    row = view.first(select(admission_plan).where(admission_plan.c.id == plan_id))
    if row is None:
        raise NotFound(f"There is no plan {plan_id[:40]}; `roadworthy admission plan list` shows all.")
    return plan_of_row(row)


def list_plans(view: View, type_id: str = "", after: str = "", limit: int = 50) -> list[AdmissionPlan]:
    """Give plans (of one vehicle type) in the order of their ids, one more than `limit` where there are more."""
    query = select(admission_plan).where(admission_plan.c.id > after).order_by(admission_plan.c.id).limit(limit + 1)
    if type_id:
        query = query.where(admission_plan.c.vehicle_type_id == type_id)
    return [plan_of_row(row) for row in view.all(query)]


def report_of_row(row: Row[Any]) -> TestReport:
    """Read a report."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    ids = {"id": RptId(row.id), "vehicle_type_id": TypId(row.vehicle_type_id)}
    return TestReport(**{**values, **ids, "kind": ReportKind(row.kind), "verifies": tuple(row.verifies)})


def receipt_of_row(row: Row[Any]) -> SupplementReceipt:
    """Read a receipt."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    ids = {"id": RctId(row.id), "vehicle_type_id": TypId(row.vehicle_type_id)}
    return SupplementReceipt(
        **{**values, **ids, "authority": Authority(row.authority), "parameters": tuple(row.parameters)}
    )


def plan_of_row(row: Row[Any]) -> AdmissionPlan:
    """Read a plan."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    ids = {"id": PlnId(row.id), "vehicle_type_id": TypId(row.vehicle_type_id)}
    return AdmissionPlan(**{**values, **ids, "kind": PlanKind(row.kind)})
