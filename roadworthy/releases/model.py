"""The nouns of a release."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from roadworthy.kernel.event import Json
from roadworthy.kernel.ids import Id


class RelId(Id, prefix="REL"):
    """Names a release."""


class DosId(Id, prefix="DOS"):
    """Names a dossier item."""


class ClsId(Id, prefix="CLS"):
    """Names a classification."""


class DossierKind(StrEnum):
    """The papers a release carries; the value is the fact of the law's vocabulary that it settles."""

    RISK = "risk_assessment_done"
    SAFETY = "functional_safety_validated"
    TEST = "test_evidence_complete"
    SUMS = "sums_records_complete"
    NOTICE = "notice_text_checked"
    VERIFICATION = "verification_attached"
    INDEPENDENCE = "ads_independence_evidence"
    SURVEY = "survey_approval_held"
    CONSUMER = "consumer_review_done"


@dataclass(frozen=True)
class Package:
    """The bytes that vehicles install: where they stand in the image repository, their hashes and size (bytes)."""

    path: str
    filename: str
    sha256: str
    sha1: str
    md5: str
    length: int
    hardware_ids: tuple[str, ...]
    release_counter: int


@dataclass(frozen=True)
class Release:
    """One software release for some vehicle types."""

    id: RelId
    name: str
    version: str
    status: str
    delivery: str
    content_only: bool
    vehicle_type_ids: tuple[str, ...]
    ecu_ids: tuple[str, ...]
    planned_release: date | None
    swin: str
    author_id: str
    approver_id: str | None
    created_at: datetime
    submitted_at: datetime | None = None
    package: Package | None = None


@dataclass(frozen=True)
class DossierItem:
    """One paper: its kind, the hash of its bytes, who wrote it and who else checked it (or nobody yet)."""

    id: DosId
    release_id: RelId
    kind: DossierKind
    filename: str
    sha256: str
    author_id: str
    approver_id: str | None


@dataclass(frozen=True)
class Sbom:
    """The software bill of materials of a release, as parsed."""

    release_id: RelId
    sha256: str
    spec_version: str
    components: int


@dataclass(frozen=True)
class Classification:
    """What the law calls a release for one vehicle type, with everything it rests on."""

    id: ClsId
    release_id: RelId
    vehicle_type_id: str
    labels: tuple[str, ...]
    tier: str | None
    decision: str
    report: Mapping[str, Json]
    facts: Mapping[str, Json]
    made_at: datetime


@dataclass(frozen=True)
class Dossier:
    """All that people have put beside a release."""

    items: tuple[DossierItem, ...] = ()
    answers: Mapping[str, Json] = field(default_factory=dict)
    declared: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)  # ECU id -> parameter key -> value
    sbom: Sbom | None = None
