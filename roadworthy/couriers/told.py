"""What a person's word about a packet must say, whatever the channel."""

import re
from collections.abc import Sequence

from roadworthy.couriers.interface import Evidence, Packet, Told
from roadworthy.kernel.errors import Unusable

MOST_NOTE = 2000
_RECEIPT = re.compile(r"[^\s].{0,118}[^\s]|[^\s]")


class ToldUnusable(Unusable):
    """What was told about a packet cannot be used; correct it."""

    code = "told.unusable"


def evidence_of(channel: str, packet: Packet, told: Told, *, scans: Sequence[str] = ()) -> Evidence:
    """Turn a person's word into evidence: it says at least a receipt number or how it was checked.

    `scans` are the SHA-256 of the scans that belong to it. Raises ToldUnusable.
    """
    receipt, note = receipt_of(told), told.note.strip()
    if not receipt and not note:
        raise ToldUnusable(
            "Give the receipt number, or say who told you and how (telephone, letter, visit).", at="note"
        )
    if len(note) > MOST_NOTE:
        raise ToldUnusable(f"Say it in at most {MOST_NOTE} characters.", at="note")
    parts = [note, *(f"scan {one}" for one in scans)]
    return Evidence(
        channel, told.at, sent_sha256=packet.digest, receipt=receipt, note="\n".join(one for one in parts if one)
    )


def receipt_of(told: Told) -> str:
    """Give the receipt number, when both times it was typed it is the same; "" when there is none.

    Raises ToldUnusable.
    """
    first, second = told.receipt.strip(), told.receipt_again.strip()
    if first != second:
        raise ToldUnusable(
            "The receipt number was typed in two ways; type it twice from the authority's page, not by copying.",
            code="told.receipts_differ",
            at="receipt_again",
        )
    if first and not (_RECEIPT.fullmatch(first) and first.isprintable()):
        raise ToldUnusable("A receipt number has 1 to 120 characters in one line.", at="receipt")
    return first
