"""Laws of classification, for any combination of facts."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.law.vocabulary import Fact
from tests.law.support import PACKS, ask, facts, tokens

VOCABULARY = PACKS.vocabulary
# What an absent value means is fixed by the vocabulary for these; and the comparison's result is the same fact as
# its list of changes in another spelling, so they are removed together.
MEANS_SOMETHING_WHEN_ABSENT = {f.name for f in VOCABULARY.facts.values() if repr(f.absent) != "UNKNOWN"}
PAIR = ("main_parameters_changed", "changed_parameters")


def values_of(fact: Fact) -> st.SearchStrategy[Any]:
    if fact.domain:
        return st.sampled_from(fact.domain)
    return st.integers(0, 2) if fact.type == "int" else st.nothing()


def settable(fact: Fact) -> bool:
    return bool(fact.domain or fact.type == "int") and not fact.name.startswith(("items[]", "changed_parameters[]"))


NAMES = sorted(fact.name for fact in VOCABULARY.facts.values() if settable(fact))


def put(where: dict[str, Any], name: str, value: Any) -> None:
    *path, last = name.split(".")
    for step in path:
        where = where["target_models"][0] if step == "target_models[]" else where.setdefault(step, {})
    where[last] = value


def take(where: dict[str, Any], name: str) -> bool:
    *path, last = name.split(".")
    for step in path:
        where = where["target_models"][0] if step == "target_models[]" else where.get(step) or {}
    return where.pop(last, None) is not None


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    """Give the specimen with up to eight facts set at random, some entries in the list of changes among them."""
    made = facts()
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=8, unique=True)):
        put(made, name, draw(values_of(VOCABULARY.facts[name])))
    main = made.get("main_parameters_changed")
    flags = draw(st.lists(st.sampled_from([main, False] if main else [False]), max_size=2))
    made["changed_parameters"] = [{"name": "p", "is_main": flag, "before": 1, "after": 2} for flag in flags]
    return made


@settings(max_examples=150, deadline=None)
@given(situations(), st.data())
def test_removing_a_fact_never_opens(made, data):
    before = ask(made).decision
    name = data.draw(st.sampled_from(sorted(set(NAMES) - MEANS_SOMETHING_WHEN_ABSENT)))
    less = deepcopy(made)
    removed = take(less, name)
    if name in PAIR:
        removed = sum(take(less, other) for other in PAIR) > 0 or removed

    if removed and before != "open":
        assert ask(less).decision != "open", name


@settings(max_examples=150, deadline=None)
@given(situations(), st.data())
def test_a_fact_set_to_unknown_never_opens(made, data):
    before = ask(made).decision
    name = data.draw(st.sampled_from(sorted(set(NAMES) - set(PAIR))))
    less = deepcopy(made)
    if name.startswith("rollback_to.") and not isinstance(less.get("rollback_to"), dict):
        return
    put(less, name, None)

    if before != "open":
        assert ask(less).decision != "open", name


NEEDED = sorted(f.name for f in VOCABULARY.facts.values() if f.needed is not None and take(facts(), f.name))


@pytest.mark.parametrize("name", NEEDED)
def test_a_fact_that_is_always_needed_holds_when_absent(name):
    made = facts()
    take(made, name)
    answer = ask(made)

    assert answer.decision == "hold"
    assert name in answer.models[0]["missing_facts"]


@settings(max_examples=60, deadline=None)
@given(situations(), st.randoms(use_true_random=False))
def test_order_of_keys_does_not_matter(made, random):
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            items = list(value.items())
            random.shuffle(items)
            return {key: shuffled(item) for key, item in items}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    assert ask(shuffled(made)).to_json() == ask(made).to_json()


@settings(max_examples=100, deadline=None)
@given(situations())
def test_general_stands_alone_and_never_beside_a_main_parameter_change(made):
    model = ask(made).models[0]

    assert "general" not in model["labels"] or model["labels"] == ["general"]
    if made.get("main_parameters_changed") and model["outcome"] is None:
        assert "general" not in model["labels"]


@settings(max_examples=100, deadline=None)
@given(situations(), st.booleans(), st.booleans(), st.booleans())
def test_labels_accumulate(made, parameters, recall, driving):
    def labels(**changes: Any) -> set[str]:
        changed = deepcopy(made)
        for name, value in changes.items():
            put(changed, name, value)
        return set(ask(changed).models[0]["labels"]) - {"general"}

    changes: dict[str, Any] = {}
    before = labels()
    changes |= {"main_parameters_changed": True} if parameters else {}
    changes |= {"defect_removed": "yes"} if recall else {}
    changes |= {"enables_automation_level": 3} if driving else {}

    assert before <= labels(**changes)


@settings(max_examples=100, deadline=None)
@given(situations())
def test_open_means_every_required_gate_is_open_and_nothing_is_missing(made):
    answer = ask(made)
    model = answer.models[0]

    assert answer.is_open == (not model["gates_blocked"] and not model["missing_facts"])
    assert (answer.decision == "blocked") == any(g["state"] == "blocked" for g in model["gates_blocked"])
    assert not tokens(model, "gates_open") & tokens(model, "gates_blocked")


@settings(max_examples=60, deadline=None)
@given(situations())
def test_every_advised_change_does_what_it_says(made):
    model = ask(made).models[0]
    for row in model["what_would_change"]:
        changed = deepcopy(made)
        for step in (row, *row.get("with", [])):
            put(changed, step["fact"], step["to"])

        assert ask(changed).decision == row["decision"], row
