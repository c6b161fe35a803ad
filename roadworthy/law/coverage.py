"""Exhaustive checks: walk every combination of the finite domains that rules look at.

Refused are: a combination with no label or no tier, a label that claims to stand alone beside another, and rules
that can never fire, gates that can never open or never close. A comparison of dates or texts counts as a free
yes/no. Label rules are walked over the facts they name directly, so computed facts count as independent: that
covers more than can occur, never less.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from roadworthy.law.check import Types
from roadworthy.law.condition import UNKNOWN, AllOf, AnyOf, Condition, FactRef, Not, Test, tests_of, truth
from roadworthy.law.fields import PackRefused, Place
from roadworthy.law.model import Gate, LabelRule, Rule, TierRule
from roadworthy.law.packs import Packs

MAX_COMBINATIONS = 65_536


def check_coverage(packs: Packs) -> dict[str, int]:
    """Walk everything; give how many combinations each walk had. Raises PackRefused at the first defect."""
    types = Types(packs)
    walked = {}
    if packs.all.labels or packs.all.tiers:
        walked["labels and tiers"] = _check_labels_and_tiers(packs, types)
        walked["outcomes"] = _check_order(packs.all.outcomes, types, "outcome")
    for pack in packs.packs:
        for rule in (*pack.gates, *pack.deferrals, *pack.warnings, *pack.duties, *pack.follow_ups):
            if not _can_be(rule.when, types, rule.place, wanted=True):
                en = "can never fire; its condition contradicts itself. Correct or remove it"
                raise PackRefused(rule.place, en, "永远不会触发,条件自相矛盾,请改正或删除")
            if isinstance(rule, Gate):
                _check_gate(rule, types)
    return walked


class _Assignment:
    """Fixed values for the facts of one combination; labels follow from their rules."""

    def __init__(self, values: dict[str, Any], labels: Mapping[str, Condition]) -> None:
        self._values = dict(values)
        self._labels = labels

    def value(self, name: str) -> Any:
        if name in self._labels and name not in self._values:
            self._values[name] = truth(self._labels[name], self)
        return self._values.get(name, UNKNOWN)

    def unknown(self, name: str) -> frozenset[str]:
        return frozenset({name})

    def condition_of(self, name: str) -> Condition | None:
        return self._labels.get(name)

    def alternatives(self, name: str) -> tuple[Any, ...]:
        return (self._values[name],)

    def reach(self, name: str, value: Any) -> list[tuple[str, Any]]:
        return [(name, value)]


def _check_labels_and_tiers(packs: Packs, types: Types) -> int:
    program = packs.all
    rules: Sequence[LabelRule | TierRule] = (*program.labels, *program.tiers)
    plain = {rule.id: abstract(rule.when, types) for rule in rules}
    labels = {f"label.{name}": AnyOf(tuple(plain[r.id] for r in own)) for name, own in program.rules_of_label.items()}
    fired: set[str] = set()
    count = 0
    whole = Place(packs.vocabulary.id)
    for values in combinations(plain.values(), types, whole, leave=set(labels)):
        count += 1
        facts = _Assignment(values, labels)
        true = [rule for rule in program.labels if truth(plain[rule.id], facts) is True]
        first = next((rule for rule in program.tiers if truth(plain[rule.id], facts) is True), None)
        if not true or first is None:
            en = f"no {'tier' if true else 'label'} for {_say(values)}; add a rule that covers it"
            raise PackRefused(whole, en, f"以下情形没有{'分级' if true else '分类'}:{_say(values)},请补规则")
        alone = next((rule for rule in true if rule.alone), None)
        if alone is not None and len({rule.label for rule in true}) > 1:
            other = next(rule.id for rule in true if rule.label != alone.label)
            en = f"{alone.id} stands alone but meets {other} for {_say(values)}; exclude one"
            raise PackRefused(alone.place, en, f"不得与他类并存,却与{other}同时成立:{_say(values)}")
        fired |= {rule.id for rule in true} | {first.id}
    for rule in rules:
        if rule.id not in fired:
            en = "never fires in any combination; correct its condition or its place"
            raise PackRefused(rule.place, en, "在任何组合下都不触发,请改正条件或次序")
    return count


def _check_order(rules: Sequence[Rule], types: Types, kind: str) -> int:
    plain = [(rule, abstract(rule.when, types)) for rule in rules]
    first: set[str] = set()
    count = 0
    if not plain:
        return 0
    for values in combinations([when for _, when in plain], types, rules[0].place, leave=set()):
        count += 1
        first |= {next((rule.id for rule, when in plain if truth(when, _Assignment(values, {})) is True), "")}
    for rule, _ in plain:
        if rule.id not in first:
            en = f"this {kind} rule never comes first; correct its condition or its place"
            raise PackRefused(rule.place, en, "永远排不到第一,请改正条件或次序")
    return count


def _check_gate(gate: Gate, types: Types) -> None:
    place = gate.place
    if not _can_be(gate.open, types, place, wanted=True):
        en = "can never open; its condition contradicts itself. Correct it"
        raise PackRefused(place, en, "永远不能放行,条件自相矛盾,请改正")
    if not _can_be(gate.open, types, place, wanted=False):
        en = "is always open, so it guards nothing; correct its condition or remove it"
        raise PackRefused(place, en, "总是放行,没有作用,请改正或删除")
    if gate.hold is not None and not _can_be(AllOf((gate.hold, Not(gate.open))), types, place, wanted=True):
        en = "can never hold, since it is open whenever hold is true; correct one of them"
        raise PackRefused(place, en, "hold成立时总是放行,请改正其一")


def _can_be(condition: Condition, types: Types, place: Place, *, wanted: bool) -> bool:
    plain = abstract(condition, types)
    found = combinations([plain], types, place, leave=set())
    return any(truth(plain, _Assignment(values, {})) is wanted for values in found)


def abstract(condition: Condition, types: Types) -> Condition:
    """Replace every comparison without a finite domain by a free yes/no named after it."""
    match condition:
        case AllOf(parts):
            return AllOf(tuple(abstract(part, types) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(abstract(part, types) for part in parts))
        case Not(part):
            return Not(abstract(part, types))
        case Test(fact, op, operand):
            kind = types.types[fact]
            finite = kind in ("bool", "enum", "int", "object") and not isinstance(operand, FactRef)
            right = operand.fact if isinstance(operand, FactRef) else operand
            return condition if finite else Test(f"({fact} {op} {right})", "eq", operand=True)


def combinations(
    conditions: Iterable[Condition], types: Types, place: Place, *, leave: set[str]
) -> Iterator[dict[str, Any]]:
    """Give every combination of the facts in `conditions` but for those in `leave`.

    Raises PackRefused above MAX_COMBINATIONS.
    """
    tests = [test for condition in conditions for test in tests_of(condition) if test.fact not in leave]
    domains = {name: _domain(name, [t for t in tests if t.fact == name], types) for name in {t.fact for t in tests}}
    size = prod(map(len, domains.values()))
    if size > MAX_COMBINATIONS:
        en = f"{len(domains)} facts make {size:,} combinations, more than {MAX_COMBINATIONS:,}"
        zh = f"{len(domains)}个事实有{size:,}种组合,超过{MAX_COMBINATIONS:,},请合并为推算事实"
        raise PackRefused(place, f"{en}; bundle some into a computed fact", zh)
    names = sorted(domains)
    for values in product(*(domains[name] for name in names)):
        yield dict(zip(names, values, strict=True))


def _domain(name: str, tests: list[Test], types: Types) -> list[Any]:
    kind = types.types.get(name, "bool")
    if kind == "int":
        operands = {n for t in tests for n in (t.operand if isinstance(t.operand, tuple) else (t.operand,))}
        limits = sorted({n + step for n in operands for step in (-1, 0, 1)})
        domain = types.domains.get(name) or ()
        return [n for n in limits if not domain or n in domain]
    if kind == "object":
        return [None, {"given": True}]
    return list(types.domains.get(name) or (True, False))


def _say(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(values.items()))
