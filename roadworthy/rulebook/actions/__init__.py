"""The verbs of the rulebook: adopt what is shipped, bring in a pack, sign it, activate it; and the law of a moment."""

from roadworthy.rulebook.actions.activating import confirm, propose, settle, withdraw
from roadworthy.rulebook.actions.importing import adopt, discard, import_pack, retire, submit
from roadworthy.rulebook.actions.reading import (
    InForce,
    candidate,
    candidate_of,
    in_force,
    packs_at,
    packs_of,
    permits_at,
    shadows,
)
from roadworthy.rulebook.actions.signing import sign
from roadworthy.rulebook.model import UPGRADE

__all__ = [
    "UPGRADE", "InForce", "adopt", "candidate", "candidate_of", "confirm", "discard", "import_pack", "in_force",
    "packs_at", "packs_of", "permits_at", "propose", "retire", "settle", "shadows", "sign", "submit", "withdraw",
]  # fmt: skip
