"""What follows from an event in another room: one visible table, run by the worker from the outbox.

A lower room never calls a higher one: it records an event, and here stands who answers. Every answer names the
event that caused it and may run twice without harm. An answer that fails is told and tried again after a while; the
others do not wait for it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select

from roadworthy.admission import store as admission_store
from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns import store as campaigns_store
from roadworthy.campaigns.model import CmpId
from roadworthy.database import Actor, Changed, Database, View
from roadworthy.database.schema import event, pending
from roadworthy.filings import actions as filings
from roadworthy.fleet import store as fleet_store
from roadworthy.kernel.errors import RoadworthyError
from roadworthy.releases import store as releases_store
from roadworthy.releases.actions import Regime

log = logging.getLogger(__name__)
ACTOR = Actor("system:reactions")


RETRY_AFTER = timedelta(seconds=15)


@dataclass(frozen=True)
class Context:
    """What an answer may use, and until when those that failed rest (by the id of their event or campaign)."""

    database: Database
    regime: Regime
    lease_hours: int
    resting: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Cause:
    """The event that is answered."""

    id: str
    kind: str
    subject: str


Answer = Callable[[Context, Cause], set[CmpId]]


def _those_resting_on_it(context: Context, cause: Cause) -> set[CmpId]:
    """A paper lost its force: whoever rests on it."""
    with context.database.read() as view:
        return {
            campaign.id
            for campaign in campaigns_store.running(view)
            # Ended leases too: one ends with its papers, and the campaign is to be held all the same.
            if any(cause.subject in one.filing_ids for one in campaigns_store.decisions(view, campaign.id))
        }


def _those_of_the_release(context: Context, cause: Cause) -> set[CmpId]:
    """A release was withdrawn, or an answer about it changed."""
    with context.database.read() as view:
        return {campaign.id for campaign in campaigns_store.running(view) if campaign.release_id == cause.subject}


def _those_of_the_type(context: Context, cause: Cause) -> set[CmpId]:
    """The registry says something else about a vehicle type."""
    with context.database.read() as view:
        return _for_type(view, cause.subject)


def _those_of_the_record(context: Context, cause: Cause) -> set[CmpId]:
    """A paper or a finding about a vehicle type changed, and with it what is known of the type."""
    with context.database.read() as view:
        return _for_type(view, admission_store.type_of(view, cause.subject))


def _those_of_the_vehicle(context: Context, cause: Cause) -> set[CmpId]:
    """A vehicle's record was corrected, it was sold for instance: it may have joined a target set, or left it."""
    with context.database.read() as view:
        return _for_type(view, fleet_store.load_vehicle(view, cause.subject).vehicle_type_id)


def _all(context: Context, cause: Cause) -> set[CmpId]:  # noqa: ARG001 - every answer has the same shape
    """Something that every vehicle type may depend on changed."""
    with context.database.read() as view:
        return {campaign.id for campaign in campaigns_store.running(view)}


def _none_but_register(context: Context, cause: Cause) -> set[CmpId]:
    """A campaign is complete: the permitted values that its vehicles have now are those of the vehicle type."""
    campaigns.register_permitted(context.database, ACTOR, CmpId(cause.subject), cause.id)
    return _none_but_reports(context, cause)


def _none_but_reports(context: Context, cause: Cause) -> set[CmpId]:
    """A campaign ended: the clocks of its reports start."""
    campaigns.start_due_clocks(context.database, ACTOR, context.regime, cause.subject)
    return set()


def _none_but_follow(context: Context, cause: Cause) -> set[CmpId]:
    """A channel has a packet, or it is sent no more: the paper moves after it."""
    filings.follow(context.database, ACTOR, cause.subject)
    return set()


def _none_but_acknowledge(context: Context, cause: Cause) -> set[CmpId]:
    """A receipt came: the clock of the report that it acknowledges ends."""
    campaigns.acknowledge(context.database, ACTOR, cause.subject)
    return set()


