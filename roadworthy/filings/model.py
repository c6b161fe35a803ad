"""Filings, their kinds, what each kind must name, and the documents that belong to one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from roadworthy.kernel.event import Json
from roadworthy.kernel.ids import Id
from roadworthy.kernel.time import to_text
from roadworthy.products.model import TypId


class FilId(Id, prefix="FIL"):
    """Names a filing."""


class DocId(Id, prefix="DOC"):
    """Names a document of a filing."""


class Authority(StrEnum):
    """Who receives a filing."""

    MIIT = "MIIT"
    SAMR = "SAMR"


class FilingKind(StrEnum):
    """What is filed; the word is also the id of its form."""

    MIIT_ENTERPRISE = "miit_enterprise"
    MIIT_TYPE = "miit_type"
    MIIT_ACTIVITY = "miit_activity"
    MIIT_STAGE_REPORT = "miit_stage_report"
    MIIT_IMPLEMENTATION_REPORT = "miit_implementation_report"
    MIIT_CHANGE_PERMIT = "miit_change_permit"
    L3_PERMIT = "l3_permit"
    SAMR_RECORD = "samr_record"
    SAMR_PARAMETERS = "samr_parameters"
    RECALL_PLAN = "recall_plan"
    RECALL_STAGE = "recall_stage"
    RECALL_SUMMARY = "recall_summary"
    INCIDENT_INITIAL = "incident_initial"
    INCIDENT_FULL = "incident_full"
    INCIDENT_FOLLOW_UP = "incident_follow_up"
    INCIDENT_FINAL = "incident_final"
    INCIDENT_CORRECTION = "incident_correction"
    NEV_FIRE_BASIC = "nev_fire_basic"
    NEV_FIRE_FULL = "nev_fire_full"
    DEEP_TEST_PLAN = "deep_test_plan"
    RISK_ASSESSMENT_PLAN = "risk_assessment_plan"
    SANDBOX_DOSSIER = "sandbox_dossier"


@dataclass(frozen=True)
class Form:
    """To whom a kind goes, because of which clause, and what its scope must name before it is complete.

    What the paper itself must say stands in the form's own definition (`law.forms`, same id). `lasts`: once accepted
    it is in force until something ends it; otherwise it is a report, done with when it is accepted.
    """

    authorities: tuple[Authority, ...]
    clause: str
    lasts: bool = True
    needs_vehicle_types: bool = True
    needs_package: bool = False
    needs_values: bool = False
    needs_subject: bool = False


_MIIT, _SAMR, _BOTH = (Authority.MIIT,), (Authority.SAMR,), (Authority.MIIT, Authority.SAMR)


def _incident(clause: str, authorities: tuple[Authority, ...] = _BOTH) -> Form:
    return Form(authorities, clause, lasts=False, needs_vehicle_types=False, needs_subject=True)


FORMS: Mapping[FilingKind, Form] = {
    FilingKind.MIIT_ENTERPRISE: Form(_MIIT, "EIDC22-2", needs_vehicle_types=False),
    FilingKind.MIIT_TYPE: Form(_MIIT, "EIDC22-2"),
    FilingKind.MIIT_ACTIVITY: Form(_MIIT, "EIDC22-2", needs_package=True),
    FilingKind.MIIT_STAGE_REPORT: Form(_MIIT, "EIDC22-4d", lasts=False, needs_package=True),
    FilingKind.MIIT_IMPLEMENTATION_REPORT: Form(_MIIT, "EIDC22-4c", lasts=False, needs_package=True),
    FilingKind.MIIT_CHANGE_PERMIT: Form(_MIIT, "N45-7b", needs_values=True),
    FilingKind.L3_PERMIT: Form(_MIIT, "N45-7c"),
    FilingKind.SAMR_RECORD: Form(_SAMR, "SAMR20-1", needs_package=True),
    FilingKind.SAMR_PARAMETERS: Form(_SAMR, "N45-2c"),
    FilingKind.RECALL_PLAN: Form(_SAMR, "REG-16"),
    FilingKind.RECALL_STAGE: Form(_SAMR, "IM-32", lasts=False),
    FilingKind.RECALL_SUMMARY: Form(_SAMR, "IM-32", lasts=False),
    FilingKind.INCIDENT_INITIAL: _incident("N45-4b"),
    FilingKind.INCIDENT_FULL: _incident("N45-4f"),
    FilingKind.INCIDENT_FOLLOW_UP: _incident("N45-4f"),
    FilingKind.INCIDENT_FINAL: _incident("N45-4f"),
    FilingKind.INCIDENT_CORRECTION: _incident("N45-4f"),
    FilingKind.NEV_FIRE_BASIC: _incident("NEV-1", _SAMR),
    FilingKind.NEV_FIRE_FULL: _incident("NEV-3", _SAMR),
    FilingKind.DEEP_TEST_PLAN: Form(_BOTH, "N45-1b"),
    FilingKind.RISK_ASSESSMENT_PLAN: Form(_BOTH, "N45-1b"),
    FilingKind.SANDBOX_DOSSIER: Form(_SAMR, "N45-1b"),
}
# Papers of one release that two authorities get: what both ask for must be the same in both (Notice 45, (8)).
COUNTERPARTS: Mapping[FilingKind, FilingKind] = {
    FilingKind.MIIT_ACTIVITY: FilingKind.SAMR_RECORD,
    FilingKind.SAMR_RECORD: FilingKind.MIIT_ACTIVITY,
}
# How far a filing is in words of its life cycle: nothing more comes of it, or it can still be what was filed.
DEAD = frozenset({"refused", "amended", "revoked", "expired", "withdrawn"})
PENDING = frozenset({"submitted", "acknowledged", "accepted"})


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
class Wish:
    """What a room or a person wants filed.

    `facts` is the document that fills the form, by the source paths of its fields. `subject` is what the paper is
    about (type and id, never a VIN), `beside` another paper of the same matter, `amends` the one it is to replace.
    """

    kind: FilingKind
    scope: Scope = field(default_factory=Scope)
    facts: Mapping[str, Any] = field(default_factory=dict)
    authority: Authority | None = None
    subject: tuple[str, str] | None = None
    beside: FilId | None = None
    amends: FilId | None = None


@dataclass(frozen=True)
class Filing:
    """One paper for one authority: its scope and facts, its people, and the answer as far as it has come.

    `author` wrote it, `signed_by` signed it off, `approver` took down the acceptance. `group_id` is the same for the
    papers of one matter. `packet_id` names the dispatch that carries it, None when people sent it by hand.
    """

    id: FilId
    group_id: FilId
    kind: FilingKind
    authority: Authority
    scope: Scope
    facts: Mapping[str, Any]
    form_version: str
    round: int
    subject_type: str | None
    subject_id: str | None
    amends: FilId | None
    author: str
    signed_by: str | None
    approver: str | None
    status: str
    packet_id: str | None
    submitted_on: str | None
    package_delivered_on: str | None
    acknowledged_at: datetime | None
    submission_number: str | None
    receipt_number: str | None
    receipt_date: str | None
    document_sha256: str | None
    valid_from: str | None
    valid_until: str | None
    remark: str | None
    salt: str
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows; the facts, which may be long, apart."""
        scope, values = self.scope, self.scope.parameter_values
        return {
            **{name: getattr(self, name) for name in _SHOWN},
            "kind": str(self.kind),
            "authority": str(self.authority),
            "clause": FORMS[self.kind].clause,
            "vehicle_type_ids": list(scope.vehicle_type_ids),
            "release_id": scope.release_id,
            "package_sha256": scope.package_sha256,
            "vin_set_digest": scope.vin_set_digest,
            "parameter_values": None if values is None else {one: dict(values[one]) for one in values},
            "planned_release": scope.planned_release,
            "acknowledged_at": None if self.acknowledged_at is None else to_text(self.acknowledged_at),
        }


