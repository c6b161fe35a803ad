"""Which reports are owed, to whom and when: facts + packs + moment -> rows. Pure; the same input, the same bytes.

1. A duty whose condition is true gives a row for each of its due times. 2. One whose condition is not settled is a
possible duty and names the facts it waits for. 3. A limit counted from the occurrence that had passed before anybody
knew is due at once; the time counted from knowledge is shown beside it (Q-02). 4. A later fact that raises severity
gives a further row from the moment it became known; the first row stays (Q-30).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from roadworthy.kernel.time import beijing_date, parse_instant, to_text
from roadworthy.law.calendar import Calendar
from roadworthy.law.condition import UNKNOWN, Test, decisive, missing, truth
from roadworthy.law.due import DueTime, Moment, due_after, due_times, recipe_of
from roadworthy.law.facts import WrongValue, check_facts, digest_of_facts
from roadworthy.law.model import Duty, Reminder
from roadworthy.law.packs import Packs
from roadworthy.law.view import View

OCCURRENCE, KNOWLEDGE = "occurrence", "knowledge"


@dataclass(frozen=True)
class DutyAnswer:
    """What is owed. `duties` and `possible` are rows of plain JSON as `to_json` gives them."""

    duties: tuple[Mapping[str, Any], ...]
    possible: tuple[Mapping[str, Any], ...]
    missing_facts: tuple[str, ...]
    follow_up: str | None
    packs: tuple[Mapping[str, str], ...]
    choices: Mapping[str, str]
    facts_digest: str
    as_of: str

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is owed and nothing needed to know it is missing."""
        return not (self.duties or self.possible or self.missing_facts)

    def to_json(self) -> dict[str, Any]:
        """Give the answer as plain JSON values; `profile` is the reading of Q-01 where the packs have one."""
        return {
            "as_of": self.as_of,
            "duties": [dict(row) for row in self.duties],
            "facts_digest": self.facts_digest,
            "follow_up": self.follow_up,
            "missing_facts": list(self.missing_facts),
            "packs": [dict(row) for row in self.packs],
            "possible_duties": [dict(row) for row in self.possible],
            "profile": self.choices.get("Q-01"),
            "readings": dict(self.choices),
        }


def duties_of(facts: Mapping[str, Any], packs: Packs, as_of: datetime) -> DutyAnswer:
    """Answer for one event under the rules in force when it happened, or at `as_of` while that is not known.

    Raises UnknownFact or WrongValue for a file outside the vocabulary, and YearUnknown beyond the calendar.
    """
    check_facts(facts, packs.vocabulary)
    first = bases_of(View(packs.program(beijing_date(as_of)), facts, {}))
    _check_order(first, facts, packs)
    program = packs.program(_day_of_law(first, as_of))
    view = View(program, facts, {})
    bases = bases_of(view)
    owed: list[dict[str, Any]] = []
    possible: list[dict[str, Any]] = []
    lacking: set[str] = set()
    for duty in program.duties:
        result = truth(duty.when, view)
        if result is None:
            waits = sorted(missing(duty.when, view))
            lacking |= set(waits)
            possible += [{**row, "missing_facts": waits} for row in rows_of(duty, bases, packs, as_of)]
        elif result:
            owed += rows_of(duty, bases, packs, as_of)
            lacking |= _lacking_bases(duty, bases, packs)
    lacking |= _lacking_updates(view)
    for row in _escalated(view, bases, packs, as_of):
        (possible if "missing_facts" in row else owed).append(row)
        lacking |= set(row.get("missing_facts", ()))
    follow_ups = [rule.follow_up for rule in program.follow_ups if truth(rule.when, view) is True]
    return DutyAnswer(
        tuple(sorted(owed, key=_order)),
        tuple(sorted(possible, key=_order)),
        tuple(sorted(lacking)),
        follow_ups[0] if follow_ups else None,
        packs.identities,
        dict(sorted(packs.choices.items())),
        digest_of_facts(facts),
        to_text(as_of),
    )


def _day_of_law(bases: Mapping[str, Moment], as_of: datetime) -> date:
    moment = bases.get(OCCURRENCE, as_of)
    return beijing_date(moment) if isinstance(moment, datetime) else moment


