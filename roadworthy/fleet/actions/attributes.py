"""What a vehicle says of itself in DDI's configData: free names and values, reported and never attested."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from roadworthy.database import FLEET, Actor, Database, View
from roadworthy.fleet import store
from roadworthy.fleet.model import VehId
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import digest_of

MAX_ATTRIBUTES = 100


class TooManyAttributes(Unusable):
    """A vehicle tells at most 100 attributes of itself; leave some out, or remove some first."""

    status = 429
    code = "attributes.many"


def wants_config(view: View, vehicle_id: VehId, since: datetime | None) -> bool:
    """Whether a vehicle is to be asked: it has told nothing of itself yet, or nothing after `since`."""
    known = store.load_attributes(view, vehicle_id)
    return known is None or _is_older(known[1], since)


def record_attributes(
    database: Database,
    actor: Actor,
    vehicle_id: VehId,
    mode: str,
    told: Mapping[str, str | None],
    since: datetime | None = None,
) -> dict[str, str]:
    """Keep what a vehicle tells; `mode` is merge, replace or remove, and a value of None deletes one. Give all.

    Nothing new, and told after `since` already: no write and no event. Raises TooManyAttributes.
    """
    with database.begin(actor) as work:
        known = store.load_attributes(work, vehicle_id)
        kept = {} if known is None or mode == "replace" else dict(known[0])
        for name, value in told.items():
            if value is None or mode == "remove":
                kept.pop(name, None)
            else:
                kept[name] = value
        if len(kept) > MAX_ATTRIBUTES:
            raise TooManyAttributes
        if known is None or kept != known[0] or _is_older(known[1], since):
            store.put_attributes(work, vehicle_id, kept, new=known is None, salt=secrets.token_hex(16))
            work.record("attributes.reported", vehicle_id, {"names": digest_of(sorted(kept))}, lane=FLEET)
        return kept


def _is_older(told_at: datetime, since: datetime | None) -> bool:
    return since is not None and told_at < since