_SHOWN = (
    "id", "group_id", "form_version", "round", "subject_type", "subject_id", "amends", "author", "signed_by",
    "approver", "status", "packet_id", "submitted_on", "package_delivered_on", "submission_number", "receipt_number",
    "receipt_date", "document_sha256", "valid_from", "valid_until", "remark",
)  # fmt: skip


class Role(StrEnum):
    """What a document is to its filing."""

    FORM = "form"
    ATTACHMENT = "attachment"
    SCAN = "scan"
    RECEIPT = "receipt"


@dataclass(frozen=True)
class Kept:
    """A file that lies in the artifacts and was looked through: safe name, type by content, hash, length in bytes."""

    name: str
    media_type: str
    sha256: str
    length: int


@dataclass(frozen=True)
class Document:
    """A stored document of a filing. `data_sha256` and `round` say which data a drawn form shows.

    A scan has `pages` and the `codes` that were read on it; it counts once another person has confirmed it.
    """

    id: DocId
    filing_id: FilId
    role: Role
    name: str
    media_type: str
    sha256: str
    length: int
    language: str | None
    data_sha256: str | None
    round: int
    pages: int | None
    codes: tuple[str, ...]
    warnings: tuple[Mapping[str, str], ...]
    author: str
    confirmed_by: str | None
    salt: str

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        shown = {name: value for name, value in vars(self).items() if name != "salt"}
        lists = {"codes": list(self.codes), "warnings": [dict(one) for one in self.warnings]}
        return {**shown, "role": str(self.role), **lists}
