"""Whether a lease is what the gate decided: the event of the decision counts, the row only repeats it.

Both signers go by the logged event alone. DDI and artifact links have no signature to wait for, so they look here:
a row that somebody wrote or prolonged in the database delivers nothing.
"""

from roadworthy.campaigns.model import GateDecision
from roadworthy.database import View
from roadworthy.database.history import newest_data, newest_event
from roadworthy.kernel.time import to_text


def is_as_decided(view: View, found: GateDecision) -> bool:
    """Whether an open decision was recorded by an event, says what that event says, and was not closed by another."""
    decided = newest_data(view, "gate.decided", found.id)
    if decided is None or newest_event(view, "gate.closed", found.id) is not None:
        return False
    told = {
        "campaign": found.campaign_id,
        "decision": "open",
        "filings": list(found.filing_ids),
        "not_after": to_text(found.not_after),
        "not_before": to_text(found.not_before),
        "release": found.release_id,
        "vehicle_type": found.vehicle_type_id,
        "wave": found.wave,
    }
    return {name: decided.get(name) for name in told} == told
