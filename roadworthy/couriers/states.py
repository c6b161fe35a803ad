"""Life cycle of a dispatch: one packet on its way to one authority.

Nothing leads from `unsure` back to `waiting` but the channel's own word that it has the packet not, or a person who
checked with the authority.
"""

from roadworthy.kernel.lifecycle import Lifecycle, Move

OFFICER = "homologation_officer"
_CLAUSE = "N45-6a"

DISPATCH = Lifecycle(
    noun="dispatch",
    initial="waiting",
    moves=(
        Move("waiting", "claim", "sending"),
        Move("sending", "send", "sent"),
        Move("sending", "hand", "handed"),
        Move("sending", "doubt", "unsure"),
        Move("sending", "postpone", "waiting"),
        Move("sending", "fail", "failed"),
        # What the channel says when it is asked, or what a slow call said in the end.
        Move("unsure", "find", "sent"),
        Move("unsure", "miss", "waiting"),
        Move("unsure", "confirm", "sent", OFFICER, _CLAUSE),
        Move("unsure", "resend", "waiting", OFFICER, _CLAUSE),
        Move("handed", "confirm", "sent", OFFICER, _CLAUSE),
        Move("handed", "cancel", "cancelled", OFFICER, _CLAUSE),
        Move("failed", "resend", "waiting", OFFICER, _CLAUSE),
        Move("failed", "cancel", "cancelled", OFFICER, _CLAUSE),
        Move("waiting", "cancel", "cancelled", OFFICER, _CLAUSE),
    ),
)
