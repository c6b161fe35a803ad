"""What follows from an event in another room: one visible table, run by the worker from the outbox.

A lower room never calls a higher one: it records an event, and here stands who answers. Every answer names the
event that caused it and may run twice without harm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select

from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns import store as campaigns_store
from roadworthy.campaigns.model import GateDecision
from roadworthy.database import Actor, Database
from roadworthy.database.schema import event, pending
from roadworthy.releases.actions import Regime

ACTOR = Actor("system:reactions")


@dataclass(frozen=True)
class Context:
    """What an answer may use."""

    database: Database
    regime: Regime
    lease_hours: int


@dataclass(frozen=True)
class Cause:
    """The event that is answered."""

    id: str
    kind: str
    subject: str


def _ask_all_gates_again(context: Context, cause: Cause) -> None:
    """A paper lost its force: every running campaign that rests on it is asked again and held if need be."""
    with context.database.read() as view:
        resting = [c for c in campaigns_store.running(view) if _rests_on(campaigns_store.decisions(view, c.id), cause)]
    for campaign in resting:
        campaigns.recheck(context.database, context.regime, campaign, context.lease_hours, cause.id)


def _ask_gates_of_release(context: Context, cause: Cause) -> None:
    """A release was withdrawn or an answer about it changed: its running campaigns are asked again."""
    with context.database.read() as view:
        running = [c for c in campaigns_store.running(view) if c.release_id == cause.subject]
    for campaign in running:
        campaigns.recheck(context.database, context.regime, campaign, context.lease_hours, cause.id)


def _rests_on(decisions: list[GateDecision], cause: Cause) -> bool:
    return any(cause.subject in decision.filing_ids for decision in decisions)


# event kind -> answer
TABLE: Mapping[str, Callable[[Context, Cause], None]] = {
    "filing.withdrawn": _ask_all_gates_again,
    "filing.expired": _ask_all_gates_again,
    "release.withdrawn": _ask_gates_of_release,
    "fact.answered": _ask_gates_of_release,
}
KINDS = frozenset(TABLE)


def run_pending(context: Context) -> int:
    """Answer the events that wait, oldest first; give how many. An event is taken off only after its answer."""
    with context.database.read() as view:
        query = (
            select(event.c.seq, event.c.id, event.c.kind, event.c.subject)
            .join(pending, pending.c.event_seq == event.c.seq)
            .where(pending.c.consumer == "reactions")
            .order_by(event.c.seq)
            .limit(100)
        )
        waiting = view.all(query)
    for row in waiting:
        TABLE[row.kind](context, Cause(row.id, row.kind, row.subject))
        with context.database.begin(ACTOR) as work:
            work.execute(delete(pending).where(pending.c.consumer == "reactions", pending.c.event_seq == row.seq))
    return len(waiting)
