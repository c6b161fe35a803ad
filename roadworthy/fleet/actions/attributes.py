"""What a vehicle says of itself in DDI's configData: free names and values, reported and never attested."""

import secrets
from collections.abc import Mapping

from roadworthy.database import FLEET, Actor, Database, View
from roadworthy.fleet import store
from roadworthy.fleet.model import VehId
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import digest_of

MAX_ATTRIBUTES = 100


def wants_config(view: View, vehicle_id: VehId) -> bool:
    """Whether a vehicle has told nothing of itself yet, and is to be asked."""
    return store.load_attributes(view, vehicle_id) is None


def record_attributes(
    database: Database, actor: Actor, vehicle_id: VehId, mode: str, told: Mapping[str, str | None]
) -> dict[str, str]:
    """Keep what a vehicle tells; `mode` is merge, replace or remove, and a value of None deletes one. Give all.

    Nothing new: no write and no event. Raises Unusable above 100 attributes.
    """
    with database.begin(actor) as work:
        known = store.load_attributes(work, vehicle_id)
        kept = {} if mode == "replace" else dict(known or {})
        for name, value in told.items():
            if value is None or mode == "remove":
                kept.pop(name, None)
            else:
                kept[name] = value
        if len(kept) > MAX_ATTRIBUTES:
            raise Unusable(f"A vehicle has at most {MAX_ATTRIBUTES} attributes.", code="attributes.many", at="data")
        if kept != known:
            store.put_attributes(work, vehicle_id, kept, new=known is None, salt=secrets.token_hex(16))
            work.record("attributes.reported", vehicle_id, {"names": digest_of(sorted(kept))}, lane=FLEET)
        return kept
