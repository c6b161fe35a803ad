"""People, tokens, sessions and the fixed set of roles."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from roadworthy.kernel.ids import Id
from roadworthy.kernel.time import to_text


class UsrId(Id, prefix="USR"):
    """Names a person."""


class TokId(Id, prefix="TOK"):
    """Names an API token; it is not the secret."""


class Role(StrEnum):
    """What a person may do; a person may hold several."""

    ADMINISTRATOR = "administrator"
    RELEASE_ENGINEER = "release_engineer"
    RELEASE_MANAGER = "release_manager"
    COMPLIANCE_OFFICER = "compliance_officer"
    HOMOLOGATION_OFFICER = "homologation_officer"
    SAFETY_ENGINEER = "safety_engineer"
    RECALL_MANAGER = "recall_manager"
    INCIDENT_OFFICER = "incident_officer"
    AUDITOR = "auditor"


@dataclass(frozen=True)
class Person:
    """Somebody who acts. `name` is unique, so that one human being is not entered twice by accident."""

    id: UsrId
    name: str
    roles: frozenset[str]
    active: bool
    salt: str
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {
            "id": self.id,
            "name": self.name,
            "roles": sorted(self.roles),
            "active": self.active,
            "created_at": to_text(self.created_at),
        }


@dataclass(frozen=True)
class Token:
    """An API token as it is kept: without the secret."""

    id: TokId
    person_id: UsrId
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """Give what the API shows."""
        return {
            "id": self.id,
            "person_id": self.person_id,
            "label": self.label,
            "created_at": to_text(self.created_at),
            "expires_at": to_text(self.expires_at) if self.expires_at else None,
            "revoked_at": to_text(self.revoked_at) if self.revoked_at else None,
        }
