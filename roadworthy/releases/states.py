"""Life cycle of a release. After submission its bytes and declarations are frozen, and what they are compared with.

Papers may still be added (each needs its second person) and answers change: what is learned later must be able to
close the gate of a release that is on its way.
"""

from roadworthy.kernel.lifecycle import Lifecycle, Move

RELEASE = Lifecycle(
    "release",
    "draft",
    (
        Move("draft", "submit", "submitted", "release_engineer", "N45 I.3.1"),
        Move("submitted", "return", "draft", "release_manager", "N45 II.3"),
        Move("submitted", "approve", "approved", "release_manager", "N45 II.3"),
        Move("draft", "withdraw", "withdrawn", "release_engineer", "N45 II.3"),
        Move("submitted", "withdraw", "withdrawn", "release_manager", "N45 II.3"),
        Move("approved", "withdraw", "withdrawn", "release_manager", "N45 II.3"),
    ),
)
