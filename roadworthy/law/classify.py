"""Classify an upgrade: facts + packs + moment -> answer. Pure; the same input gives the same bytes."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from roadworthy.kernel.decision import strictest
from roadworthy.kernel.time import BEIJING, beijing_date, to_text
from roadworthy.law.answer import Answer, model_row
from roadworthy.law.calendar import add_months, end_of_day
from roadworthy.law.condition import UNKNOWN, truth
from roadworthy.law.facts import check_facts, digest_of_facts
from roadworthy.law.judge import Judgement, judge
from roadworthy.law.model import UPGRADE, TimerRule
from roadworthy.law.packs import Packs, Program
from roadworthy.law.view import View, shifted
from roadworthy.law.whatif import what_would_change


def classify(facts: Mapping[str, Any], packs: Packs, as_of: datetime) -> Answer:
    """Answer for every target model of `facts` (regulation vocabulary) under the rules in force at `as_of`.

    A fact that is absent or null never opens a gate. Raises UnknownFact or WrongValue for a file outside the
    vocabulary, and YearUnknown for a date beyond the calendar.
    """
    check_facts(facts, packs.vocabulary)
    day = beijing_date(as_of)
    program = packs.program(day)
    subjects: list[Mapping[str, Any]] = facts.get(packs.vocabulary.subjects) or [{}]
    found = [judge(program, facts, subject) for subject in subjects]
    rows = [
        model_row(
            packs,
            program,
            subject.get(packs.vocabulary.subject_key),
            judgement,
            what_would_change(program, facts, subject, judgement),
        )
        for subject, judgement in zip(subjects, found, strict=True)
    ]
    return Answer(
        decision=strictest(judgement.decision for judgement in found),
        split_suggested=_differ(found) or any(_mixed(program, facts, subject) for subject in subjects),
        models=tuple(rows),
        timers=tuple(_timers(program, found, day)),
        packs=packs.identities,
        choices=dict(sorted(packs.choices.items())),
        facts_digest=digest_of_facts(facts),
        as_of=to_text(as_of),
    )


def _differ(found: list[Judgement]) -> bool:
    """Whether some models could go ahead, or would be filed, differently from others."""
    return len({(j.outcome, j.labels, j.tier, j.decision) for j in found}) > 1


def _mixed(program: Program, facts: Mapping[str, Any], subject: Mapping[str, Any]) -> bool:
    """Whether the declared parts of the package would, alone, carry different labels or tiers."""
    parts = facts.get(program.vocabulary.parts) or []
    alone = [judge(program, facts, subject, part=part) for part in parts]
    return len({(j.labels, j.tier) for j in alone}) > 1


def _timers(program: Program, found: list[Judgement], day: date) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for judgement in found:
        for rule in program.timers:
            for row in _due(rule, judgement.view, day):
                rows.setdefault((row["due_at"], rule.id), row)
    return [rows[key] for key in sorted(rows)]


def _due(rule: TimerRule, view: View, day: date) -> list[dict[str, Any]]:
    # An undetermined condition keeps its timer: a duty shown too many is safer than one that nobody sees.
    start = view.value(rule.start)
    if view.unknown("outcome") == frozenset() and view.value("outcome") != UPGRADE:
        return []
    if start is UNKNOWN or truth(rule.when, view) is False:
        return []
    begin = date.fromisoformat(start)
    if rule.recur:
        return [_row(rule, due, provisional=False) for due in _periods(rule, view, begin, day)]
    moved = shifted(view.program, begin, rule.by, rule.unit)
    return [_row(rule, moved.day, provisional=moved.provisional)]


def _periods(rule: TimerRule, view: View, begin: date, day: date) -> list[date]:
    """Give each period end before the last day; with no last day known, up to the first one after `day`."""
    end = view.value(rule.end)
    last = None if end is UNKNOWN else date.fromisoformat(end)
    periods: list[date] = []
    while last is not None or not periods or periods[-1] <= day:
        due = add_months(begin, rule.by * (len(periods) + 1))
        if last is not None and due >= last:
            break
        periods.append(due)
    return periods


def _row(rule: TimerRule, due: date, *, provisional: bool) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "due_at": end_of_day(due).astimezone(BEIJING).isoformat(),
        "provisional": provisional,
        "citation": rule.citation,
        "title": rule.title.to_json(),
    }
