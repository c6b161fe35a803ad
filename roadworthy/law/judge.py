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
from typing import Any, NamedTuple

from roadworthy.kernel.decision import Outcome, strictest
from roadworthy.law.compiled import Check
from roadworthy.law.condition import ALWAYS, UNKNOWN, OneOf, missing, truth
from roadworthy.law.lookup import NO_TIER, once
from roadworthy.law.model import UPGRADE, Gate
from roadworthy.law.packs import Program
from roadworthy.law.view import View
from roadworthy.law.vocabulary import Fact

_OPEN = Outcome.OPEN
_NOTHING: frozenset[str] = frozenset()


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
    course, value = course_of(view.program), view.value
    outcome = value("outcome")
    upgrade, settled = outcome == UPGRADE, not isinstance(outcome, OneOf)
    lacking = set(view.unknown("outcome"))
    if upgrade or not settled:
        lacking |= _needed(course, view)
    labels: tuple[str, ...] = ()
    tier, doubtful = None, not settled
    if upgrade:
        found = [(label, name, value(name)) for label, name in course.labels]
        labels = tuple(label for label, _, true in found if true is True)
        undecided = {fact for _, name, true in found if true is UNKNOWN for fact in view.unknown(name)}
        tier = value("tier")
        lacking |= undecided | view.unknown("tier")
        doubtful = not labels or bool(undecided) or isinstance(tier, OneOf)
    gates, undetermined = _gates(course, view)
    closed = [gate for gate in gates if gate.state is not _OPEN]
    lacking |= undetermined.union(*(gate.missing for gate in closed))
    hold = [Outcome.HOLD] if doubtful or lacking else []
    return Judgement(
        view,
        settled,
        None if upgrade or not settled else outcome,
        labels,
        None if isinstance(tier, OneOf) or tier == NO_TIER else tier,
        gates,
        frozenset(_with_parents(view, lacking)) if lacking else _NOTHING,
        strictest([_OPEN, *hold, *(gate.state for gate in closed)]) if hold or closed else _OPEN,
    )


class _Gate(NamedTuple):
    """One gate ready to be judged; `opened` is its state when its own condition is met."""

    gate: Gate
    under: frozenset[str]
    when: Check
    open: Check
    opened: GateState


class _Course(NamedTuple):
    """What there is to ask of any view under one program.

    `always` are the facts always needed that only lack when unknown; `stated` all others, with the condition under
    which they are needed, and whether they must be said aloud although absence means something; `listed` the needed
    facts of each list's entries.
    """

    always: tuple[str, ...]
    stated: tuple[tuple[Fact, Check, bool], ...]
    listed: Mapping[str, tuple[str, ...]]
    labels: tuple[tuple[str, str], ...]
    gates: tuple[_Gate, ...]
    gates_under: Mapping[str, tuple[_Gate, ...]]


@once
def course_of(program: Program) -> _Course:
    """Prepare the program's rules and its vocabulary's needs."""
    vocabulary = program.vocabulary
    always: list[str] = []
    stated: list[tuple[Fact, Check, bool]] = []
    listed: dict[str, list[str]] = {}
    for name, fact in vocabulary.facts.items():
        if fact.needed is None:
            continue
        if "[]" in name and not name.startswith(f"{vocabulary.subjects}[]"):
            listed.setdefault(name.split("[]", 1)[0], []).append(name)
            continue
        aloud = fact.absent is not UNKNOWN or fact.assume is not UNKNOWN
        if fact.needed == ALWAYS and not aloud and fact.type not in ("list", "any"):
            always.append(name)
        else:
            stated.append((fact, fact.needed.check, aloud))
    gates = [
        _Gate(g, frozenset(g.under), g.when.check, g.open.check, GateState(g, Outcome.OPEN)) for g in program.gates
    ]
    return _Course(
        tuple(always),
        tuple(stated),
        {name: tuple(facts) for name, facts in listed.items()},
        tuple((label, f"label.{label}") for label in program.rules_of_label),
        tuple(gates),
        {word: tuple(g for g in gates if word in g.under) for gate in gates for word in gate.under},
    )


def _needed(course: _Course, view: View) -> set[str]:
    """Give the facts that are always needed (or whose condition for being needed holds) and are not known."""
    value = view.value
    lacking = {name for name in course.always if (found := value(name)) is UNKNOWN or found is None}
    for fact, needed, aloud in course.stated:
        if needed(value) is False:
            continue
        found = value(fact.name)
        if found is UNKNOWN or (view.stated(fact) if aloud else found) in (None, []):
            lacking.add(fact.name)
    for name, facts in course.listed.items():
        for entry in view.entries(name) or []:
            lacking |= {fact for fact in facts if entry.unknown(fact)}
    return lacking


def _gates(course: _Course, view: View) -> tuple[tuple[GateState, ...], set[str]]:
    """Judge every gate; also give the facts missing to know whether a gate is required."""
    value = view.value
    outcome = value("outcome")
    unsettled = outcome.values if isinstance(outcome, OneOf) else frozenset()
    under = [g for g in course.gates if g.under & unsettled] if unsettled else course.gates_under.get(outcome, ())
    gates: list[GateState] = []
    undetermined: set[str] = set()
    for gate, words, when, is_open, opened in under:
        required = when(value)
        if required is None:
            undetermined |= missing(gate.when, view)
        elif required and words >= unsettled:
            gates.append(opened if is_open(value) is True else _state(gate, view))
    return tuple(gates), undetermined


def _state(gate: Gate, view: View) -> GateState:
    """Judge a required gate whose own condition is not met."""
    deferrals = [rule for rule in view.program.deferrals if gate.token in rule.tokens]
    if any(truth(rule.when, view) is True for rule in deferrals):
        return GateState(gate, Outcome.OPEN, deferred=True)
    lacking = missing(gate.open, view, to_hold=True).union(*(missing(rule.when, view) for rule in deferrals))
    held = gate.hold is not None and truth(gate.hold, view) is True
    if held or truth(gate.open, view) is None:
        return GateState(gate, Outcome.HOLD, held=held, missing=lacking)
    return GateState(gate, Outcome.BLOCKED, missing=lacking)


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
