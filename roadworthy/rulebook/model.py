"""The nouns of the rulebook."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from roadworthy.kernel.ids import Id
from roadworthy.kernel.time import to_text

UPGRADE = "upgrade"  # the question that the gate asks; `law.load` has the others


class AdoId(Id, prefix="ADO"):
    """Names an adoption."""


class AcvId(Id, prefix="ACV"):
    """Names an activation."""


class Mode(StrEnum):
    """How an activated pack counts: beside the law in force, or as part of it."""

    SHADOW = "shadow"
    IN_FORCE = "in_force"


class Meaning(StrEnum):
    """What a signature says."""

    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True)
class LawFile:
    """One file of the law: its name, the SHA-256 of its bytes, and the pack that it holds (empty for other files)."""

    name: str
    sha256: str
    pack: str = ""


@dataclass(frozen=True)
class Adoption:
    """The files that a release of Roadworthy ships, as they were found when it first started."""

    id: AdoId
    files: tuple[LawFile, ...]
    adopted_at: datetime


@dataclass(frozen=True)
class PackVersion:
    """One version of a pack that somebody brought in. `digest` is the pack's, `sha256` that of the file's bytes."""

    digest: str
    id: str
    version: str
    about: str
    sha256: str
    author: str
    status: str
    file_status: str
    imported_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {**vars(self), "imported_at": to_text(self.imported_at)}


@dataclass(frozen=True)
class Approval:
    """What one person, in one role, said of one version; never changed."""

    digest: str
    person: str
    role: str
    meaning: Meaning
    remark: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {**vars(self), "at": to_text(self.at), "meaning": str(self.meaning)}


@dataclass(frozen=True)
class Activation:
    """The decision of two people that a version counts from a moment on."""

    id: AcvId
    digest: str
    pack: str
    mode: Mode
    wanted_from: datetime
    proposer: str
    confirmer: str | None
    counsel: str
    second: str
    status: str
    confirmed_at: datetime | None
    effective_from: datetime | None
    ended_at: datetime | None

    def begun(self, moment: datetime) -> bool:
        """Whether it was confirmed, and counts, at `moment`; whether a later one took its place is not asked."""
        return (
            self.confirmed_at is not None
            and self.effective_from is not None
            and self.confirmed_at <= moment
            and self.effective_from <= moment
        )

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        said: Mapping[str, Any] = vars(self)
        return {name: to_text(value) if isinstance(value, datetime) else value for name, value in said.items()}