# event kind -> answer: what it does, and the running campaigns whose gate is asked again (held if the answer is no)
TABLE: Mapping[str, Answer] = {
    "filing.withdrawn": _those_resting_on_it,
    "filing.expired": _those_resting_on_it,
    "filing.suspended": _those_resting_on_it,
    "filing.revoked": _those_resting_on_it,
    "filing.superseded": _those_resting_on_it,
    "filing.closed": _those_resting_on_it,
    "dispatch.sent": _none_but_follow,
    "dispatch.found": _none_but_follow,
    "dispatch.confirmed": _none_but_follow,
    "dispatch.cancelled": _none_but_follow,
    "filing.accepted": _none_but_acknowledge,
    "release.withdrawn": _those_of_the_release,
    "fact.answered": _those_of_the_release,
    "values.registered": _those_of_the_type,
    "vehicle_type.amended": _those_of_the_type,
    "finding.opened": _those_of_the_record,
    "report.withdrawn": _those_of_the_record,
    "supplement_receipt.withdrawn": _those_of_the_record,
    "swin.retired": _those_of_the_record,
    "parameter.defined": _all,
    "vehicle.amended": _those_of_the_vehicle,
    "ecu.amended": _all,
    "parameter.amended": _all,
    "activation.took_effect": _all,
    "campaign.completed": _none_but_register,
    "campaign.stopped": _none_but_reports,
}
KINDS = frozenset(TABLE)


def run_pending(context: Context) -> int:
    """Answer the events that wait, oldest first; give how many were. An event is taken off only after its answer.

    A campaign that several events name is asked once, on account of the newest.
    """
    asked: dict[CmpId, str] = {}
    owed: list[tuple[int, set[CmpId]]] = []
    for seq, cause in _waiting(context.database):
        answer = TABLE.get(cause.kind)  # a kind that an older version answered is only taken off
        with _told(context, cause.id) as free:
            if free:
                found = set() if answer is None else answer(context, cause)
                asked |= dict.fromkeys(found, cause.id)
                owed.append((seq, found))
    done: set[CmpId] = set()
    for campaign_id, cause_id in asked.items():
        with _told(context, campaign_id) as free:
            if free:
                campaigns.recheck(context.database, context.regime, campaign_id, context.lease_hours, cause_id)
                done.add(campaign_id)
    answered = [seq for seq, found in owed if found <= done]
    if answered:
        with context.database.begin(ACTOR) as work:
            mine = (pending.c.consumer == "reactions") & (pending.c.event_seq == bindparam("seq"))
            work.execute(delete(pending).where(mine), [{"seq": seq} for seq in answered])
    return len(answered)


def _waiting(database: Database) -> list[tuple[int, Cause]]:
    query = select(event.c.seq, event.c.id, event.c.kind, event.c.subject)
    query = query.join(pending, pending.c.event_seq == event.c.seq).where(pending.c.consumer == "reactions")
    with database.read() as view:
        return [(row.seq, Cause(row.id, row.kind, row.subject)) for row in view.all(query.order_by(event.c.seq))]


def _for_type(view: View, vehicle_type_id: str) -> set[CmpId]:
    running = campaigns_store.running(view)
    return {c.id for c in running if vehicle_type_id in releases_store.get(view, c.release_id).vehicle_type_ids}


@contextmanager
def _told(context: Context, subject: str) -> Iterator[bool]:
    """Say whether `subject` may be tried now; when it fails, tell it and let it rest."""
    now = context.database.time.now()
    if now < context.resting.get(subject, now):
        yield False
        return
    context.resting.pop(subject, None)
    try:
        yield True
    except RoadworthyError as error:
        if not isinstance(error, Changed):  # another writer was first: that is over with the next tick
            context.resting[subject] = now + RETRY_AFTER
        log.error("%s is not answered yet (%s): %s", subject, error.error_code, error.message)  # noqa: TRY400