def bases_of(view: View) -> dict[str, Moment]:
    """Give when each base of the vocabulary was, as far as it is known; the earliest of several facts counts."""
    found: dict[str, Moment] = {}
    for base, names in view.program.vocabulary.bases.items():
        moments = [moment for name in names for moment in _moments(view, name)]
        if moments:
            found[base] = min(moments)
    return found


def rows_of(duty: Duty, bases: Mapping[str, Moment], packs: Packs, now: datetime) -> list[dict[str, Any]]:
    """Give the rows of one duty, one a due time.

    While the occurrence is not known, knowledge counts as its latest moment: the report is due at once.
    """
    calendar = packs.calendars[duty.due.calendar]
    known = bases.get(KNOWLEDGE)
    times = due_times(duty.due, bases, packs.calendars, now)
    if not times and duty.due.basis == OCCURRENCE and isinstance(known, datetime):
        times = [DueTime(known, provisional=False, start=known)]
    if not times and duty.due.basis == KNOWLEDGE and OCCURRENCE in bases:
        times = due_times(duty.due, {KNOWLEDGE: bases[OCCURRENCE]}, packs.calendars, now)
    undated = [] if duty.due.basis in bases else [_row(duty, None, bases, packs, now)]
    rows = [_row(duty, time, bases, packs, now) for time in times] or undated
    for row in rows:
        for key in ("due_at", "alternative_due_at"):
            if row[key] is not None:
                row[key] = row[key].astimezone(calendar.tz).isoformat()
    return rows


def _row(duty: Duty, time: DueTime | None, bases: Mapping[str, Moment], packs: Packs, now: datetime) -> dict[str, Any]:
    calendar = packs.calendars[duty.due.calendar]
    known, start = bases.get(KNOWLEDGE), bases.get(duty.due.basis)
    at, late, provisional, other = None, False, False, None
    if time is not None:
        at, provisional = time.at, time.provisional
        if duty.due.basis == OCCURRENCE and isinstance(known, datetime):
            late, at = at < known, max(at, known)
            other = due_after(duty.due, known, calendar).at
    return {
        "rule": duty.id,
        "title": duty.title.to_json(),
        "report": duty.report,
        "recipients": list(duty.recipients),
        "due_at": at,
        "basis": duty.due.basis or "fixed",
        "alternative_due_at": other,
        "late_at_knowledge": late,
        "provisional": provisional,
        "period": time.period if time else 0,
        "profile": packs.choices.get("Q-01"),
        "citation": duty.citation,
        "verified": packs.verified(duty),
        **packs.doubt(duty),
        "reminders": [_reminder(r, _begin(known or start, at, calendar, now), at) for r in duty.reminders]
        if at
        else [],
        "recipe": _recipe(duty, time, bases, calendar) if time else {},
        "pack": {"digest": packs.pack_of[duty.id].digest, "id": packs.pack_of[duty.id].id},
        "calendar": {"digest": calendar.digest, "id": duty.due.calendar},
    }


def _begin(base: Moment | None, due: datetime, calendar: Calendar, now: datetime) -> datetime:
    """Give when the time that reminders divide begins: at the base, or now for a duty that lies before its base."""
    if base is not None and not isinstance(base, datetime):
        base = datetime(base.year, base.month, base.day, tzinfo=calendar.tz)
    return base if base is not None and base < due else min(now, due)


def _recipe(duty: Duty, time: DueTime, bases: Mapping[str, Moment], calendar: Calendar) -> dict[str, Any]:
    recipe, known = recipe_of(duty.due, time.start, calendar), bases.get(KNOWLEDGE)
    late = duty.due.basis == OCCURRENCE and isinstance(known, datetime)
    return recipe | ({"not_before": to_text(known)} if recipe and late else {})  # type: ignore[arg-type]  # is a datetime


def _reminder(reminder: Reminder, begin: datetime | None, due: datetime) -> dict[str, Any]:
    return {
        "at": reminder.at,
        "escalate": reminder.escalate,
        "fire_at": to_text(reminder_time(reminder.at, begin, due)),
        "to": list(reminder.roles),
    }


