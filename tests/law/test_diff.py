"""What a change of law changes, in words and in consequences."""

from datetime import date
from itertools import islice

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadworthy.kernel.event import canonical
from roadworthy.law.diff import diff, known_domains, tables_of
from roadworthy.law.reach import at_odds, idle, reach
from roadworthy.law.solve import domains_of, situations
from tests.law.support import PACKS, ask, facts
from tests.rulebook.packs import edited


def table_of(found, name):
    return next((t for t in found.tables if t.table == name), None)


def words(found):
    return {(c.kind, c.id, c.what) for c in found.text}


def test_the_same_packs_do_not_differ():
    found = diff(PACKS, PACKS)

    assert found.text == ()
    assert found.tables == ()


def test_a_changed_sentence_changes_no_decision():
    new = edited(lambda raw: gate(raw, "HASH")["fix"].update(en="File the new package"))
    found = diff(PACKS, new)

    assert ("rule", "Gate HASH", "changed") in words(found)
    changed = next(c for c in found.text if c.id == "Gate HASH")
    assert changed.fields["fix"][1]["en"] == "File the new package"
    assert found.tables == ()


def test_a_stricter_label_names_the_situations_that_it_moves():
    """Automated driving from level 2 on: every upgrade that touches it on a level 2 model moves."""
    new = edited(lambda raw: label(raw, "automated_driving")["when"]["any"][0]["all"][0].update(LEVEL_2))
    labels = table_of(diff(PACKS, new), "labels")

    assert labels.complete
    assert 0 < labels.changed < labels.combinations
    assert {cube.given["target_models[].automation_level"] for cube in labels.situations} == {(2,)}
    assert all("automated_driving" in cube.outcomes[1] for cube in labels.situations)
    assert not any("automated_driving" in cube.outcomes[0] for cube in labels.situations)


def test_what_follows_from_a_label_is_compared_too():
    new = edited(lambda raw: label(raw, "automated_driving")["when"]["any"][0]["all"][0].update(LEVEL_2))
    found = diff(PACKS, new)

    assert {"tier", "gate ADS: required"} <= {t.table for t in found.tables}
    assert {c.outcomes for c in table_of(found, "gate ADS: required").situations} == {("not required", "required")}


def test_a_gate_that_opens_more_easily_is_named():
    new = edited(lambda raw: gate(raw, "RECALL").update(open={"recall_plan_filed": {"eq": True}}))
    state = table_of(diff(PACKS, new), "gate RECALL: state")

    assert (state.changed, state.combinations) == (9, 32), "where no interim measure defers it"
    assert {c.outcomes for c in state.situations} == {("blocked", "open")}
    assert all(c.given["recall_plan_filed"] == (True,) for c in state.situations)


def test_a_duty_that_falls_due_earlier_is_named_with_both_times():
    def sooner(raw):
        duty = next(one for one in raw["cn/nev19.yaml"]["duties"] if one["id"] == "NEV-12")
        duty["due"]["after"] = 10

    found = diff(edited(lambda raw: None, "incident"), edited(sooner, "incident"))
    (table,) = found.tables
    assert table.table == "duties NEV-12"
    assert 0 < table.changed < table.combinations
    assert all(
        "12 hour(s) after occurrence" in cube.outcomes[0] for cube in table.situations if cube.outcomes[0] != "none"
    )
    assert all(
        "10 hour(s) after occurrence" in cube.outcomes[1] for cube in table.situations if cube.outcomes[1] != "none"
    )


def test_what_is_shipped_reaches_every_situation_and_has_no_idle_rule():
    for about in ("upgrade", "incident"):
        packs = edited(lambda raw: None, about)
        assert not any(one.uncovered for one in reach(packs))
        assert list(idle(packs)) == []
        assert list(at_odds(packs)) == []


def test_idle_rules_and_gates_at_odds_are_named():
    def clash(raw):
        gate(raw, "MKT")["open"] = {"not": dict(gate(raw, "TEST")["open"])}

    assert ("TEST", "MKT") in set(at_odds(edited(clash)))


def test_a_removed_gate_is_no_longer_required_anywhere():
    new = edited(lambda raw: raw["cn/n45.yaml"]["gates"].remove(gate(raw, "MKT")))
    found = diff(PACKS, new)

    assert ("rule", "Gate MKT", "removed") in words(found)
    assert {c.outcomes for c in table_of(found, "gate MKT: required").situations} == {("required", "not required")}


def test_a_computed_fact_that_means_something_else_is_seen_where_it_is_used():
    def change(raw):
        raw["cn/upgrade-vocabulary.yaml"]["derived"]["part_changes_main"]["where"] = {
            "items[].main_parameters_changed": {"eq": False}
        }

    labels = table_of(diff(PACKS, edited(change)), "labels")

    assert labels.changed
    assert any(name.startswith("old ") for cube in labels.situations for name in cube.given)


def test_with_a_day_only_the_rules_in_force_count():
    def later(raw):
        gate(raw, "MKT")["until"] = "2027-01-01"

    new = edited(later)
    assert not diff(PACKS, new, date(2026, 6, 1)).tables
    assert table_of(diff(PACKS, new, date(2027, 1, 1)), "gate MKT: required").changed


def test_a_list_that_is_cut_says_so():
    new = edited(lambda raw: label(raw, "automated_driving")["when"]["any"][0]["all"][0].update(LEVEL_2))
    cut = table_of(diff(PACKS, new, most=1), "labels")

    assert (len(cut.situations), cut.complete) == (1, False)


def test_a_diff_is_plain_json_with_the_same_bytes_each_time():
    new = edited(lambda raw: gate(raw, "RECALL").update(open={"recall_plan_filed": {"eq": True}}))

    assert canonical(diff(PACKS, new).to_json()) == canonical(diff(PACKS, new).to_json())


FREE = {name for name, fact in PACKS.vocabulary.facts.items() if fact.domain and "[]" not in name}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.sampled_from(["labels", "tier", "gate RECALL: required", "gate ADS: required"]))
def test_the_tables_say_what_the_evaluator_says(number, name):
    """A situation of a table, put to the evaluator as facts, gets the answer that the table gives."""
    table = tables_of(PACKS, None, {})[name]
    domains = domains_of((c for _, c in table.rows), known_domains(PACKS))
    cubes = list(islice(situations(table, domains), 400))
    cube = cubes[number % len(cubes)]
    given_facts = {fact: values[number % len(values)] for fact, values in cube.given.items()}
    if not set(given_facts) <= FREE | {"target_models[].automation_level", "target_models[].imported"}:
        return
    made = facts()
    for fact, value in given_facts.items():
        put(made, fact, value)
    model = ask(made).models[0]
    if model["outcome"] is not None:
        return
    said = cube.outcomes[0]
    if name == "labels":
        assert tuple(sorted(model["labels"])) == said
    elif name == "tier":
        assert (model["tier"] or "none") == said
    else:
        token = name.split()[1].removesuffix(":")
        required = token in {g["token"] for g in (*model["gates_open"], *model["gates_blocked"])}
        assert required == (said == "required")


LEVEL_2 = {"target_models[].automation_level": {"ge": 2}}


def gate(raw, token):
    return next(g for r in raw.values() for g in r.get("gates", []) if g["token"] == token)


def label(raw, word):
    return next(one for r in raw.values() for one in r.get("labels", []) if one["label"] == word)


def put(made, name, value):
    *path, last = name.split(".")
    here = made
    for step in path:
        here = here["target_models"][0] if step == "target_models[]" else here.setdefault(step, {})
    here[last] = value
