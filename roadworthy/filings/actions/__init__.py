"""The verbs over filings.

Write, check and sign off (`writing`); send (`sending`); take down what the authority said (`answers`); documents
(`papers`); begin and end with time (`ending`); and what the gate asks (`standing`).
"""

from roadworthy.filings.actions.answers import (
    accept,
    acknowledge,
    close,
    deliver_package,
    refuse,
    resume,
    revoke,
    send_back,
    suspend,
    withdraw,
)
from roadworthy.filings.actions.ending import begin_due, expire, expire_ended
from roadworthy.filings.actions.papers import attach, codes_on, confirm_scan, draw, keep
from roadworthy.filings.actions.sending import (
    Word,
    cancel,
    channel_of,
    confirm_sent,
    follow,
    guide,
    open_channels,
    packet_of,
    resend,
    send,
    submit,
)
from roadworthy.filings.actions.standing import ads_permit, change_permit, in_force, standing
from roadworthy.filings.actions.writing import (
    amend,
    complete,
    draft,
    draft_all,
    drop,
    findings,
    prepare,
    reopen,
    revise,
    sign_off,
)

__all__ = [
    "Word",
    "accept",
    "acknowledge",
    "ads_permit",
    "amend",
    "attach",
    "begin_due",
    "cancel",
    "change_permit",
    "channel_of",
    "close",
    "codes_on",
    "complete",
    "confirm_scan",
    "confirm_sent",
    "deliver_package",
    "draft",
    "draft_all",
    "draw",
    "drop",
    "expire",
    "expire_ended",
    "findings",
    "follow",
    "guide",
    "in_force",
    "keep",
    "open_channels",
    "packet_of",
    "prepare",
    "refuse",
    "reopen",
    "resend",
    "resume",
    "revise",
    "revoke",
    "send",
    "send_back",
    "sign_off",
    "standing",
    "submit",
    "suspend",
    "withdraw",
]
