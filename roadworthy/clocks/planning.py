"""From what the law says is owed (a row of `law.duties`) to the plan of a clock."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roadworthy.clocks.model import DUE, Plan
from roadworthy.clocks.rules import set_reminders
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import parse_instant
from roadworthy.law import Calendar
from roadworthy.law.due import due_again

# Who is told when the time of a duty is over, whatever its pack says of reminders.
LAST = (DUE, ("compliance_officer",), True)


def plan_of(row: Mapping[str, Any], subject_type: str, subject_id: str, started_at: datetime) -> Plan:
    """Give the plan of one row of `duties_of` or `rows_of` that has a due time, for the thing it is about.

    `started_at` is the base that the time is counted from, always the same for the same facts. Raises PlanUnusable.
    """
    due_at = parse_instant(row["due_at"])
    wanted = [(one["at"], one["to"], one["escalate"]) for one in row["reminders"]]
    if DUE not in [kind for kind, _, _ in wanted]:
        wanted.append(LAST)
    other = row["alternative_due_at"]
    return Plan(
        subject_type=subject_type,
        subject_id=subject_id,
        duty=row["rule"],
        report=row["report"],
        recipients=tuple(row["recipients"]),
        citation=row["citation"],
        title=Text(row["title"]["zh"], row["title"]["en"]),
        profile=row["profile"] or "default",
        pack_id=row["pack"]["id"],
        pack_digest=row["pack"]["digest"],
        started_at=started_at,
        basis=row["basis"],
        due_at=due_at,
        calendar_digest=row["calendar"]["digest"],
        reminders=set_reminders(started_at, due_at, wanted),
        occasion=f"period {row['period']}" if row["period"] else "",
        alternative_due_at=None if other is None else parse_instant(other),
        late_at_knowledge=row["late_at_knowledge"],
        provisional=row["provisional"],
        recipe=row["recipe"],
    )


def compute_again(recipe: Mapping[str, Any], calendars: Mapping[str, Calendar]) -> tuple[datetime, bool, str]:
    """Compute a due time again for `clocks.actions.recompute`: instant, provisional or not, digest of the calendar."""
    found = due_again(recipe, calendars)
    return found.at, found.provisional, calendars[recipe["calendar"]].digest