def reminder_time(at: str, begin: datetime | None, due: datetime) -> datetime:
    """Give when "50%", "-4h" or "due" is, between `begin` (at once when not known or late) and `due`."""
    start = min(begin or due, due)
    if at == "due":
        return due
    if at.endswith("%"):
        return start + (due - start) * int(at[:-1]) / 100
    return max(start, due - timedelta(hours=int(at[1:-1])))


def _escalated(view: View, bases: Mapping[str, Moment], packs: Packs, now: datetime) -> Iterator[dict[str, Any]]:
    """Give the further rows of later facts; those that wait for `missing_facts` are possible only.

    A later fact that nobody dated counts as known as early as the event itself; one that is null is not known.
    """
    vocabulary, before = view.program.vocabulary, view
    for moment, update in _updates(view):
        news = {name: value for name, value in update.items() if name != vocabulary.update_known}
        after = View(view.program, {**before.top, **news}, {})
        since = bases if moment is None else {**bases, KNOWLEDGE: moment}
        for duty in view.program.duties:
            may_be = truth(duty.when, before) is False and truth(duty.when, after) is None
            waits = {"missing_facts": sorted(missing(duty.when, after))} if may_be else {}
            if may_be or _grounds(duty, after) - _grounds(duty, before):
                for row in rows_of(duty, since, packs, now):
                    yield {**row, **waits, "escalation": True}
        before = after


def _updates(view: View) -> list[tuple[datetime | None, Mapping[str, Any]]]:
    """Give the later facts in the order they became known, those without a moment first."""
    vocabulary = view.program.vocabulary
    given = view.top.get(vocabulary.updates) or [] if vocabulary.updates else []
    known = [(u.get(vocabulary.update_known), u) for u in given]
    dated = [(parse_instant(at), u) for at, u in known if at is not None]
    return [*((None, u) for at, u in known if at is None), *sorted(dated, key=lambda pair: pair[0])]


def _lacking_updates(view: View) -> set[str]:
    vocabulary = view.program.vocabulary
    if vocabulary.updates in view.top and view.top[vocabulary.updates] is None:
        return {vocabulary.updates}
    undated = any(moment is None for moment, _ in _updates(view))
    return {f"{vocabulary.updates}[].{vocabulary.update_known}"} if undated else set()


def _grounds(duty: Duty, view: View) -> frozenset[tuple[str, str, str]]:
    """Give the comparisons that make a duty true, nothing when it is not: new ones are a new ground for it."""
    if truth(duty.when, view) is not True:
        return frozenset()
    return frozenset(test.key for test in decisive(duty.when, view) if _positive(test))


def _positive(test: Test) -> bool:
    return test.operand is not False and test.operand != 0


def _lacking_bases(duty: Duty, bases: Mapping[str, Moment], packs: Packs) -> set[str]:
    if not duty.due.basis or duty.due.basis in bases:
        return set()
    return set(packs.vocabulary.bases[duty.due.basis][:1])


def _moments(view: View, name: str) -> Iterator[Moment]:
    vocabulary = view.program.vocabulary
    kind = vocabulary.facts[name].type if name in vocabulary.facts else "date"
    places = [view] if "[]" not in name else (view.entries(name.split("[]", 1)[0]) or [])
    for place in places:
        value = place.value(name)
        if value is not UNKNOWN and value is not None:
            yield parse_instant(value) if kind == "instant" else date.fromisoformat(value)


def _check_order(bases: Mapping[str, Moment], facts: Mapping[str, Any], packs: Packs) -> None:
    vocabulary, first = packs.vocabulary, bases.get(OCCURRENCE)
    later = [u.get(vocabulary.update_known) for u in facts.get(vocabulary.updates) or [] if vocabulary.updates]
    knowledge = [("known_at", bases.get(KNOWLEDGE))]
    knowledge += [(f"{vocabulary.updates}[].{vocabulary.update_known}", parse_instant(at)) for at in later if at]
    for name, known in knowledge:
        if isinstance(first, datetime) and isinstance(known, datetime) and known < first:
            said = f"known {known.isoformat()}, occurred {first.isoformat()}"
            raise WrongValue(f"nobody can know of it before it happened ({said}); correct one of the two.", at=name)


def _order(row: Mapping[str, Any]) -> tuple[str, str, int]:
    return (to_text(parse_instant(row["due_at"])) if row["due_at"] else "", row["rule"], row["period"])
