"""Looking events up by what they are about."""

import json
from typing import Any

from sqlalchemy import select

from roadworthy.database.schema import event
from roadworthy.database.work import View


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


def newest_data(view: View, kind: str, subject: str) -> dict[str, Any] | None:
    """Give the data of the newest event of `kind` about `subject`, or None."""
    query = select(event.c.body).where(event.c.subject == subject, event.c.kind == kind)
    body = view.scalar(query.order_by(event.c.seq.desc()).limit(1))
    return None if body is None else dict(json.loads(body)["data"])
