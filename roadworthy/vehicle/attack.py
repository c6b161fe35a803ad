"""Attacks by the names of the Uptane Standard 2.1.0 (section 3.3), as a vehicle reports them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    SlowRetrievalError,
    UnsignedMetadataError,
)

from roadworthy.kernel.errors import Refused

LONGEST_DESCRIPTION = 500


class AttackName(StrEnum):
    """What somebody tried, or what looks like it."""

    ARBITRARY_SOFTWARE = "arbitrary_software"
    MIX_AND_MATCH = "mix_and_match"
    ROLLBACK = "rollback"
    FREEZE = "freeze"
    WRONG_VEHICLE = "wrong_vehicle"
    WRONG_ECU = "wrong_ecu"
    ENDLESS_DATA = "endless_data"
    SLOW_RETRIEVAL = "slow_retrieval"
    MALFORMED_METADATA = "malformed_metadata"


@dataclass(frozen=True)
class Order:
    """Whom the Director's Targets answer to: campaign (a URN), assignment and gate decision."""

    correlation_id: str
    assignment: str
    gate: str


@dataclass(frozen=True)
class Attack:
    """Why a vehicle refused. `order` is None while the Director's own metadata was not yet believed."""

    name: AttackName
    description: str
    order: Order | None = None

    def to_text(self) -> str:
        """Give `name: description` in ASCII for `attacks_detected`; over 500 characters it ends in `...`."""
        text = self.description.encode("ascii", "backslashreplace").decode("ascii")
        if len(text) > LONGEST_DESCRIPTION:
            text = text[: LONGEST_DESCRIPTION - 3] + "..."
        return f"{self.name}: {text}"


class Detected(Refused):
    """The vehicle refuses what it was given; the attack says why."""

    def __init__(self, name: AttackName, description: str, order: Order | None = None) -> None:
        """Carry the attack."""
        self.attack = Attack(name, description, order)
        super().__init__(self.attack.to_text(), code=f"attack.{name}")


# First match wins: subclasses stand before their parents.
_BY_ERROR: tuple[tuple[type[Exception], AttackName], ...] = (
    (ExpiredMetadataError, AttackName.FREEZE),
    (BadVersionNumberError, AttackName.ROLLBACK),
    (LengthOrHashMismatchError, AttackName.MIX_AND_MATCH),
    (UnsignedMetadataError, AttackName.ARBITRARY_SOFTWARE),
    (RepositoryError, AttackName.MALFORMED_METADATA),
    (DownloadLengthMismatchError, AttackName.ENDLESS_DATA),
    (SlowRetrievalError, AttackName.SLOW_RETRIEVAL),
)


@contextmanager
def naming_attacks(where: str, order: Order | None = None, *, mismatch: AttackName | None = None) -> Iterator[None]:
    """Turn what ngclient refuses into Detected; `mismatch` overrides the name for wrong lengths and hashes.

    Lets through what is no attack: no answer, HTTP errors, ComeBack.
    """
    try:
        yield
    except Detected as detected:
        if detected.attack.order is None and order is not None:
            raise Detected(detected.attack.name, detected.attack.description, order) from detected
        raise
    except tuple(kind for kind, _ in _BY_ERROR) as error:
        name = next(name for kind, name in _BY_ERROR if isinstance(error, kind))
        if mismatch is not None and isinstance(error, LengthOrHashMismatchError):
            name = mismatch
        raise Detected(name, f"{where}: {error}", order) from error
