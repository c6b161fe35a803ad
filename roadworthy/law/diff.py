"""What a change of law changes: first its words, by id, then what follows from them, table by table.

1. `text_changes`    packs, instruments, clauses, questions, facts and rules that were added, removed or changed
2. `tables_of`       every decision of one set of packs as tables over the facts that a person or a system supplies
3. `diff`            both sides' tables compared by solving (`solve`): in which situations the answer is another

The comparison looks at facts that are all known. A comparison of two days, or with a list, counts as one free yes/no;
so a situation that the calendar cannot bring about may be listed, and none that it can is left out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from itertools import islice
from math import prod
from typing import Any

from roadworthy.kernel.decision import Text
from roadworthy.law.condition import OPERATORS, AllOf, AnyOf, Condition, FactRef, Not, Test
from roadworthy.law.model import UPGRADE, Gate, Pack
from roadworthy.law.packs import Packs, Program
from roadworthy.law.solve import Cube, Domains, Meanings, Table, closed, differences, domains_of
from roadworthy.law.words import gives

MOST_SITUATIONS = 500
NONE = "none"
_YES: Condition = AllOf(())
_NO: Condition = AnyOf(())
_SPECIAL = {"outcomes", "labels", "tiers", "gates", "deferrals"}
_CONDITIONS = (Test, AllOf, AnyOf, Not)


@dataclass(frozen=True)
class Change:
    """One thing whose words changed: `kind` and `id` name it, `fields` give {name: [old, new]} of what is different."""

    kind: str
    id: str
    what: str
    fields: Mapping[str, tuple[Any, Any]]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        told = {name: list(pair) for name, pair in self.fields.items()}
        return {"fields": told, "id": self.id, "kind": self.kind, "what": self.what}


@dataclass(frozen=True)
class TableChange:
    """One decision that says something else now: in `changed` of `combinations` combinations of its facts.

    When there were more situations than were asked for, `complete` is False and `changed` counts those listed.
    """

    table: str
    combinations: int
    changed: int
    complete: bool
    situations: tuple[Cube, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        rows = []
        for cube in self.situations:
            old, new = (list(word) if isinstance(word, tuple) else word for word in cube.outcomes)
            given = {name: list(values) for name, values in sorted(cube.given.items())}
            rows.append({"combinations": cube.size, "given": given, "new": new, "old": old})
        counted = {"changed": self.changed, "combinations": self.combinations, "complete": self.complete}
        return {"situations": rows, "table": self.table, **counted}


@dataclass(frozen=True)
class LawDiff:
    """All that differs between two sets of packs."""

    text: tuple[Change, ...]
    tables: tuple[TableChange, ...]

    def to_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {"tables": [t.to_json() for t in self.tables], "text": [c.to_json() for c in self.text]}


def diff(old: Packs, new: Packs, day: date | None = None, *, most: int = MOST_SITUATIONS) -> LawDiff:
    """Compare two sets of packs about the same question.

    With `day`, the decisions are those of the rules in force on that day, else those of all rules whatever their
    dates. At most `most` situations are listed for each table; a table that has more says so.
    """
    return LawDiff(tuple(text_changes(old, new)), tuple(_table_changes(old, new, day, most)))


def text_changes(old: Packs, new: Packs) -> Iterator[Change]:
    """Give what was added, removed or changed, by kind and id."""
    for kind, take in _KINDS.items():
        before, after = take(old), take(new)
        for name in sorted(before.keys() | after.keys()):
            if name not in before or name not in after:
                what = "added" if name in after else "removed"
                yield Change(kind, name, what, {})
                continue
            one, other = before[name], after[name]
            changed = {f: (one.get(f), other.get(f)) for f in sorted(one.keys() | other.keys()) if one[f] != other[f]}
            if changed:
                yield Change(kind, name, "changed", changed)


def _pack_words(pack: Pack) -> dict[str, Any]:
    said = {field.name: getattr(pack, field.name) for field in fields(pack)}
    return {name: plain(value) for name, value in said.items() if not isinstance(value, tuple | dict | Mapping)}


def _by_name(take: Callable[[Packs], Mapping[str, Any]]) -> Callable[[Packs], dict[str, dict[str, Any]]]:
    return lambda packs: {name: plain(value) for name, value in take(packs).items()}


_KINDS: Mapping[str, Callable[[Packs], dict[str, dict[str, Any]]]] = {
    "pack": lambda packs: {pack.id: _pack_words(pack) for pack in packs.packs},
    "instrument": _by_name(lambda packs: packs.instruments),
    "clause": _by_name(lambda packs: packs.clauses),
    "question": _by_name(lambda packs: packs.ambiguities),
    "fact": _by_name(lambda packs: packs.vocabulary.facts),
    "computed fact": _by_name(lambda packs: packs.vocabulary.derived),
    "rule": lambda packs: {f"{type(r).__name__} {r.id}": plain(r) for p in packs.packs for r in p.rules},
}


def plain(value: Any) -> Any:
    """Give a noun of a pack as plain JSON values; conditions as packs write them."""
    if isinstance(value, _CONDITIONS):
        return written(value)
    if isinstance(value, Text):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.compare}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def written(condition: Condition) -> dict[str, Any]:
    """Write a condition as it stands in a pack."""
    match condition:
        case AllOf(parts):
            return {"all": [written(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [written(part) for part in parts]}
        case Not(part):
            return {"not": written(part)}
        case Test(fact, op, operand):
            right = {"fact": operand.fact} if isinstance(operand, FactRef) else plain(operand)
            return {fact: {op: right}}


def tables_of(packs: Packs, day: date | None, renamed: Mapping[str, str]) -> dict[str, Table]:
    """Give every decision of the packs as a table over given facts, by name.

    `renamed` are computed facts that cannot be looked through, and mean something else on the other side.
    """
    program = packs.all if day is None else packs.program(day)
    meanings = meanings_in(program, packs.choices, renamed)

    def table(rows: Iterable[tuple[str, Condition]], *, first: bool = True, otherwise: str = "") -> Table:
        return Table(tuple((word, closed(c, meanings)) for word, c in rows), first=first, otherwise=otherwise)

    found = {
        "outcome": table([(r.outcome, r.when) for r in program.outcomes], otherwise=UPGRADE),
        "tier": table([(r.tier or NONE, r.when) for r in program.tiers], otherwise=NONE),
        "labels": table([(r.label, r.when) for r in program.labels], first=False),
    }
    for gate in program.gates:
        under = Test("outcome", "in", tuple(gate.under))
        found[f"gate {gate.token}: required"] = table(
            [("required", AllOf((under, gate.when)))], otherwise="not required"
        )
        found[f"gate {gate.token}: state"] = table(_states(gate, program), otherwise="blocked")
    for field in fields(program):
        rules = getattr(program, field.name)
        if field.name not in _SPECIAL and isinstance(rules, tuple):
            for rule in rules:
                found[f"{field.name.replace('_', ' ')} {rule.id}"] = table([(gives(rule), rule.when)], otherwise=NONE)
    return found


def _states(gate: Gate, program: Program) -> list[tuple[str, Condition]]:
    deferred = tuple(rule.when for rule in program.deferrals if gate.token in rule.tokens)
    rows: list[tuple[str, Condition]] = [("open", AnyOf((gate.open, *deferred)))]
    return rows if gate.hold is None else [*rows, ("hold", gate.hold)]


def meanings_in(program: Program, choices: Mapping[str, str] | None, renamed: Mapping[str, str]) -> Meanings:
    """Give the way from a comparison of a computed fact to the condition behind it.

    Without `choices`, the readings of open questions are left open like any fact.
    """
    derived = program.vocabulary.derived
    ordered = {
        "outcome": ([(r.outcome, r.when) for r in program.outcomes], UPGRADE),
        "tier": ([(r.tier or NONE, r.when) for r in program.tiers], NONE),
    }

    def meaning(test: Test) -> Condition | None:
        name = test.fact
        if name in ordered:
            return _first_of(*ordered[name], test)
        if name.startswith("option.") and choices is not None:
            return _YES if OPERATORS[test.op](choices.get(name[7:]), test.operand) else _NO
        if name.startswith("label."):
            return _yes_no(test, AnyOf(tuple(r.when for r in program.rules_of_label.get(name[6:], ()))))
        known = derived.get(name)
        if known is not None and known.when is not None:
            return _yes_no(test, known.when)
        return _under_new_names(test, renamed)

    return meaning


def _yes_no(test: Test, behind: Condition) -> Condition:
    if isinstance(test.operand, FactRef):
        return test
    compare = OPERATORS[test.op]
    when_true, when_false = compare(True, test.operand), compare(False, test.operand)
    if when_true == when_false:
        return _YES if when_true else _NO
    return behind if when_true else Not(behind)


def _first_of(rows: Sequence[tuple[str, Condition]], otherwise: str, test: Test) -> Condition:
    """Say when the first true row, or the word without one, passes the test."""
    parts: list[Condition] = []
    before: tuple[Condition, ...] = ()
    for word, when in (*rows, (otherwise, _YES)):
        if OPERATORS[test.op](word, test.operand):
            parts.append(AllOf((*before, when)))
        before = (*before, Not(when))
    return AnyOf(tuple(parts))


def _under_new_names(test: Test, renamed: Mapping[str, str]) -> Condition | None:
    operand = test.operand
    if isinstance(operand, FactRef) and operand.fact in renamed:
        operand = FactRef(renamed[operand.fact])
    fact = renamed.get(test.fact, test.fact)
    return None if (fact, operand) == (test.fact, test.operand) else Test(fact, test.op, operand)


def known_domains(*sides: Packs) -> Domains:
    """Give the values of facts that have few, in either vocabulary."""
    found: dict[str, tuple[Any, ...]] = {}
    for packs in sides:
        for name, fact in packs.vocabulary.facts.items():
            if fact.domain:
                found[name] = tuple(dict.fromkeys((*found.get(name, ()), *fact.domain)))
        found |= {f"option.{name}": tuple(one.options) for name, one in packs.ambiguities.items()}
    return found


def _table_changes(old: Packs, new: Packs, day: date | None, most: int) -> Iterator[TableChange]:
    before, after = old.vocabulary.derived, new.vocabulary.derived
    other = {name for name in before.keys() & after.keys() if plain(before[name]) != plain(after[name])}
    one_side = tables_of(old, day, {name: f"old {name}" for name in other})
    other_side = tables_of(new, day, {name: f"new {name}" for name in other})
    known = known_domains(old, new)
    for name in dict.fromkeys((*one_side, *other_side)):
        pair = one_side.get(name), other_side.get(name)
        if name.endswith(": state") and None in pair:
            continue  # a new gate is reported as required where it was not
        changed = _compared(name, pair, known, most)
        if changed.situations:
            yield changed


def _compared(name: str, pair: tuple[Table | None, Table | None], known: Domains, most: int) -> TableChange:
    there = pair[0] or pair[1] or Table(())
    empty = Table((), first=there.first, otherwise=there.otherwise)
    tables = (pair[0] or empty, pair[1] or empty)
    domains = domains_of((c for t in tables for _, c in t.rows if not isinstance(c, bool)), known)
    found = tuple(islice(differences(*tables, domains), most + 1))
    shown = found[:most]
    combinations = prod(map(len, domains.values()))
    return TableChange(name, combinations, sum(c.size for c in shown), len(found) <= most, shown)
