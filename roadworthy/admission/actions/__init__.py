"""The verbs of admission: values, reports, the supplement, SWINs, production consistency, plans after admission."""

from roadworthy.admission.actions.consistency import (
    build_records_table,
    consistency,
    record_builds,
    settle_finding,
)
from roadworthy.admission.actions.plans import check_plan, file_plan, plans_submitted, record_admission, write_plan
from roadworthy.admission.actions.reports import NewReport, check_report, record_report, reports_table, withdraw_report
from roadworthy.admission.actions.supplement import (
    confirm_receipt,
    record_receipt,
    supplement,
    withdraw_receipt,
)
from roadworthy.admission.actions.swin import link_software, propose_swin, register_swin, retire_swin, withdraw_swin
from roadworthy.admission.actions.tables import values_table
from roadworthy.admission.actions.values import ROLE, difference, parse_values, register_values

__all__ = [
    "ROLE", "NewReport", "build_records_table", "check_plan", "check_report", "confirm_receipt", "consistency",
    "difference", "file_plan", "link_software", "parse_values", "plans_submitted", "propose_swin",
    "record_admission", "record_builds",
    "record_receipt", "record_report", "register_swin", "register_values", "reports_table", "retire_swin",
    "settle_finding", "supplement", "values_table", "withdraw_receipt", "withdraw_report", "withdraw_swin",
    "write_plan",
]  # fmt: skip
