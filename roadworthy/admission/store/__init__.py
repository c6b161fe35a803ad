"""The tables of admission and all SQL over them."""

from roadworthy.admission.store.consistency import (
    build_record,
    check_coverage,
    coverage_of,
    findings_of,
    list_checks,
    list_findings,
    load_finding,
    new_check,
    not_corrected,
    put_records,
)
from roadworthy.admission.store.papers import (
    expiring_reports,
    list_plans,
    list_receipts,
    list_reports,
    load_plan,
    load_receipt,
    load_report,
)
from roadworthy.admission.store.subjects import type_of
from roadworthy.admission.store.swin import links_of, list_swins, load_swin
from roadworthy.admission.store.values import (
    all_values,
    current_values,
    plain_values,
    registered_value,
    replace_values,
    value_history,
    values_as_of,
)

__all__ = [
    "all_values", "build_record", "check_coverage", "coverage_of", "current_values", "expiring_reports", "findings_of",
    "links_of", "list_checks", "list_findings", "list_plans", "list_receipts", "list_reports", "list_swins",
    "load_finding", "load_plan", "load_receipt", "load_report", "load_swin", "new_check", "not_corrected",
    "plain_values", "put_records", "registered_value", "replace_values", "type_of", "value_history", "values_as_of",
]  # fmt: skip
