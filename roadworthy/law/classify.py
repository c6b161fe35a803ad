"""Classify an upgrade: facts + packs + moment -> answer. Pure; the same input gives the same bytes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roadworthy.kernel.decision import Outcome, strictest
from roadworthy.kernel.time import beijing_date, to_text
from roadworthy.law.answer import Answer, gate_row, model_row, warning_row
from roadworthy.law.condition import truth
from roadworthy.law.duties import bases_of, rows_of
from roadworthy.law.facts import check_facts, digest_of_facts
from roadworthy.law.judge import Judgement, assess, judge
from roadworthy.law.model import UPGRADE
from roadworthy.law.packs import Packs, Program
from roadworthy.law.view import View
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
    shadow = packs.shadow(day)
    rows = [
        model_row(
            packs,
            program,
            subject.get(packs.vocabulary.subject_key),
            judgement,
            what_would_change(program, facts, subject, judgement),
        )
        | {"upcoming": _upcoming(packs, shadow, judgement) if shadow else []}
        for subject, judgement in zip(subjects, found, strict=True)
    ]
    return Answer(
        decision=strictest(judgement.decision for judgement in found),
        split_suggested=_differ(found) or any(_mixed(program, facts, subject) for subject in subjects),
        models=tuple(rows),
        timers=tuple(_timers(packs, program, found, as_of)),
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


def _timers(packs: Packs, program: Program, found: list[Judgement], now: datetime) -> list[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for judgement in found:
        view = judgement.view
        if view.unknown("outcome") == frozenset() and view.value("outcome") != UPGRADE:
            continue
        bases = bases_of(view)
        for duty in program.duties:
            # An undetermined condition keeps a duty that counts from something known: one shown too many is safer than
            # one that nobody sees. A fixed day is past for nearly everybody, so it needs a certain condition.
            result = truth(duty.when, view)
            if result if duty.due.on else result is not False and duty.due.basis in bases:
                for row in rows_of(duty, bases, packs, now):
                    rows.setdefault((row["due_at"], duty.id), row)
    return [rows[key] for key in sorted(rows)]


def _upcoming(packs: Packs, shadow: Program, judgement: Judgement) -> list[dict[str, Any]]:
    """Say what packs in shadow would ask if they were in force already."""
    view = View(shadow, judgement.view.top, judgement.view.subject)
    rows = [
        gate_row(packs, state) | {"rule": state.gate.id, "from": state.gate.since.isoformat()}
        for state in assess(view).gates
        if state.state is not Outcome.OPEN
    ]
    said = [rule for rule in shadow.warnings if truth(rule.when, view) is True]
    return rows + [warning_row(packs, rule) | {"from": rule.since.isoformat()} for rule in said]
