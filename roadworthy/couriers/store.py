"""The table of dispatches and all SQL over it."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, Row, String, and_, or_, select

from roadworthy.couriers.interface import Packet, PktId
from roadworthy.couriers.model import Dispatch
from roadworthy.couriers.states import DISPATCH
from roadworthy.database import Instant, JsonText, View, Work, record_table
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.lifecycle import Move

OPEN = frozenset({"waiting", "sending", "handed", "unsure"})

dispatch = record_table(
    "dispatch",
    Column("id", String(32), primary_key=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("authority", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("title", String(200), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("manifest", JsonText, nullable=False),
    Column("manifest_digest", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("next_at", Instant),
    Column("lease_until", Instant),
    Column("reason", JsonText),
    Column("evidence", JsonText),
    Column("author", String(64), nullable=False),
    Column("salt", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "status", "next_at"),
)


def save(work: Work, packet: Packet, channel: str, subject: str) -> Dispatch:
    """Insert a packet that waits."""
    line = {
        "id": packet.id,
        "subject": subject,
        "authority": packet.authority,
        "kind": packet.kind,
        "title": packet.title,
        "channel": channel,
        "manifest": dict(packet.manifest),
        "manifest_digest": packet.digest,
        "status": DISPATCH.initial,
        "attempt": 0,
        "asked": 0,
        "next_at": work.now,
        "author": work.actor.id,
        "salt": secrets.token_hex(16),
        "created_at": work.now,
    }
    work.insert(dispatch, line)
    return load(work, packet.id)


def find(view: View, packet_id: str) -> Dispatch | None:
    """Give one dispatch, or None."""
    row = view.first(select(dispatch).where(dispatch.c.id == packet_id))
    return None if row is None else _dispatch(row)


def load(view: View, packet_id: str) -> Dispatch:
    """Give one dispatch. Raises NotFound."""
    found = find(view, packet_id)
    if found is None:
        raise NotFound(f"There is no packet {packet_id[:40]}; list the packets of the filing to find its id.")
    return found


def lock(work: Work, packet_id: str) -> Dispatch:
    """Give one dispatch that nobody else changes until this unit of work is over. Raises NotFound."""
    work.first(select(dispatch.c.id).where(dispatch.c.id == packet_id).with_for_update())
    return load(work, packet_id)


def of_subject(view: View, subject: str) -> list[Dispatch]:
    """Give the dispatches of one paper, oldest first."""
    return [_dispatch(row) for row in view.all(select(dispatch).where(dispatch.c.subject == subject).order_by("id"))]


def on_their_way(view: View, subject: str, channel: str) -> list[Dispatch]:
    """Give the dispatches of one paper over one channel of which it is open whether they will have arrived."""
    return [one for one in of_subject(view, subject) if one.channel == channel and one.status in OPEN]


def newer(view: View, known: Dispatch) -> Dispatch | None:
    """Give a packet of the same paper that was made after `known`, for the same channel, and not cancelled."""
    mine = [one for one in of_subject(view, known.subject) if one.channel == known.channel and one.id > known.id]
    return next((one for one in mine if one.status != "cancelled"), None)


def page(view: View, *, status: str | None = None, after: str = "", limit: int = 50) -> list[Dispatch]:
    """Give dispatches in the order of their ids, one more than `limit` where there are more."""
    conditions = [dispatch.c.id > after, *([] if status is None else [dispatch.c.status == status])]
    query = select(dispatch).where(*conditions).order_by(dispatch.c.id).limit(limit + 1)
    return [_dispatch(row) for row in view.all(query)]


def due(view: View, status: str, channels: Collection[str], limit: int) -> list[Dispatch]:
    """Give the dispatches in `status` over `channels` whose time has come, the longest due first.

    The time of one that is sending is the end of its lease.
    """
    moment = dispatch.c.lease_until if status == "sending" else dispatch.c.next_at
    mine = and_(dispatch.c.status == status, moment <= view.now, dispatch.c.channel.in_(sorted(channels)))
    return [_dispatch(row) for row in view.all(select(dispatch).where(mine).order_by(moment).limit(limit))]


def claimable(work: Work, channels: Collection[str]) -> Dispatch | None:
    """Give, held, the waiting dispatch that is due first and that no other worker just takes; None when none is."""
    mine = and_(
        dispatch.c.status == "waiting", dispatch.c.next_at <= work.now, dispatch.c.channel.in_(sorted(channels))
    )
    query = select(dispatch).where(mine).order_by(dispatch.c.next_at, dispatch.c.id).limit(1)
    row = work.first(query.with_for_update(skip_locked=True))
    return None if row is None else _dispatch(row)


def in_need(view: View, channels: Collection[str], late: datetime) -> Sequence[tuple[str, str, str]]:
    """Give id, status and channel of what a person must see: unsure, failed, or without a courier since `late`."""
    stuck = and_(dispatch.c.status == "waiting", dispatch.c.next_at < late, dispatch.c.channel.not_in(sorted(channels)))
    query = select(dispatch.c.id, dispatch.c.status, dispatch.c.channel)
    wanted = or_(dispatch.c.status.in_(["unsure", "failed"]), stuck)
    return [(row.id, row.status, row.channel) for row in view.all(query.where(wanted).order_by(dispatch.c.id))]


def move(work: Work, packet_id: str, verb: str, changes: Mapping[str, Any]) -> tuple[Move, Dispatch]:
    """Move a dispatch along its life cycle. Raises WrongState, NotPermitted, Changed."""
    step, row = work.move(dispatch, {"id": packet_id}, DISPATCH, verb, changes)
    return step, _dispatch(row)


def change(work: Work, known: Dispatch, changes: Mapping[str, Any]) -> Dispatch:
    """Change a dispatch that is still as `known`, without moving it. Raises Changed."""
    return _dispatch(work.update(dispatch, {"id": known.id}, changes, status=known.status, attempt=known.attempt))


def _dispatch(row: Row[Any]) -> Dispatch:
    return Dispatch(
        PktId(row.id), row.subject, row.authority, row.kind, row.title, row.channel, row.manifest, row.manifest_digest,
        row.status, row.attempt, row.asked, row.next_at, row.lease_until, row.reason, row.evidence, row.author,
        row.created_at,
    )  # fmt: skip
