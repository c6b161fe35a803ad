"""What would change the decision: the fewest changes of missing or blocking facts, found by asking again.

Single changes that alter the decision word come first. Where no single one opens the gate, one group of changes
that opens it is given, from which none can be left out; not while it is open what kind of activity this is, since
the shortest way would then be to call the upgrade something else.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from roadworthy.kernel.decision import Outcome
from roadworthy.law.condition import steps
from roadworthy.law.judge import Judgement, judge
from roadworthy.law.packs import Program

_STRICTNESS = (Outcome.OPEN, Outcome.HOLD, Outcome.BLOCKED)


def what_would_change(
    program: Program, top: Mapping[str, Any], subject: Mapping[str, Any], found: Judgement
) -> list[dict[str, Any]]:
    """Give rows {fact, to, decision}, and at most one with `with`: further {fact, to} that must change together."""
    rows = []
    if found.decision is not Outcome.OPEN:
        for fact, value in _candidates(found):
            decision = judge(program, top, subject, changes={fact: value}).decision
            if decision is not found.decision:
                rows.append({"fact": fact, "to": value, "decision": str(decision)})
    rows.sort(key=lambda row: (_STRICTNESS.index(Outcome(row["decision"])), row["fact"], repr(row["to"])))
    if found.decision is Outcome.OPEN or not found.settled or any(row["decision"] == "open" for row in rows):
        return rows
    return rows + _together(program, top, subject, found)


def _candidates(found: Judgement) -> list[tuple[str, Any]]:
    """Give each (fact, value) worth trying, once, in a fixed order."""
    facts = found.view.program.vocabulary.facts
    tried = [step for gate in found.closed for step in steps(gate.gate.open, found.view)]
    for gate in found.closed:
        if gate.held and gate.gate.hold is not None:
            tried += steps(gate.gate.hold, found.view, wanted=False)
    tried += [(name, value) for name in sorted(found.missing) if name in facts for value in facts[name].domain]
    inputs = [(name, value) for name, value in tried if name in facts and "[]" not in _local(name, found)]
    return list({(name, repr(value)): (name, value) for name, value in inputs}.values())


def _local(name: str, found: Judgement) -> str:
    return name.removeprefix(f"{found.view.program.vocabulary.subjects}[]")


def _together(
    program: Program, top: Mapping[str, Any], subject: Mapping[str, Any], found: Judgement
) -> list[dict[str, Any]]:
    changes: dict[str, Any] = {}
    now = found
    while now.decision is not Outcome.OPEN:
        fresh = [(fact, value) for fact, value in _candidates(now) if fact not in changes]
        if not fresh:
            return []  # something is missing that no change of a listed fact supplies
        for fact in dict.fromkeys(fact for fact, _ in fresh):
            options = [value for name, value in fresh if name == fact]
            changes[fact] = min(options, key=lambda v: _distance(program, top, subject, {**changes, fact: v}))
        now = judge(program, top, subject, changes=changes)
    needed = _irreducible(program, top, subject, changes)
    (first, value), *others = sorted(needed.items())
    row = {"fact": first, "to": value, "decision": "open", "with": [{"fact": f, "to": v} for f, v in others]}
    return [row]


def _distance(
    program: Program, top: Mapping[str, Any], subject: Mapping[str, Any], changes: Mapping[str, Any]
) -> tuple[int, int]:
    found = judge(program, top, subject, changes=changes)
    return len(found.closed) + len(found.missing), _STRICTNESS.index(found.decision)


def _irreducible(
    program: Program, top: Mapping[str, Any], subject: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, Any]:
    kept = dict(changes)
    for fact in _names(changes):
        fewer = {name: value for name, value in kept.items() if name != fact}
        if fewer and judge(program, top, subject, changes=fewer).decision is Outcome.OPEN:
            kept = fewer
    return kept


def _names(changes: Iterable[str]) -> list[str]:
    return sorted(changes)
