"""Life cycle of a filing. The authority decides; each move records what it did, or that the company took it back."""

from roadworthy.kernel.lifecycle import Lifecycle, Move

_OFFICER, _COMPLIANCE = "homologation_officer", "compliance_officer"

FILING = Lifecycle(
    noun="filing",
    initial="draft",
    moves=(
        Move("draft", "submit", "submitted", _OFFICER, "N45-6a"),
        Move("submitted", "accept", "accepted", _OFFICER, "N45-6a"),
        Move("submitted", "return", "returned", _OFFICER, "N45-6a"),
        Move("submitted", "refuse", "refused", _OFFICER, "N45-6a"),
        Move("returned", "amend", "draft", _OFFICER, "N45-6a"),
        Move("accepted", "withdraw", "withdrawn", _COMPLIANCE, "N45-6a"),
        Move("accepted", "expire", "expired", "", "N45-6a"),
    ),
)
