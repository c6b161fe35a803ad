"""What time does to filings: their validity begins and ends."""

from roadworthy.database import Actor, Database
from roadworthy.filings import store
from roadworthy.filings.actions import moving
from roadworthy.filings.actions.answers import take_effect
from roadworthy.filings.model import FilId, Filing
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.time import beijing_date

SYSTEM = Actor("system:worker")


def expire(database: Database, actor: Actor, filing_id: FilId) -> Filing:
    """End a filing whose validity has run out; the system only.

    Raises NotPermitted, NotFound, WrongState, Refused while it is still valid.
    """
    with database.begin(actor, attempt="filing.expire", subject=filing_id) as work:
        known = moving.known(work, filing_id, "expire")
        if known.valid_until is None or known.valid_until >= beijing_date(work.now).isoformat():
            raise Refused("The validity of this filing has not ended.", code="filing.valid")
        return moving.move(work, filing_id, "expire")


def expire_ended(database: Database) -> int:
    """End every filing whose validity has run out, as the system; give how many.

    Nothing waits for this: a filing counts only to the end of its validity, whatever its state says.
    """
    with database.read() as view:
        ended = store.ended_filings(view, beijing_date(view.now))
    for filing_id in ended:
        expire(database, SYSTEM, filing_id)
    return len(ended)


def begin_due(database: Database) -> int:
    """Let every accepted filing take effect whose first day has come, as the system; give how many."""
    with database.read() as view:
        begun = store.begun_filings(view, beijing_date(view.now))
    for filing_id in begun:
        with database.begin(SYSTEM, attempt="filing.take_effect", subject=filing_id) as work:
            take_effect(work, store.load_filing(work, filing_id))
    return len(begun)
