"""What follows from what a courier answered. Pure.

1. Sent: done. Handed: a person goes on.
2. Unsure: nobody sends again. A channel that answers is asked after half a minute, then less and less often.
3. Failed, and the same call may succeed later: it waits, longer each time; after twelve attempts a person looks at it.
4. Failed otherwise: a person looks at it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from roadworthy.couriers.interface import Evidence, Failed, Handed, Result, Sent, Unsure
from roadworthy.kernel.decision import Text

MOST_ATTEMPTS = 12
ASK_AFTER = timedelta(seconds=30)  # a request that is still on its way may arrive meanwhile
_FIRST_SECONDS, _LONGEST_DELAY = 5, timedelta(minutes=30)
_LONGEST_ASKING = timedelta(hours=6)

DIED = Text(
    "发送过程中断, 不知对方是否已收到; 请向主管部门核实",
    "unknown: sending was cut off; check with the authority before sending again",
)


@dataclass(frozen=True)
class Step:
    """The move that follows: its verb, the kind of event, when to look again (None: a person must act), and why."""

    verb: str
    event: str
    next_at: datetime | None = None
    reason: Text | None = None
    evidence: Evidence | None = None


def after_call(result: Result, attempt: int, now: datetime, *, asks: bool) -> Step:
    """Give what follows from the `attempt`-th call."""
    match result:
        case Sent(evidence):
            return Step("send", "dispatch.sent", evidence=evidence)
        case Handed(evidence):
            return Step("hand", "dispatch.handed", evidence=evidence)
        case Unsure(evidence, reason):
            return Step("doubt", "dispatch.doubted", now + ASK_AFTER if asks else None, reason, evidence)
        case Failed(evidence, reason, again, wait):
            if again and not _is_enough(attempt):
                return Step("postpone", "dispatch.postponed", now + max(wait, delay(attempt)), reason, evidence)
            return Step("fail", "dispatch.failed", None, reason, evidence)


def after_death(attempt: int, now: datetime, *, repeatable: bool, asks: bool) -> Step:
    """Give what follows when a lease ran out: the call may have happened, or not.

    A packet that kills whoever sends it is left to a person after twelve attempts.
    """
    if repeatable and _is_enough(attempt):
        return Step("fail", "dispatch.failed", None, DIED)
    if repeatable:
        return Step("postpone", "dispatch.postponed", now, DIED)
    return Step("doubt", "dispatch.doubted", now + ASK_AFTER if asks else None, DIED)


def after_asking(result: Result, asked: int, now: datetime) -> Step:
    """Give what follows from the `asked`-th question; an empty verb leaves it unsure."""
    match result:
        case Sent(evidence) | Handed(evidence):
            return Step("find", "dispatch.found", evidence=evidence)
        case Failed(evidence, reason):
            return Step("miss", "dispatch.missed", now, reason, evidence)
        case Unsure(evidence, reason):
            pause = min(ASK_AFTER * (1 << min(asked, 20)), _LONGEST_ASKING)
            return Step("", "dispatch.asked", now + pause, reason, evidence)


def delay(attempt: int) -> timedelta:
    """Give the pause after the `attempt`-th failed call: 5 s, doubled each time, half an hour at most.

    When a person lets it be sent again, it begins anew.
    """
    turn = (attempt - 1) % MOST_ATTEMPTS
    return min(timedelta(seconds=_FIRST_SECONDS << turn), _LONGEST_DELAY)


def _is_enough(attempt: int) -> bool:
    return attempt % MOST_ATTEMPTS == 0
