"""The answer as it is shown, stored and signed: plain JSON, the same bytes for the same facts, packs and moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from roadworthy.kernel.decision import Outcome, Text
from roadworthy.law.condition import UNKNOWN, Condition, FactRef, OneOf, Test, decisive, missing, operand_of, truth
from roadworthy.law.judge import GateState, Judgement
from roadworthy.law.lookup import once
from roadworthy.law.model import Gate, LabelRule, OutcomeRule, Rule, TierRule, WarningRule
from roadworthy.law.packs import Packs, Program
from roadworthy.law.view import View

_SATISFIED = Text("已满足", "satisfied")
_DEFERRED = Text("已由临时安全措施推迟", "deferred by an interim safety measure with two approvals")


@dataclass(frozen=True)
class Answer:
    """What `classify` says. `models` and `timers` are rows of plain JSON as `to_json` gives them."""

    decision: Outcome
    split_suggested: bool
    models: tuple[Mapping[str, Any], ...]
    timers: tuple[Mapping[str, Any], ...]
    packs: tuple[Mapping[str, str], ...]
    choices: Mapping[str, str]
    facts_digest: str
    as_of: str

    @property
    def is_open(self) -> bool:
        """Whether every model's every required gate is satisfied."""
        return self.decision is Outcome.OPEN

    def to_json(self) -> dict[str, Any]:
        """Give the answer as plain JSON values."""
        return {
            "as_of": self.as_of,
            "decision": str(self.decision),
            "facts_digest": self.facts_digest,
            "models": [dict(row) for row in self.models],
            "packs": [dict(row) for row in self.packs],
            "readings": dict(self.choices),
            "split_suggested": self.split_suggested,
            "timers": [dict(row) for row in self.timers],
        }


def model_row(
    packs: Packs, program: Program, code: Any, found: Judgement, flips: list[dict[str, Any]]
) -> dict[str, Any]:
    """Write one model's part of the answer."""
    fired, not_fired = rules_rows(program, found.view)
    return {
        "model_code": code,
        "outcome": found.outcome,
        "labels": list(found.labels),
        "tier": found.tier,
        "decision": str(found.decision),
        "missing_facts": sorted(found.missing),
        "gates_open": [gate_row(packs, g) for g in found.gates if g.state is Outcome.OPEN],
        "gates_blocked": [gate_row(packs, g) for g in found.closed],
        "what_would_change": flips,
        "warnings": [warning_row(packs, rule) for rule in program.warnings if truth(rule.when, found.view) is True],
        "fired": fired,
        "not_fired": not_fired,
    }


def gate_row(packs: Packs, state: GateState) -> dict[str, Any]:
    """Write one required gate; `reason` is the English of `text`."""
    gate, text = state.gate, _reason(state)
    row: dict[str, Any] = {
        "token": gate.token,
        "citation": gate.citation,
        "reason": text.en,
        "text": text.to_json(),
        "title": gate.title.to_json(),
        **packs.doubt(gate),
    }
    if state.state is Outcome.OPEN:
        return row | ({"deferred": True} if state.deferred else {})
    return row | {"state": str(state.state), "fix": gate.fix.to_json(), "missing_facts": sorted(state.missing)}


def _reason(state: GateState) -> Text:
    if state.state is Outcome.OPEN:
        return _DEFERRED if state.deferred else _SATISFIED
    if state.held:
        return state.gate.hold_reason
    if state.state is Outcome.BLOCKED:
        return state.gate.reason
    names = ", ".join(sorted(state.missing))
    return Text(f"尚不清楚:{names}", f"not known yet: {names}")


def warning_row(packs: Packs, rule: WarningRule) -> dict[str, Any]:
    """Write one warning; `text` is the English of `texts`."""
    return {
        "rule": rule.id,
        "text": rule.text.en,
        "texts": rule.text.to_json(),
        "citation": rule.citation,
        **packs.doubt(rule),
    }


def rules_rows(program: Program, view: View) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the rules that fired and those that did not, each with the comparisons that decided it."""
    fired, not_fired = [], []
    for condition, head in _heads(program):
        result = truth(condition, view)
        row = {**head, "because": _because(condition, view)}
        if result is True:
            fired.append(row)
        else:
            lacking = sorted(missing(condition, view)) if result is None else []
            not_fired.append(row | {"undetermined": result is None} | ({"missing_facts": lacking} if lacking else {}))
    return fired, not_fired


@once
def _heads(program: Program) -> tuple[tuple[Condition, dict[str, Any]], ...]:
    """Give each rule's condition and what its row always says."""
    rules: Iterable[Rule] = (*program.outcomes, *program.labels, *program.tiers, *program.gates, *program.warnings)
    return tuple((rule.when, {"rule": rule.id, **_gives(rule), "citation": rule.citation}) for rule in rules)


def _gives(rule: Rule) -> dict[str, Any]:
    match rule:
        case OutcomeRule(outcome=word):
            return {"outcome": word}
        case LabelRule(label=word):
            return {"label": word}
        case TierRule(tier=tier):
            return {"tier": tier}
        case Gate(token=word):
            return {"gate": word}
        case _:
            return {"warning": rule.id}


def _because(condition: Condition, view: View) -> list[dict[str, Any]]:
    tests = {test.key: test for test in decisive(condition, view)}
    return [_test_row(test, view) for test in tests.values()]


def _test_row(test: Test, view: View) -> dict[str, Any]:
    found, operand = _plain(view.value(test.fact)), _plain(operand_of(test, view))
    row = {"fact": test.fact, "is": found, "test": test.op, "value": operand}
    return row | {"value_of": test.operand.fact} if isinstance(test.operand, FactRef) else row


def _plain(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    if value is UNKNOWN:
        return None
    if isinstance(value, OneOf):
        return {"one_of": sorted(value.values)}
    return list(value) if isinstance(value, tuple) else value
