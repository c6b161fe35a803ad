"""Whether a lease is what the gate decided: the event of the decision counts, the row only repeats it.

Both signers go by the logged event alone. DDI and artifact links have no signature to wait for, so they look here:
a row that somebody wrote or prolonged in the database delivers nothing.
"""

from collections.abc import Iterable, Mapping

from roadworthy.campaigns.model import GateDecision
from roadworthy.database import View
from roadworthy.database.history import data_of, subjects_of
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import to_text


def as_decided(view: View, leases: Iterable[GateDecision]) -> list[GateDecision]:
    """Give those open decisions that an event recorded, that say what it says, and that no other event has closed."""
    known = list(leases)
    ids = [lease.id for lease in known]
    decided, closed = data_of(view, "gate.decided", ids), subjects_of(view, "gate.closed", ids)
    return [one for one in known if one.id not in closed and _says(decided.get(one.id, {}), one)]


def _says(decided: Mapping[str, Json], found: GateDecision) -> bool:
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
