"""The fast ways give what the slow reading of the same data gives: conditions, and where facts stand in a file."""

import operator
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.law.condition import UNKNOWN, AllOf, AnyOf, Condition, FactRef, Not, OneOf, Test
from roadworthy.law.judge import judge
from roadworthy.law.load import load_all
from roadworthy.law.packs import Packs
from roadworthy.law.view import View
from roadworthy.law.vocabulary import Fact, Vocabulary
from tests.law.support import NOW, PACKS, facts

PROGRAM = PACKS.program(NOW.date())
QUESTIONS = pytest.mark.parametrize("packs", load_all().values(), ids=load_all().keys())
MEANING: dict[str, Callable[[Any, Any], bool]] = {
    **{op: getattr(operator, op) for op in ("eq", "ne", "ge", "gt", "le", "lt")},
    "in": lambda value, operand: value in operand,
    "intersects": lambda value, operand: bool(set(value) & set(operand)),
    "empty": lambda value, operand: (value in (None, [])) is operand,
}


def slowly(condition: Condition, value: Callable[[str], Any]) -> bool | None:
    """Give the truth by Kleene's tables, part by part."""
    match condition:
        case Test(fact, op, operand):
            left, right = value(fact), value(operand.fact) if isinstance(operand, FactRef) else operand
            if left is UNKNOWN or right is UNKNOWN:
                return None
            results = {MEANING[op](one, right) for one in (left.values if isinstance(left, OneOf) else [left])}
            return results.pop() if len(results) == 1 else None
        case Not(part):
            result = slowly(part, value)
            return None if result is None else not result
        case AllOf(parts):
            found = [slowly(part, value) for part in parts]
            return False if False in found else None if None in found else True
        case AnyOf(parts):
            found = [slowly(part, value) for part in parts]
            return True if True in found else None if None in found else False


def conditions(packs: Packs) -> Iterator[Condition]:
    """Give every condition of every pack and of the vocabulary, but for those about the entries of a list."""
    for rule in (rule for pack in packs.packs for rule in pack.rules):
        yield rule.when
        yield from (c for c in (getattr(rule, "open", None), getattr(rule, "hold", None)) if c is not None)
    yield from (fact.needed for fact in packs.vocabulary.facts.values() if fact.needed is not None)
    yield from (derived.when for derived in packs.vocabulary.derived.values() if derived.when is not None)


def some_value(random: Random, fact: Fact) -> Any:
    """Give a value the fact may have, or null."""
    days = ["2026-06-01", "2026-06-15", "2027-01-20", "2030-12-02"]
    other = {"int": [0, 1, 7], "number": [0, 2.5], "date": days, "text": ["Specimen Motor", "Other"], "object": [{}]}
    words = [*(other.get(fact.type, []) or fact.domain), fact.unknown_word or None]
    return random.choice([*words, None])


