"""A program's rules as one decision table for zen-engine (JDM, hit policy collect), over a flat record of facts.

The table says labels, tiers (the first counts), gates that are needed, met and deferred. What a table cannot say is
given to it: computed facts (dates moved by working days, entries of lists) stand in the record, worked out
beforehand, and it speaks of upgrades only. Unknown facts are null there; a table knows no third truth.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import chain, product
from typing import Any

import zen

from roadworthy.law.condition import UNKNOWN, AllOf, AnyOf, Condition, FactRef, Not, Test, facts_in
from roadworthy.law.packs import Program
from roadworthy.law.view import View

Literal = tuple[Test, bool]
Evaluate = Callable[[Mapping[str, Any]], Any]
_NEGATED = {"eq": "!=", "ne": "==", "ge": "<", "gt": "<=", "le": ">", "lt": ">="}
_PLAIN = {"eq": "==", "ne": "!=", "ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


class Table:
    """The table, and the way from a facts file to its record."""

    def __init__(self, program: Program) -> None:
        self._program = program
        rows = [(f"label:{r.label}", r.when) for r in program.labels]
        rows += [(f"tier:{r.tier or ''}", r.when) for r in program.tiers]
        upgrade = [gate for gate in program.gates if "upgrade" in gate.under]
        rows += [(f"need:{gate.token}", gate.when) for gate in upgrade]
        rows += [(f"met:{gate.token}", gate.open) for gate in upgrade]
        rows += [(f"met:{token}", r.when) for r in program.deferrals for token in r.tokens]
        plain = [(out, self._inlined(when)) for out, when in rows]
        self.names = sorted({name for _, when in plain for name in facts_in(when)})
        self.json = json.dumps(_table([(out, part) for out, when in plain for part in _rows(when)], self.names))

    def record(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give the flat record of a file with one model."""
        view = View(self._program, given, given["target_models"][0])
        return {_field(name): _cell(view.value(name)) for name in self.names}

    def _inlined(self, condition: Condition) -> Condition:
        """Write labels, tiers and the outcome out, since one table cannot read its own results."""
        match condition:
            case AllOf(parts) | AnyOf(parts):
                return type(condition)(tuple(map(self._inlined, parts)))
            case Not(part):
                return Not(self._inlined(part))
            case Test("outcome", _, operand):
                return AllOf(()) if operand == "upgrade" else AnyOf(())
            case Test("tier", _, operand):
                return AnyOf(tuple(self._first(tier) for tier in operand))
            case Test(fact) if fact.startswith("label."):
                return self._label(condition)
        return condition

    def _label(self, test: Test) -> Condition:
        label = AnyOf(tuple(self._inlined(rule.when) for rule in self._program.rules_of_label[test.fact[6:]]))
        return label if test.operand else Not(label)

    def _first(self, tier: str) -> Condition:
        rules = self._program.tiers
        place = next(n for n, rule in enumerate(rules) if rule.tier == tier)
        return AllOf((*(Not(self._inlined(r.when)) for r in rules[:place]), self._inlined(rules[place].when)))


def told(outs: Iterable[Mapping[str, str]]) -> tuple[list[str], str | None, list[str]]:
    """Read labels, tier and closed gates out of the rows that were hit."""
    found: dict[str, list[str]] = {"label": [], "tier": [], "need": [], "met": []}
    for row in outs:
        kind, word = row["out"].split(":", 1)
        found[kind].append(word)
    return (
        list(dict.fromkeys(found["label"])),
        next(iter(found["tier"]), "") or None,
        [token for token in dict.fromkeys(found["need"]) if token not in found["met"]],
    )


def loaded(table: str, *, trace: bool) -> Evaluate:
    """Give the fastest way zen has: the table compiled once by its loader."""
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"table": json.loads(table)}}})
    return lambda record: engine.evaluate("table", record, {"trace": trace})["result"]


def created(table: str, *, trace: bool) -> Evaluate:
    """Give the way its first page of documentation shows: `create_decision`, then `evaluate`."""
    decision = zen.ZenEngine().create_decision(table)
    return lambda record: decision.evaluate(record, {"trace": trace})["result"]


def _rows(condition: Condition, *, wanted: bool = True) -> list[list[Literal]]:
    """Give the condition as alternatives of literals, which is what rows of a table are."""
    match condition:
        case Test():
            return [[(condition, wanted)]]
        case Not(part):
            return _rows(part, wanted=not wanted)
        case AllOf(parts) | AnyOf(parts):
            each = [_rows(part, wanted=wanted) for part in parts]
            if isinstance(condition, AnyOf) is wanted:
                return [row for rows in each for row in rows]
            return [list(chain.from_iterable(chosen)) for chosen in product(*each)]


def _table(rows: list[tuple[str, list[Literal]]], names: list[str]) -> dict[str, Any]:
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": f"i{n}", "name": name, "field": _field(name)} for n, name in enumerate(names)],
        "outputs": [{"id": "o", "name": "out", "field": "out"}],
        "rules": [_row(n, out, literals, names) for n, (out, literals) in enumerate(rows)],
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [("in", "table"), ("table", "out")]
    return {"nodes": nodes, "edges": [{"id": a + b, "sourceId": a, "targetId": b, "type": "edge"} for a, b in edges]}


def _row(place: int, out: str, literals: list[Literal], names: list[str]) -> dict[str, str]:
    cells: dict[str, list[str]] = {}
    for test, wanted in literals:
        cells.setdefault(f"i{names.index(test.fact)}", []).append(_unary(test, wanted=wanted))
    joined = {key: " and ".join(dict.fromkeys(parts)) for key, parts in cells.items()}
    return {"_id": f"r{place}", **joined, "o": f"'{out}'"}


def _unary(test: Test, *, wanted: bool) -> str:
    if test.op == "empty":
        return "$ == null" if bool(test.operand) is wanted else "$ != null"
    if test.op == "in":
        return f"$ {'in' if wanted else 'not in'} {json.dumps(test.operand)}"
    right = _field(test.operand.fact) if isinstance(test.operand, FactRef) else json.dumps(_cell(test.operand))
    return f"$ {(_PLAIN if wanted else _NEGATED)[test.op]} {right}"


def _field(name: str) -> str:
    return re.sub(r"\W+", "_", name)


def _cell(value: Any) -> Any:
    """Give days as numbers, since zen does not order texts."""
    if value is UNKNOWN:
        return None
    day = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value)
    return int(value.replace("-", "")) if day else value
