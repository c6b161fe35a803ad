"""Judge one model: outcome, labels, tier, gates, decision, and what is missing.

1. The outcome rules, in order. An outcome ends the matter but for the gates that exist under it.
2. The labels that are certain. 3. The tier. 4. Every gate that is certainly required, and its state.
5. The decision: blocked if a required gate is known to be unmet, else hold if anything is missing or undetermined,
   else open. 6. Where a cautious assumption stood in for an unknown fact, an open decision must also be open under
   every other reading, else it is a hold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from roadworthy.kernel.decision import Outcome, strictest
from roadworthy.law.condition import OneOf, missing, truth
from roadworthy.law.model import UPGRADE, Gate
from roadworthy.law.packs import Program
from roadworthy.law.view import NO_TIER, View
from roadworthy.law.vocabulary import Fact


@dataclass(frozen=True)
class GateState:
    """One required gate: whether it is open, and the facts that keep it from being so."""

    gate: Gate
    state: Outcome
    deferred: bool = False
    held: bool = False
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judgement:
    """What one view comes to. `outcome` and `tier` are None when none applies or it is not settled."""

    view: View
    settled: bool
    outcome: str | None
    labels: tuple[str, ...]
    tier: str | None
    gates: tuple[GateState, ...]
    missing: frozenset[str]
    decision: Outcome

    @property
    def closed(self) -> tuple[GateState, ...]:
        """The required gates that are not open."""
        return tuple(g for g in self.gates if g.state is not Outcome.OPEN)


def judge(
    program: Program,
    top: Mapping[str, Any],
    subject: Mapping[str, Any],
    *,
    part: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Judgement:
    """Judge one model (or one part for it); steps 1 to 6."""
    found = assess(View(program, top, subject, part=part, changes=changes))
    assumed = sorted(found.view.assumed)
    if found.decision is not Outcome.OPEN or not assumed:
        return found
    facts = program.vocabulary.facts
    for values in product(*(facts[name].domain for name in assumed)):
        readings = dict(zip(assumed, values, strict=True))
        other = assess(View(program, top, subject, part=part, changes=changes, readings=readings))
        if other.decision is not Outcome.OPEN:
            return replace(found, decision=Outcome.HOLD, missing=found.missing | set(assumed))
    return found


def assess(view: View) -> Judgement:
    """Judge under the view's present readings; steps 1 to 5."""
    program = view.program
    outcome = view.value("outcome")
    upgrade = outcome == UPGRADE
    settled = not isinstance(outcome, OneOf)
    lacking = set(view.unknown("outcome"))
    if upgrade or not settled:
        lacking |= _needed(view)
    open_labels = False
    labels: tuple[str, ...] = ()
    if upgrade:
        labels = tuple(n for n in program.rules_of_label if view.value(f"label.{n}") is True)
        undecided = frozenset().union(*(view.unknown(f"label.{n}") for n in program.rules_of_label))
        lacking |= undecided | view.unknown("tier")
        open_labels = not labels or bool(undecided)
    gates, undetermined = _gates(view)
    lacking |= undetermined.union(*(g.missing for g in gates))
    doubtful = not settled or open_labels or bool(lacking) or (upgrade and isinstance(view.value("tier"), OneOf))
    states = [g.state for g in gates] + [Outcome.HOLD if doubtful else Outcome.OPEN]
    return Judgement(
        view,
        settled,
        None if upgrade or not settled else outcome,
        labels,
        _tier(view) if upgrade else None,
        gates,
        frozenset(_with_parents(view, lacking)),
        strictest(states),
    )


def _tier(view: View) -> str | None:
    tier = view.value("tier")
    return None if isinstance(tier, OneOf) or tier == NO_TIER else str(tier)


def _needed(view: View) -> set[str]:
    """Give the facts that are always needed (or whose condition for being needed holds) and are not known."""
    facts = view.program.vocabulary.facts
    return {name for name, fact in facts.items() if fact.needed is not None and _lacks(view, fact)}


def _lacks(view: View, fact: Fact) -> bool:
    if "[]" in fact.name and not fact.name.startswith(f"{view.program.vocabulary.subjects}[]"):
        entries = view.entries(fact.name.split("[]", 1)[0]) or []
        return any(entry.unknown(fact.name) for entry in entries)
    if fact.needed is None or truth(fact.needed, view) is False:
        return False
    return bool(view.unknown(fact.name)) or view.stated(fact) in (None, [])


def _gates(view: View) -> tuple[tuple[GateState, ...], set[str]]:
    """Judge every gate; also give the facts missing to know whether a gate is required."""
    deferred = {t for rule in view.program.deferrals if truth(rule.when, view) is True for t in rule.tokens}
    gates: list[GateState] = []
    undetermined: set[str] = set()
    outcome = view.value("outcome")
    for gate in view.program.gates:
        possible = outcome.values if isinstance(outcome, OneOf) else {outcome}
        if not possible & set(gate.under):
            continue
        required = truth(gate.when, view)
        if required is None:
            undetermined |= missing(gate.when, view)
        elif required and possible <= set(gate.under):
            gates.append(_state(gate, view, deferred=gate.token in deferred))
    return tuple(gates), undetermined


def _state(gate: Gate, view: View, *, deferred: bool) -> GateState:
    met = truth(gate.open, view)
    if deferred or met is True:
        return GateState(gate, Outcome.OPEN, deferred=deferred and met is not True)
    lacking = missing(gate.open, view, to_hold=True) | _approval(gate, view)
    held = gate.hold is not None and truth(gate.hold, view) is True
    if held or met is None:
        return GateState(gate, Outcome.HOLD, held=held, missing=lacking)
    return GateState(gate, Outcome.BLOCKED, missing=lacking)


def _approval(gate: Gate, view: View) -> frozenset[str]:
    rules = [rule for rule in view.program.deferrals if gate.token in rule.tokens]
    return frozenset().union(*(missing(rule.when, view) for rule in rules))


def _with_parents(view: View, names: set[str]) -> Iterator[str]:
    """Give the names, and the declared objects around them that are missing as a whole."""
    facts = view.program.vocabulary.facts
    for name in names:
        yield name
        steps = name.split(".")
        for length in range(1, len(steps)):
            parent = ".".join(steps[:length])
            if parent in facts and facts[parent].type == "object" and view.stated(facts[parent]) is None:
                yield parent
