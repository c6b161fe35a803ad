"""Papers of an admission: inspection and test reports, receipts of the supplement, plans after admission."""

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from roadworthy.kernel.ids import Id
from roadworthy.products.model import TypId

SUPPLEMENT_DUE = "2025-06-01"  # N45-2c: models admitted before the Notice


class RptId(Id, prefix="RPT"):
    """Names an inspection or test report."""


class RctId(Id, prefix="RCT"):
    """Names the receipt of a supplement."""


class PlnId(Id, prefix="PLN"):
    """Names a plan that is owed after an admission."""


class Authority(StrEnum):
    """The two ministries that take the supplement."""

    MIIT = "MIIT"
    SAMR = "SAMR"


class ReportKind(StrEnum):
    """What a laboratory did."""

    INSPECTION = "inspection"
    TEST = "test"


class PlanKind(StrEnum):
    """What SAMR is owed after an admission (N45-3a)."""

    DEEP_TEST = "deep_test_plan"
    RISK = "quality_safety_risk_assessment_plan"


@dataclass(frozen=True)
class TestReport:
    """A report of a laboratory over a vehicle type; `verifies` are the keys of the parameters it stands for.

    Days are ISO days in Beijing; `sha256` names the stored file. It counts once another person checked it, until
    `valid_until`.
    """

    id: RptId
    vehicle_type_id: TypId
    kind: ReportKind
    number: str
    laboratory: str
    scope: str
    issued_on: str
    valid_until: str | None
    filename: str
    sha256: str
    verifies: tuple[str, ...]
    status: str
    author: str
    approver: str | None

    def counts(self, today: date) -> bool:
        """Whether it verifies anything on this day."""
        return self.status == "checked" and (self.valid_until is None or self.valid_until >= today.isoformat())

    def to_json(self, today: date) -> dict[str, Any]:
        """Give what the API shows; `counts` as of `today`."""
        lists = {"verifies": list(self.verifies), "kind": str(self.kind), "counts": self.counts(today)}
        return {**asdict(self), **lists}


@dataclass(frozen=True)
class SupplementReceipt:
    """That a ministry took the Annex 2 supplement of a vehicle type; it counts once another person confirmed it.

    `parameters` are the keys that were supplemented by it, `values_sha256` the digest of their values then.
    """

    id: RctId
    vehicle_type_id: TypId
    authority: Authority
    receipt_number: str
    receipt_date: str
    document_sha256: str
    parameters: tuple[str, ...]
    values_sha256: str
    status: str
    author: str
    approver: str | None
    salt: str

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        plain = {name: value for name, value in asdict(self).items() if name != "salt"}
        return {**plain, "authority": str(self.authority), "parameters": list(self.parameters)}


@dataclass(frozen=True)
class SupplementState:
    """How far the Annex 2 supplement of one vehicle type is, computed from the registry and its papers.

    `missing` are needed parameters without a registered value, `unverified` those without a report that counts,
    `lacking` the ministries of which no confirmed receipt covers all of them. `basis` is `evidence`, or `stated`
    while the company has marked no parameter as one of Annex 2: then the vehicle type's flag is all there is.
    """

    basis: str
    supplemented: bool
    missing: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    due: str = SUPPLEMENT_DUE

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        lists = {name: list(getattr(self, name)) for name in ("missing", "unverified", "lacking")}
        return {"basis": self.basis, "supplemented": self.supplemented, "due": self.due, **lists}


@dataclass(frozen=True)
class AdmissionPlan:
    """A plan owed to SAMR after an admission; `due_on` is None while no pack in force gives a due time.

    `sha256` names the stored plan once it is written, `filing_id` the filing by which it was sent.
    """

    id: PlnId
    vehicle_type_id: TypId
    kind: PlanKind
    admitted_on: str
    due_on: str | None
    rule: str | None
    status: str
    filename: str | None
    sha256: str | None
    author: str | None
    approver: str | None
    filing_id: str | None

    def to_json(self, today: date) -> dict[str, Any]:
        """Give what the API shows; `overdue` as of `today`."""
        late = self.status != "filed" and self.due_on is not None and self.due_on < today.isoformat()
        return {**asdict(self), "kind": str(self.kind), "overdue": late}
