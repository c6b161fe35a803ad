"""Which vehicle type a record of admission is about."""

from sqlalchemy import select

from roadworthy.admission.store.consistency import consistency_finding
from roadworthy.admission.store.papers import admission_plan, supplement_receipt, test_report
from roadworthy.admission.store.swin import swin
from roadworthy.database import View
from roadworthy.kernel.errors import NotFound

_TABLES = {
    "FND": consistency_finding,
    "PLN": admission_plan,
    "RCT": supplement_receipt,
    "RPT": test_report,
    "SWN": swin,
}


def type_of(view: View, subject: str) -> str:
    """Give the vehicle type that a report, receipt, number, finding or plan is about.

    Raises NotFound.
    """
    table = _TABLES.get(subject[:3])
    if table is not None:
        found: str | None = view.scalar(select(table.c.vehicle_type_id).where(table.c.id == subject))
        if found is not None:
            return found
    raise NotFound(f"There is no record {subject[:40]} of admission.")
