"""The nouns of admission."""

from roadworthy.admission.model.consistency import (
    BldId,
    BuildRecord,
    Check,
    ChkId,
    Comparison,
    Finding,
    FndId,
    ModelConsistency,
    Verdict,
)
from roadworthy.admission.model.papers import (
    AdmissionPlan,
    Authority,
    PlanKind,
    PlnId,
    RctId,
    ReportKind,
    RptId,
    SupplementReceipt,
    SupplementState,
    TestReport,
)
from roadworthy.admission.model.swin import Regime, Swin, SwinLink, SwnId
from roadworthy.admission.model.values import Difference, Ground, ParameterChange, RegisteredValue, ValId

__all__ = [
    "AdmissionPlan", "Authority", "BldId", "BuildRecord", "Check", "ChkId", "Comparison", "Difference",
    "Finding", "FndId", "Ground",
    "ModelConsistency", "ParameterChange", "PlanKind", "PlnId", "RctId", "Regime", "RegisteredValue", "ReportKind",
    "RptId", "SupplementReceipt", "SupplementState", "Swin", "SwinLink", "SwnId", "TestReport", "ValId", "Verdict",
]  # fmt: skip
