"""Looking events up by what they are about."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from roadworthy.database.schema import event
from roadworthy.database.work import View

_PIECE = 500


def newest_event(view: View, kind: str, subject: str) -> str | None:
    """Give the id of the newest event of `kind` about `subject`, or None."""
    query = select(event.c.id).where(event.c.subject == subject, event.c.kind == kind)
    found: str | None = view.scalar(query.order_by(event.c.seq.desc()).limit(1))
    return found


def last_actor(view: View, subject: str) -> str | None:
    """Give who acted last on `subject`, or None."""
    query = select(event.c.actor).where(event.c.subject == subject).order_by(event.c.seq.desc()).limit(1)
    found: str | None = view.scalar(query)
    return found


def told_of(view: View, subjects: Sequence[str]) -> Sequence[Row[Any]]:
    """Give kind, actor and instant of every event about some subjects (few), newest first."""
    query = select(event.c.kind, event.c.actor, event.c.at).where(event.c.subject.in_(subjects))
    return view.all(query.order_by(event.c.seq.desc()))


def data_of(view: View, kind: str, subjects: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Give the data of the newest event of `kind` about each of `subjects`, by subject; read in pieces of 500."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(subjects), _PIECE):
        mine = event.c.subject.in_(subjects[start : start + _PIECE]) & (event.c.kind == kind)
        for row in view.all(select(event.c.subject, event.c.body).where(mine).order_by(event.c.seq)):
            found[row.subject] = json.loads(row.body)["data"]
    return found


def subjects_of(view: View, kind: str, subjects: Sequence[str]) -> set[str]:
    """Give those of `subjects` about which there is an event of `kind`; read in pieces of 500."""
    found: set[str] = set()
    for start in range(0, len(subjects), _PIECE):
        mine = event.c.subject.in_(subjects[start : start + _PIECE]) & (event.c.kind == kind)
        found |= {row.subject for row in view.all(select(event.c.subject).where(mine))}
    return found
