"""Load-time checks over a whole set of packs: every name known, every test of the right type, every date possible."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches

from roadworthy.kernel.errors import Unusable
from roadworthy.law.condition import Condition, FactRef, Test, facts_in, tests_of
from roadworthy.law.facts import check_facts
from roadworthy.law.fields import PackRefused, Place
from roadworthy.law.model import UPGRADE, Duty, Gate, Pack, Rule
from roadworthy.law.packs import Packs, Texts
from roadworthy.law.parse import BASES, effective
from roadworthy.law.view import NO_TIER
from roadworthy.law.vocabulary import ORDERED, Derived, Vocabulary

_MOST_STEPS, _MOST_COMPARISONS = 24, 10_000
_KINDS = ("outcomes", "labels", "tiers", "gates", "deferrals", "warnings", "duties", "follow_ups")
_OPS_OF = {
    "bool": ("eq", "ne"),
    "enum": ("eq", "ne", "in"),
    "text": ("eq", "ne", "in"),
    "list": ("empty", "intersects"),
    "object": ("empty",),
}


def check_names(packs: Sequence[Pack]) -> None:
    """Refuse two packs, instruments, clauses, questions or rules of the same id."""
    _once("pack", [(p.id, Place(p.id)) for p in packs])
    _once("instrument", [(i, Place(p.id)) for p in packs for i in p.instruments])
    _once("clause", [(c.id, c.place) for p in packs for c in p.clauses.values()])
    _once("ambiguity", [(a, Place(p.id)) for p in packs for a in p.ambiguities])
    _once("rule", [(f"{type(r).__name__} {r.id}", r.place) for p in packs for r in p.rules])


def _once(kind: str, named: Iterable[tuple[str, Place]]) -> None:
    seen: set[str] = set()
    for name, place in named:
        if name in seen:
            en = f"{kind} {name} stands twice; rename or remove one of them"
            raise PackRefused(place, en, f"{name}重复出现,请改名或删除一处")
        seen.add(name)


def texts_of(packs: Sequence[Pack]) -> Texts:
    """Gather the legal texts of all packs; refuse a clause of an instrument that no pack declares."""
    instruments = {i.id: i for pack in packs for i in pack.instruments.values()}
    clauses = {c.id: c for pack in packs for c in pack.clauses.values()}
    for clause in clauses.values():
        if clause.instrument not in instruments:
            en = f"unknown instrument {clause.instrument!r}; declare it"
            raise PackRefused(clause.place, en, f"文件{clause.instrument!r}未声明,请声明")
    return Texts(instruments, clauses)


def with_dates(pack: Pack, texts: Texts) -> Pack:
    """Give the pack with every rule dated; refuse unknown clauses and rules dated outside their instruments."""

    def dated(rules: Iterable[Rule]) -> tuple[Rule, ...]:
        return tuple(replace(rule, since=_since(rule, texts)) for rule in rules)

    return replace(pack, **{kind: dated(getattr(pack, kind)) for kind in _KINDS})  # type: ignore[arg-type]  # same kinds


def _since(rule: Rule, texts: Texts) -> date:
    for clause in rule.cites:
        if clause not in texts.clauses:
            en = f"cites {clause}, which no pack declares; declare the clause"
            raise PackRefused(rule.place, en, f"引用了未声明的条款{clause},请声明")
    instruments = [texts.instruments[texts.clauses[c].instrument] for c in rule.cites]
    if isinstance(rule, Gate) and not facts_in(rule.when) and all(i.kind == "draft" for i in instruments):
        en = "rests on drafts only and has no condition; make it opt-in"
        raise PackRefused(rule.place, en, "仅依据征求意见稿且无条件,请改为企业自选")
    return effective(rule, instruments)


def check_meaning(packs: Packs) -> None:
    """Refuse conditions on unknown facts, tests that do not fit the type, and references to nothing."""
    types = Types(packs)
    vocabulary = packs.vocabulary
    for derived in vocabulary.derived.values():
        _check_derived(derived, types, Place(vocabulary.id, what=derived.name))
    for fact in vocabulary.facts.values():
        if fact.needed is not None:
            types.check(fact.needed, Place(vocabulary.id, what=fact.name))
    _check_bases(vocabulary, types)
    _check_cycles(packs)
    for pack in packs.packs:
        for rule in pack.rules:
            _check_rule(rule, types, packs)
    _check_options(packs)
    try:
        check_facts(vocabulary.specimen, vocabulary)
    except Unusable as error:
        en = f"specimen: {error.message.rstrip('.')}"
        raise PackRefused(Place(vocabulary.id), en, f"样例有误({error.message.rstrip('.')})") from error


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

    def check(self, condition: Condition, place: Place) -> None:
        """Refuse a condition that could not be evaluated."""
        for test in tests_of(condition):
            for name in facts_in(test):
                if name not in self.types:
                    en = f"unknown fact {name!r}{self._nearest(name)}; declare it in the vocabulary"
                    raise PackRefused(place, en, f"未知事实{name!r}{self._nearest(name, '最接近的是')},请在词表中声明")
            self._check_test(test, place)

    def _nearest(self, name: str, word: str = "the nearest is") -> str:
        close = get_close_matches(name, self.types, 1, 0.6)
        return f" ({word} {close[0]})" if close else ""

    def _check_test(self, test: Test, place: Place) -> None:
        kind = self.types[test.fact]
        ordered = ("eq", "ne", "in", "ge", "gt", "le", "lt") if kind in ORDERED else ()
        if test.op not in _OPS_OF.get(kind, ordered):
            en = f"{test.fact} is {kind}; the operator {test.op} does not fit it"
            raise PackRefused(place, en, f"{test.fact}的类型是{kind},不能用运算符{test.op}")
        if isinstance(test.operand, FactRef):
            if self.types[test.operand.fact] != kind:
                en = f"{test.fact} and {test.operand.fact} have different types"
                raise PackRefused(place, en, f"{test.fact}与{test.operand.fact}类型不同")
            return
        if test.op == "in" and not isinstance(test.operand, tuple):
            raise PackRefused(place, f"{test.fact} in: needs a list", f"{test.fact} in须写列表")
        for operand in test.operand if test.op == "in" else (test.operand,):
            if not self._fits(test, kind, operand):
                en = f"{test.fact} can never be {operand!r}; correct the value"
                raise PackRefused(place, en, f"{test.fact}不可能是{operand!r},请改正")

    def _fits(self, test: Test, kind: str, operand: object) -> bool:
        if test.op in ("empty", "intersects"):
            return isinstance(operand, bool) == (test.op == "empty")
        domain = self.domains.get(test.fact, ())
        if kind in ("bool", "enum"):
            return isinstance(operand, bool) if kind == "bool" else operand in domain
        whole = isinstance(operand, int) and not isinstance(operand, bool)
        return whole if kind in ("int", "number") else isinstance(operand, str)


def _check_derived(derived: Derived, types: Types, place: Place) -> None:
    if derived.when is not None:
        types.check(derived.when, place)
    types.check(derived.where, place)
    dates = (*derived.latest, *((derived.shift,) if derived.shift else ()))
    wrong = [name for name in dates if types.types.get(name) != "date"]
    if wrong:
        raise PackRefused(place, f"{wrong[0]} is no date fact; name one", f"{wrong[0]}不是日期事实")
    if derived.list and types.types.get(derived.list) != "list":
        raise PackRefused(place, f"{derived.list} is no list fact; name one", f"{derived.list}不是列表事实")
    if derived.provisional and types.types.get(derived.provisional) != "date":
        raise PackRefused(
            place, f"{derived.provisional} is no shifted date; name one", f"{derived.provisional}不是推算日期"
        )


def _check_bases(vocabulary: Vocabulary, types: Types) -> None:
    for base, names in vocabulary.bases.items():
        place = Place(vocabulary.id, what=f"bases: {base}")
        if base not in BASES:
            listed = ", ".join(BASES)
            raise PackRefused(place, f"is no base; use one of {listed}", f"不是起算基准,应为:{listed}")
        for name in names:
            if types.types.get(name) not in ("date", "instant"):
                raise PackRefused(place, f"{name} is no date or instant; name one", f"{name}不是日期或时刻")


def _check_rule(rule: Rule, types: Types, packs: Packs) -> None:
    for condition in _conditions(rule):
        types.check(condition, rule.place)
    if isinstance(rule, Gate):
        unknown = [word for word in rule.under if word not in types.domains["outcome"]]
        if unknown:
            en = f"under {unknown[0]}: no rule gives this outcome; use {UPGRADE} or a given one"
            raise PackRefused(rule.place, en, f"under {unknown[0]}:没有规则给出此结果")
    for token in getattr(rule, "tokens", ()):
        if token not in types.tokens:
            raise PackRefused(rule.place, f"there is no gate {token}; name an existing token", f"没有放行条件{token}")
    if isinstance(rule, Duty):
        _check_duty(rule, types, packs)


def _check_duty(duty: Duty, types: Types, packs: Packs) -> None:
    due, bases = duty.due, packs.vocabulary.bases
    for base in {due.basis, due.every.until if due.every else ""} - {""}:
        if base not in bases:
            en = f"the vocabulary has no facts for the base {base}; use one of {', '.join(bases)}"
            raise PackRefused(duty.place, en, f"词表没有起算基准{base},可用:{'、'.join(bases)}")
    if due.unit == "hour" and any(types.types[name] != "instant" for name in bases[due.basis]):
        en = f"hours run from an instant, and {due.basis} is a day; count days"
        raise PackRefused(duty.place, en, f"小时须自时刻起算,而{due.basis}是日期,请按日计")
    if due.calendar not in packs.calendars:
        en = f"there is no calendar {due.calendar}; use one of {', '.join(packs.calendars)}"
        raise PackRefused(duty.place, en, f"没有日历{due.calendar}")
    if not duty.recipients:
        raise PackRefused(duty.place, "to names nobody; say who gets the report", "to未写收件机关")


def _check_options(packs: Packs) -> None:
    """Refuse a reading that no rule knows of: to choose it would silence every rule that names another one."""
    rules = [condition for pack in packs.packs for rule in pack.rules for condition in _conditions(rule)]
    derived = [condition for one in packs.vocabulary.derived.values() for condition in (one.where, one.when)]
    named: dict[str, set[object]] = {}
    for condition in (*rules, *(one for one in derived if one is not None)):
        for test in tests_of(condition):
            named.setdefault(test.fact, set()).update(
                test.operand if isinstance(test.operand, tuple) else (test.operand,)
            )
    for pack in packs.packs:
        for question in pack.ambiguities.values():
            silent = [one for one in question.options if one not in named.get(f"option.{question.id}", set())]
            if question.selectable and len(silent) > (len(question.options) == 2):  # one of two may be "otherwise"
                en = f"no rule says what follows from the option {silent[0]!r}; name it in a rule, or remove it"
                place = question.place
                raise PackRefused(place, en, f"没有规则说明选项{silent[0]!r}的后果,请在规则中写明或删除该选项")


def _conditions(rule: Rule) -> Iterator[Condition]:
    yield rule.when
    if isinstance(rule, Gate):
        yield rule.open
        if rule.hold is not None:
            yield rule.hold


def _check_cycles(packs: Packs) -> None:
    """Refuse what is computed from itself, in too many steps, or from so much that no table of it could be solved."""
    place, behind = Place(packs.vocabulary.id), _behind(packs)
    known: dict[str, tuple[int, int]] = {}

    def walk(name: str, path: tuple[str, ...]) -> tuple[int, int]:
        """Give how many steps and how many comparisons of given facts `name` comes to."""
        if name not in behind:
            return 0, 1
        if name in path:
            circle = " -> ".join((*path, name))
            en = f"{circle} goes in a circle; compute one without the other"
            raise PackRefused(place, en, f"{circle}循环定义,请拆开")
        if name not in known:
            found = [walk(other, (*path, name)) for other in sorted(behind[name])] if len(path) <= _MOST_STEPS else []
            steps = 1 + max((n for n, _ in found), default=len(path))
            known[name] = steps, sum(n for _, n in found)
            if steps > _MOST_STEPS or known[name][1] > _MOST_COMPARISONS:
                limits = f"{_MOST_STEPS} steps or {_MOST_COMPARISONS:,} comparisons"
                en = f"{name} is computed in more than {limits}; simplify it"
                zh = f"{name}的推算超过{_MOST_STEPS}步或{_MOST_COMPARISONS:,}个比较,请简化"
                raise PackRefused(place, en, zh)
        return known[name]

    for name in behind:
        walk(name, ())


def _behind(packs: Packs) -> dict[str, set[str]]:
    """Give the names that each computed name reads."""
    program = packs.all
    found = {
        one.name: facts_in(one.where)
        | (facts_in(one.when) if one.when is not None else set())
        | set(one.latest)
        | ({one.shift, one.provisional, one.list} - {""})
        for one in packs.vocabulary.derived.values()
    }
    groups: dict[str, Sequence[Rule]] = {"outcome": program.outcomes, "tier": program.tiers}
    groups |= {f"label.{name}": rules for name, rules in program.rules_of_label.items()}
    return found | {name: {fact for rule in rules for fact in facts_in(rule.when)} for name, rules in groups.items()}
