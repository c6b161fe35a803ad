"""Life cycle of a filing, for every kind of paper; docs/adr/0012 goes through the kinds.

The company writes, checks, signs off and sends; the authority's channel acknowledges; the authority decides. A paper
that lasts is then in force until something ends it; a report is closed when it is accepted.
"""

from roadworthy.kernel.lifecycle import Lifecycle, Move

OFFICER, COMPLIANCE = "homologation_officer", "compliance_officer"
_CLAUSE = "N45-6a"


def _moves(states: str, verb: str, target: str, role: str) -> tuple[Move, ...]:
    return tuple(Move(state, verb, target, role, _CLAUSE) for state in states.split())


FILING = Lifecycle(
    noun="filing",
    initial="draft",
    moves=(
        *_moves("draft", "complete", "complete", OFFICER),
        *_moves("complete signed_off", "reopen", "draft", OFFICER),
        *_moves("complete", "sign_off", "signed_off", OFFICER),
        *_moves("draft complete signed_off returned", "drop", "closed", OFFICER),
        *_moves("signed_off", "submit", "submitted", OFFICER),
        # The channel surely has it not, and nobody sends it again.
        *_moves("submitted", "take_back", "signed_off", OFFICER),
        *_moves("submitted", "acknowledge", "acknowledged", OFFICER),
        # An answer says that the paper has arrived, whether or not an acknowledgement was taken down before.
        *_moves("submitted acknowledged", "accept", "accepted", OFFICER),
        *_moves("submitted acknowledged", "return", "returned", OFFICER),
        *_moves("submitted acknowledged", "refuse", "refused", OFFICER),
        *_moves("returned", "amend", "draft", OFFICER),
        *_moves("accepted", "take_effect", "valid", OFFICER),
        *_moves("accepted valid", "close", "closed", OFFICER),
        *_moves("valid", "supersede", "amended", OFFICER),
        *_moves("valid", "suspend", "suspended", COMPLIANCE),
        *_moves("suspended", "resume", "valid", COMPLIANCE),
        *_moves("accepted valid suspended", "revoke", "revoked", COMPLIANCE),
        *_moves("accepted valid suspended", "withdraw", "withdrawn", COMPLIANCE),
        *_moves("valid suspended", "expire", "expired", ""),
    ),
)
# What the log calls each move.
EVENTS = {
    "complete": "filing.completed",
    "reopen": "filing.reopened",
    "sign_off": "filing.countersigned",
    "drop": "filing.dropped",
    "submit": "filing.submitted",
    "take_back": "filing.retracted",
    "acknowledge": "filing.acknowledged",
    "accept": "filing.accepted",
    "return": "filing.returned",
    "refuse": "filing.refused",
    "amend": "filing.amended",
    "take_effect": "filing.activated",
    "close": "filing.closed",
    "supersede": "filing.superseded",
    "suspend": "filing.suspended",
    "resume": "filing.resumed",
    "revoke": "filing.revoked",
    "withdraw": "filing.withdrawn",
    "expire": "filing.expired",
}