def put(where: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        where[step] = dict(where.get(step) or {})
        where = where[step]
    where[path[-1]] = value


def entries(random: Random, name: str, vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Give up to three entries of a list with some of their facts."""
    own = [fact for fact in vocabulary.facts.values() if fact.name.startswith(f"{name}[].")]
    made: list[dict[str, Any]] = [{} for _ in range(random.randrange(4))]
    for entry in made:
        for fact in random.sample(own, random.randrange(len(own) + 1)):
            put(entry, fact.name.split("[].", 1)[1].split("."), some_value(random, fact))
    return made


def made(random: Random, vocabulary: Vocabulary) -> dict[str, Any]:
    """Give the specimen or nothing, with facts changed, nulled and removed at random, some in the model's entry."""
    given = deepcopy(dict(vocabulary.specimen)) if random.random() < 0.8 else {}
    model = given.setdefault(vocabulary.subjects, [{}])[0]
    for fact in random.sample([*vocabulary.facts.values()], random.choice([2, 8, min(30, len(vocabulary.facts))])):
        local = fact.name.removeprefix(f"{vocabulary.subjects}[].")
        if "[]" in local or fact.name == vocabulary.subjects:
            continue
        inside = local != fact.name or (fact.per_model and random.random() < 0.5)
        listed = fact.type == "list" and random.random() < 0.8
        value = entries(random, fact.name, vocabulary) if listed else some_value(random, fact)
        put(model if inside else given, local.split("."), value)
    for name in random.sample(sorted(given), min(len(given), 3)):
        if name != vocabulary.subjects and random.random() < 0.5:
            del given[name]
    return given


def views(packs: Packs) -> Iterator[View]:
    words = packs.vocabulary
    for seed in range(150):
        random = Random(seed)
        given = made(random, words)
        part = next(iter(entries(random, words.parts, words)), None) if words.parts and seed % 3 == 0 else None
        yield View(packs.program(NOW.date()), given, given[words.subjects][0], part=part)


@QUESTIONS
def test_every_condition_of_every_pack_gives_what_its_data_say(packs):
    every = list(conditions(packs))
    for view in views(packs):
        for condition in every:
            assert condition.check(view.value) is slowly(condition, view.value), condition


NAMES = ("a", "b", "c")
PLAIN = st.sampled_from([True, False, 0, 1, 2])
COMPARISONS = st.builds(
    Test, st.sampled_from(NAMES), st.sampled_from(["eq", "ne", "ge", "lt"]), PLAIN | st.builds(FactRef, st.just("d"))
) | st.builds(Test, st.sampled_from(NAMES), st.just("in"), st.tuples(PLAIN, PLAIN))
TREES = st.recursive(
    COMPARISONS,
    lambda part: st.builds(Not, part) | st.builds(AllOf, parts := st.lists(part).map(tuple)) | st.builds(AnyOf, parts),
    max_leaves=12,
)
ANY = PLAIN | st.just(UNKNOWN) | st.builds(OneOf, st.frozensets(PLAIN, min_size=2))


@given(TREES, st.fixed_dictionaries({**dict.fromkeys(NAMES, ANY), "d": PLAIN | st.just(UNKNOWN)}))
def test_any_condition_gives_what_its_data_say(condition, values):
    assert condition.check(values.__getitem__) is slowly(condition, values.__getitem__)


def stated(view: View, name: str, vocabulary: Vocabulary) -> Any:
    """Read a fact of the file step by step: the part's, else the model's, else the package's; "absent" when nowhere."""
    fact, local, part = vocabulary.facts[name], name.removeprefix(f"{vocabulary.subjects}[]."), view.values.part
    places = [view.subject] if local != name else [view.subject, view.top] if fact.per_model else [view.top]
    if part is not None and name in (vocabulary.parts, *vocabulary.parts_forget):
        return "absent"
    if part is not None and f"{vocabulary.parts}[].{name}" in vocabulary.facts:
        places = [part, *places]
    for place in places:
        here: Any = place
        for step in local.split("."):
            here = here.get(step, "absent") if isinstance(here, dict) else here
        if here != "absent":
            return here
    return "absent"


@QUESTIONS
def test_every_fact_is_what_the_file_says_in_the_place_that_wins(packs):
    words = packs.vocabulary
    for view in views(packs):
        for name, fact in words.facts.items():
            if "[]" in name.removeprefix(f"{words.subjects}[].") or fact.assume is not UNKNOWN:
                continue
            raw = stated(view, name, words)
            wanted = fact.absent if raw == "absent" else UNKNOWN if raw in (None, fact.unknown_word or None) else raw
            assert view.value(name) == wanted, (name, view.top)


def test_a_change_wins_over_the_file_and_null_makes_a_whole_object_unknown():
    given = facts(performance_change=None)
    view = View(PROGRAM, given, given["target_models"][0], changes={"performance_change.energy": True, "tier": "T3"})

    assert view.value("performance_change.safety") is UNKNOWN
    assert view.value("performance_change.energy") is True
    assert view.value("tier") == "T2a"


def test_the_model_wins_over_the_package_leaf_by_leaf():
    given = facts(model={"performance_change": {"safety": True}})
    view = View(PROGRAM, given, given["target_models"][0])

    assert view.value("performance_change.safety") is True
    assert view.value("performance_change.energy") is False


@pytest.mark.parametrize("program", [PROGRAM, PACKS.all])
def test_judging_leaves_facts_and_program_as_they_were(program):
    given = facts(items=[{"name": "x"}], main_parameters_changed=None)
    before = deepcopy(given)
    first, second = (judge(program, given, given["target_models"][0]) for _ in range(2))

    assert given == before
    assert (first.labels, first.gates, first.missing, first.decision) == (
        second.labels,
        second.gates,
        second.missing,
        second.decision,
    )
