"""Load-time checks over a whole set of packs: every name known, every test of the right type, every date possible."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from roadworthy.kernel.errors import Unusable
from roadworthy.law.condition import Condition, FactRef, Test, facts_in, tests_of
from roadworthy.law.facts import check_facts
from roadworthy.law.fields import PackRefused
from roadworthy.law.model import UPGRADE, Gate, Pack, Rule, TimerRule
from roadworthy.law.packs import Packs
from roadworthy.law.parse import effective
from roadworthy.law.view import NO_TIER
from roadworthy.law.vocabulary import ORDERED, Derived

_OPS_OF = {
    "bool": ("eq", "ne"),
    "enum": ("eq", "ne", "in"),
    "text": ("eq", "ne", "in"),
    "list": ("empty", "intersects"),
    "object": ("empty",),
}


def check_names(packs: tuple[Pack, ...]) -> None:
    """Refuse two packs, instruments, clauses, questions or rules of the same id."""
    for kind, ids in {
        "pack": [p.id for p in packs],
        "instrument": [i for p in packs for i in p.instruments],
        "clause": [c for p in packs for c in p.clauses],
        "ambiguity": [a for p in packs for a in p.ambiguities],
        "rule": [f"{type(r).__name__} {r.id}" for p in packs for r in p.rules],
    }.items():
        twice = sorted(name for name, count in Counter(ids).items() if count > 1)
        if twice:
            raise PackRefused(f"{kind} {twice[0]} stands twice; rename or remove one of them.")


def with_dates(pack: Pack, packs: Packs) -> Pack:
    """Give the pack with every rule dated; refuse unknown clauses and rules dated outside their instruments."""

    def dated(rules: Iterable[Rule]) -> tuple[Rule, ...]:
        return tuple(replace(rule, since=_since(rule, pack, packs)) for rule in rules)

    kinds = ("outcomes", "labels", "tiers", "gates", "deferrals", "warnings", "timers")
    return replace(pack, **{kind: dated(getattr(pack, kind)) for kind in kinds})  # type: ignore[arg-type]  # same kinds


def _since(rule: Rule, pack: Pack, packs: Packs) -> date:
    for clause in rule.cites:
        if clause not in packs.clauses:
            raise PackRefused(f"{pack.id}: {rule.id}: cites {clause}, which no pack declares; declare the clause.")
    instruments = [packs.instruments[packs.clauses[c].instrument] for c in rule.cites]
    if isinstance(rule, Gate) and not facts_in(rule.when) and all(i.kind == "draft" for i in instruments):
        raise PackRefused(f"{pack.id}: {rule.id}: rests on drafts only and has no condition; make it opt-in.")
    return effective(rule, instruments, f"{pack.id}: {rule.id}")


def check_meaning(packs: Packs) -> None:
    """Refuse conditions on unknown facts, tests that do not fit the type, and references to nothing."""
    types = Types(packs)
    vocabulary = packs.vocabulary
    for derived in vocabulary.derived.values():
        _check_derived(derived, types, vocabulary.id)
    for fact in vocabulary.facts.values():
        if fact.needed is not None:
            types.check(fact.needed, f"{vocabulary.id}: {fact.name}")
    _check_cycles(packs)
    for pack in packs.packs:
        for rule in pack.rules:
            _check_rule(rule, types, f"{pack.id}: {rule.id}")
    try:
        check_facts(vocabulary.specimen, vocabulary)
    except Unusable as error:
        raise PackRefused(f"{vocabulary.id}: specimen: {error.message}") from error


class Types:
    """The type and domain of every name a condition may use."""

    def __init__(self, packs: Packs) -> None:
        facts, derived, program = packs.vocabulary.facts, packs.vocabulary.derived, packs.all
        self.types = {f.name: f.type for f in facts.values()} | {d.name: d.type for d in derived.values()}
        self.domains: dict[str, tuple[object, ...]] = {f.name: f.domain for f in facts.values()}
        self.types |= {f"label.{name}": "bool" for name in program.rules_of_label}
        self._enum("outcome", [UPGRADE, *(r.outcome for r in program.outcomes)])
        self._enum("tier", [NO_TIER, *(r.tier for r in program.tiers if r.tier is not None)])
        for question in packs.ambiguities.values():
            if question.selectable:
                self._enum(f"option.{question.id}", list(question.options))
        self.tokens = {gate.token for gate in program.gates}

    def _enum(self, name: str, words: list[str]) -> None:
        self.types[name] = "enum"
        self.domains[name] = tuple(dict.fromkeys(words))

    def check(self, condition: Condition, place: str) -> None:
        """Refuse a condition that could not be evaluated."""
        for test in tests_of(condition):
            for name in facts_in(test):
                if name not in self.types:
                    raise PackRefused(f"{place}: unknown fact {name!r}; declare it in the vocabulary.")
            self._check_test(test, place)

    def _check_test(self, test: Test, place: str) -> None:
        kind = self.types[test.fact]
        ordered = ("eq", "ne", "in", "ge", "gt", "le", "lt") if kind in ORDERED else ()
        if test.op not in _OPS_OF.get(kind, ordered):
            raise PackRefused(f"{place}: {test.fact} is {kind}; the operator {test.op} does not fit it.")
        if isinstance(test.operand, FactRef):
            if self.types[test.operand.fact] != kind:
                raise PackRefused(f"{place}: {test.fact} and {test.operand.fact} have different types.")
            return
        if test.op == "in" and not isinstance(test.operand, tuple):
            raise PackRefused(f"{place}: {test.fact} in: needs a list.")
        for operand in test.operand if test.op == "in" else (test.operand,):
            if not self._fits(test, kind, operand):
                raise PackRefused(f"{place}: {test.fact} can never be {operand!r}; correct the value.")

    def _fits(self, test: Test, kind: str, operand: object) -> bool:
        if test.op in ("empty", "intersects"):
            return isinstance(operand, bool) == (test.op == "empty")
        domain = self.domains.get(test.fact, ())
        if kind in ("bool", "enum"):
            return isinstance(operand, bool) if kind == "bool" else operand in domain
        return isinstance(operand, int) and not isinstance(operand, bool) if kind == "int" else isinstance(operand, str)


def _check_derived(derived: Derived, types: Types, place: str) -> None:
    place = f"{place}: {derived.name}"
    if derived.when is not None:
        types.check(derived.when, place)
    types.check(derived.where, place)
    dates = (*derived.latest, *((derived.shift,) if derived.shift else ()))
    wrong = [name for name in dates if types.types.get(name) != "date"]
    if wrong:
        raise PackRefused(f"{place}: {wrong[0]} is no date fact; name one.")
    if derived.list and types.types.get(derived.list) != "list":
        raise PackRefused(f"{place}: {derived.list} is no list fact; name one.")
    if derived.provisional and types.types.get(derived.provisional) != "date":
        raise PackRefused(f"{place}: {derived.provisional} is no shifted date; name one.")


def _check_rule(rule: Rule, types: Types, place: str) -> None:
    for condition in _conditions(rule):
        types.check(condition, place)
    if isinstance(rule, Gate):
        unknown = [word for word in rule.under if word not in types.domains["outcome"]]
        if unknown:
            raise PackRefused(f"{place}: under {unknown[0]}: no rule gives this outcome; use {UPGRADE} or a given one.")
    for token in getattr(rule, "tokens", ()):
        if token not in types.tokens:
            raise PackRefused(f"{place}: there is no gate {token}; name an existing token.")
    if isinstance(rule, TimerRule):
        _check_timer(rule, types, place)


def _check_timer(rule: TimerRule, types: Types, place: str) -> None:
    if rule.recur and (rule.unit != "month" or not rule.end or rule.by < 1):
        raise PackRefused(f"{place}: a recurring timer counts months, at least one, towards an end; give both.")
    for name in (rule.start, *((rule.end,) if rule.end else ())):
        if types.types.get(name) != "date":
            raise PackRefused(f"{place}: {name} is no date fact; name one.")


def _conditions(rule: Rule) -> Iterator[Condition]:
    yield rule.when
    if isinstance(rule, Gate):
        yield rule.open
        if rule.hold is not None:
            yield rule.hold


def _check_cycles(packs: Packs) -> None:
    derived, labels = packs.vocabulary.derived, packs.all.rules_of_label

    def reads(name: str) -> set[str]:
        if name.startswith("label."):
            return set().union(*(facts_in(rule.when) for rule in labels[name[6:]]))
        if name not in derived:
            return set()
        one = derived[name]
        conditions = facts_in(one.where) | (facts_in(one.when) if one.when is not None else set())
        return conditions | set(one.latest) | ({one.shift, one.provisional, one.list} - {""})

    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise PackRefused(f"{' -> '.join((*path, name))} goes in a circle; compute one without the other.")
        for other in sorted(reads(name)):
            walk(other, (*path, name))

    for name in (*derived, *(f"label.{label}" for label in labels)):
        walk(name, ())
