"""Plans of duties for tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from roadworthy.clocks import actions
from roadworthy.clocks.model import ClkId, Plan
from roadworthy.clocks.rules import set_reminders
from roadworthy.clocks.store import outbox
from roadworthy.database import Actor, Database
from roadworthy.kernel.decision import Text

ROOM = Actor("system:test")
USUAL = ("50%", "-4h", "due")
RECIPE = {"amount": 5, "calendar": "cn", "direction": "after", "start": "2026-12-28", "unit": "working_day"}


def plan(
    start: datetime,
    hours: float = 48,
    subject: str = "CMP-1",
    kinds: Sequence[str] = USUAL,
    roles: Sequence[str] = ("compliance_officer",),
    **changes: Any,
) -> Plan:
    """Give the plan of a report that is due `hours` after `start`."""
    due = start + timedelta(hours=hours)
    made = Plan(
        subject_type="campaign",
        subject_id=subject,
        duty="EIDC22-4c",
        report="miit_activity_end",
        recipients=("MIIT", "SAMR"),
        citation="EIDC22 4(3)",
        title=Text("升级活动结束报告", "Report at the end of an upgrade activity"),
        profile="cautious",
        pack_id="cn/eidc22@1",
        pack_digest="a" * 64,
        started_at=start,
        basis="completion",
        due_at=due,
        calendar_digest="b" * 64,
        reminders=set_reminders(start, due, [(kind, roles, kind.startswith("-")) for kind in kinds]),
    )
    return replace(made, **changes)


def begin(database: Database, made: Plan) -> ClkId:
    """Start a clock in a unit of work of its own."""
    with database.begin(ROOM) as work:
        return actions.start(work, made)


def messages_of(database: Database) -> list[Any]:
    """Give the lines of the outbox, oldest first."""
    with database.read() as view:
        return list(view.all(select(outbox).order_by(outbox.c.created_at, outbox.c.dedupe_key)))


def keys(database: Database) -> list[str]:
    """Give what was to be told so far."""
    return [line.dedupe_key for line in messages_of(database)]
