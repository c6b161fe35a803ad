"""Life cycles of a pack version and of its activation.

A text that was refused is not mended but brought in again as another version: what is signed is always the same bytes.
"""

from roadworthy.kernel.lifecycle import Lifecycle, Move

_ADMINISTRATOR, _COUNSEL, _SECOND = "administrator", "compliance_officer", "release_manager"
_CLAUSE = "N45 II.1"

PACK = Lifecycle(
    "rule pack",
    "draft",
    (
        Move("draft", "submit", "in_review", _ADMINISTRATOR, _CLAUSE),
        Move("draft", "discard", "retired", _ADMINISTRATOR, _CLAUSE),
        Move("in_review", "sign", "in_review", _COUNSEL, _CLAUSE),
        Move("in_review", "approve", "approved", _SECOND, _CLAUSE),
        Move("in_review", "refuse", "retired", _COUNSEL, _CLAUSE),
        Move("in_review", "decline", "retired", _SECOND, _CLAUSE),
        Move("approved", "try", "shadow", "", _CLAUSE),
        Move("shadow", "promote", "approved", "", _CLAUSE),
        Move("approved", "supersede", "superseded", "", _CLAUSE),
        Move("shadow", "supersede", "superseded", "", _CLAUSE),
        Move("approved", "retire", "retired", _COUNSEL, _CLAUSE),
        Move("shadow", "retire", "retired", _COUNSEL, _CLAUSE),
    ),
)

ACTIVATION = Lifecycle(
    "activation",
    "proposed",
    (
        Move("proposed", "confirm", "confirmed", _SECOND, _CLAUSE),
        Move("proposed", "withdraw", "withdrawn", _COUNSEL, _CLAUSE),
        Move("confirmed", "take_effect", "in_effect", "", _CLAUSE),
        Move("in_effect", "end", "ended", "", _CLAUSE),
    ),
)
