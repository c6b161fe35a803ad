"""Filings, their kinds, and what each kind must name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from roadworthy.kernel.event import Json
from roadworthy.kernel.ids import Id
from roadworthy.products.model import TypId


class FilId(Id, prefix="FIL"):
    """Names a filing."""


class Authority(StrEnum):
    """Who receives a filing."""

    MIIT = "MIIT"
    SAMR = "SAMR"


class FilingKind(StrEnum):
    """What is filed."""

    MIIT_ENTERPRISE = "miit_enterprise"
    MIIT_TYPE = "miit_type"
    MIIT_ACTIVITY = "miit_activity"
    MIIT_CHANGE_PERMIT = "miit_change_permit"
    SAMR_RECORD = "samr_record"
    MIIT_IMPLEMENTATION_REPORT = "miit_implementation_report"
    MIIT_STAGE_REPORT = "miit_stage_report"
    RECALL_PLAN = "recall_plan"


@dataclass(frozen=True)
class Form:
    """What a kind of filing needs before it can be submitted, to whom it goes, and because of which clause."""

    authority: Authority
    clause: str
    needs_vehicle_types: bool = True
    needs_package: bool = False
    needs_values: bool = False


FORMS: Mapping[FilingKind, Form] = {
    FilingKind.MIIT_ENTERPRISE: Form(Authority.MIIT, "EIDC22-2", needs_vehicle_types=False),
    FilingKind.MIIT_TYPE: Form(Authority.MIIT, "EIDC22-2"),
    FilingKind.MIIT_ACTIVITY: Form(Authority.MIIT, "EIDC22-2", needs_package=True),
    FilingKind.MIIT_CHANGE_PERMIT: Form(Authority.MIIT, "N45-7b", needs_values=True),
    FilingKind.SAMR_RECORD: Form(Authority.SAMR, "SAMR20-1", needs_package=True),
    FilingKind.MIIT_IMPLEMENTATION_REPORT: Form(Authority.MIIT, "EIDC22-4c", needs_package=True),
    FilingKind.MIIT_STAGE_REPORT: Form(Authority.MIIT, "EIDC22-4d", needs_package=True),
    FilingKind.RECALL_PLAN: Form(Authority.SAMR, "REG-16"),
}


@dataclass(frozen=True)
class Scope:
    """What a filing covers. Dates are ISO days in Beijing; `parameter_values` are by vehicle type id, then key."""

    vehicle_type_ids: tuple[TypId, ...] = ()
    release_id: str | None = None
    package_sha256: str | None = None
    vin_set_digest: str | None = None
    parameter_values: Mapping[str, Mapping[str, Json]] | None = None
    planned_release: str | None = None


@dataclass(frozen=True)
class Filing:
    """One filing with its scope, its people, and the answer of the authority as far as it has come."""

    id: FilId
    kind: FilingKind
    authority: Authority
    scope: Scope
    author: str
    approver: str | None
    status: str
    submitted_on: str | None
    package_delivered_on: str | None
    receipt_number: str | None
    receipt_date: str | None
    document_sha256: str | None
    valid_until: str | None
    remark: str | None
    salt: str

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        scope, values = self.scope, self.scope.parameter_values
        return {
            "id": self.id,
            "kind": str(self.kind),
            "authority": str(self.authority),
            "clause": FORMS[self.kind].clause,
            "vehicle_type_ids": list(scope.vehicle_type_ids),
            "release_id": scope.release_id,
            "package_sha256": scope.package_sha256,
            "vin_set_digest": scope.vin_set_digest,
            "parameter_values": None if values is None else {one: dict(values[one]) for one in values},
            "planned_release": scope.planned_release,
            "author": self.author,
            "approver": self.approver,
            "status": self.status,
            "submitted_on": self.submitted_on,
            "package_delivered_on": self.package_delivered_on,
            "receipt_number": self.receipt_number,
            "receipt_date": self.receipt_date,
            "document_sha256": self.document_sha256,
            "valid_until": self.valid_until,
            "remark": self.remark,
        }
