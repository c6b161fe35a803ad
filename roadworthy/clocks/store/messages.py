"""SQL over the outbox and over notices."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, insert, select, update

from roadworthy.clocks.model import ClkId, Clock, Message, Notice, NtcId, Timer
from roadworthy.clocks.store.tables import notice, outbox, timer
from roadworthy.database import View, Work
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.time import to_text

MOST_ERROR = 500


def put(work: Work, fired: Iterable[tuple[Timer, Clock]]) -> None:
    """Write a message for each timer, in the unit of work that fired it."""
    lines = [_line(work, one, clock) for one, clock in fired]
    if lines:
        work.execute(insert(outbox), lines)


def lost(view: View, limit: int) -> list[str]:
    """Give the clocks of timers that fired and whose message is gone, `limit` at most."""
    key = timer.c.clock_id + ":" + timer.c.kind
    there = select(outbox.c.dedupe_key).where(outbox.c.dedupe_key == key).exists()
    query = select(timer.c.clock_id).where(timer.c.status == "fired", ~there).distinct().limit(limit)
    return [row.clock_id for row in view.all(query)]


def keys_of(view: View, keys: Sequence[str]) -> set[str]:
    """Give those of `keys` that have a message."""
    return {row.dedupe_key for row in view.all(select(outbox.c.dedupe_key).where(outbox.c.dedupe_key.in_(keys)))}


def claim(work: Work, limit: int, lease: timedelta) -> list[Message]:
    """Take undelivered messages whose time has come, oldest first: for the length of `lease` no one else tries them."""
    due = and_(outbox.c.delivered_at.is_(None), outbox.c.next_attempt_at <= work.now)
    query = select(outbox).where(due).order_by(outbox.c.next_attempt_at).limit(limit).with_for_update(skip_locked=True)
    rows = work.all(query)
    if not rows:
        return []
    mine = outbox.c.dedupe_key.in_([row.dedupe_key for row in rows])
    work.execute(update(outbox).where(mine).values(next_attempt_at=work.now + lease, attempts=outbox.c.attempts + 1))
    return [
        Message(row.dedupe_key, row.topic, row.payload, tuple(row.roles), row.created_at, row.attempts + 1)
        for row in rows
    ]


def mark_delivered(work: Work, dedupe_key: str) -> None:
    """Note that a message has arrived; the first time counts."""
    mine = and_(outbox.c.dedupe_key == dedupe_key, outbox.c.delivered_at.is_(None))
    work.execute(update(outbox).where(mine).values(delivered_at=work.now, last_error=None))


def mark_failed(work: Work, dedupe_key: str, told: str, next_attempt_at: datetime) -> None:
    """Note why a message did not arrive and when it is tried again."""
    mine = and_(outbox.c.dedupe_key == dedupe_key, outbox.c.delivered_at.is_(None))
    work.execute(update(outbox).where(mine).values(last_error=told[:MOST_ERROR], next_attempt_at=next_attempt_at))


def has_due(view: View) -> bool:
    """Whether a message waits whose time has come."""
    due = and_(outbox.c.delivered_at.is_(None), outbox.c.next_attempt_at <= view.now)
    return view.first(select(outbox.c.dedupe_key).where(due).limit(1)) is not None


def oldest_undelivered(view: View) -> datetime | None:
    """Give when the oldest undelivered message was written."""
    found: datetime | None = view.scalar(select(func.min(outbox.c.created_at)).where(outbox.c.delivered_at.is_(None)))
    return found


def give(work: Work, message: Message) -> list[Notice]:
    """Show a message to each of its roles; give the notices that are new (none when it was shown before)."""
    known = {row.role for row in work.all(select(notice.c.role).where(notice.c.dedupe_key == message.dedupe_key))}
    clock_id, kind = ClkId(str(message.payload["clock"])), str(message.payload["kind"])
    made = [
        Notice(NtcId.new(work.now), message.dedupe_key, clock_id, kind, message.topic, role, work.now, None, None)
        for role in message.roles
        if role not in known
    ]
    work.insert_all(notice, [vars(one) for one in made])
    return made


def load_notice(view: View, notice_id: str) -> Notice:
    """Give one notice. Raises NotFound."""
    row = view.first(select(notice).where(notice.c.id == notice_id))
    if row is None:
        raise NotFound(f"There is no notice {notice_id[:40]}; `roadworthy clock notices` shows yours.")
    return _notice(row)


def list_notices(
    view: View, roles: Iterable[str], *, unseen: bool = False, after: str = "", limit: int = 50
) -> list[Notice]:
    """Give the notices of `roles` in the order of their ids, one more than `limit` where there are more."""
    mine = [notice.c.role.in_(sorted(roles)), notice.c.id > after]
    if unseen:
        mine.append(notice.c.seen_at.is_(None))
    query = select(notice).where(*mine).order_by(notice.c.id).limit(limit + 1)
    return [_notice(row) for row in view.all(query)]


def notices_of(view: View, clock_ids: Collection[str]) -> list[Notice]:
    """Give every notice of some clocks (a page of them), oldest first."""
    mine = notice.c.clock_id.in_(sorted(clock_ids))
    return [_notice(row) for row in view.all(select(notice).where(mine).order_by(notice.c.given_at, notice.c.id))]


def count_unseen(view: View, roles: Collection[str]) -> int:
    """Count the clocks of which holders of `roles` were told something that none of them has seen."""
    mine = and_(notice.c.role.in_(sorted(roles)), notice.c.seen_at.is_(None))
    return int(view.scalar(select(func.count(notice.c.clock_id.distinct())).where(mine)))


def mark_seen(work: Work, notice_id: str, person_id: str) -> Notice:
    """Note who saw a notice first. Raises Changed when somebody just did."""
    return _notice(work.update(notice, {"id": notice_id}, {"seen_at": work.now, "seen_by": person_id}, seen_at=None))


def _line(work: Work, fired: Timer, clock: Clock) -> dict[str, Any]:
    plan = clock.plan
    payload = {
        "clock": clock.id,
        "due_at": to_text(plan.due_at),
        "duty": plan.duty,
        "kind": fired.kind,
        "occasion": plan.occasion,
        "subject_id": plan.subject_id,
        "subject_type": plan.subject_type,
    }
    return {
        "dedupe_key": fired.dedupe_key,
        "topic": fired.topic,
        "payload": payload,
        "roles": list(fired.roles),
        "created_at": work.now,
        "attempts": 0,
        "next_attempt_at": work.now,
    }


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        NtcId(row.id), row.dedupe_key, ClkId(row.clock_id), row.kind, row.topic, row.role, row.given_at, row.seen_at,
        row.seen_by,
    )  # fmt: skip
