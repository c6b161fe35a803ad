"""The answer: its shape, its advice, its doubts, its timers; and the readings of the law one may choose."""

import json
from datetime import UTC, datetime

import pytest

from roadworthy.law import classify
from roadworthy.law.facts import UnknownFact, WrongValue
from roadworthy.law.packs import OptionUnknown
from tests.law.support import NOW, PACKS, ask, facts, tokens


def test_the_shape_is_the_contract_and_the_bytes_are_stable():
    first, second = (json.dumps(ask(facts()).to_json(), sort_keys=True) for _ in range(2))
    answer = json.loads(first)
    row = answer["models"][0]

    assert first == second
    assert answer.keys() >= {"decision", "split_suggested", "models", "timers", "packs", "facts_digest"}
    assert row.keys() >= {"model_code", "outcome", "labels", "tier", "decision", "missing_facts", "warnings"}
    assert row.keys() >= {"gates_open", "gates_blocked", "what_would_change", "fired", "not_fired"}
    assert all(pack.keys() == {"id", "version", "digest"} for pack in answer["packs"])


def test_each_gate_speaks_both_languages_and_shows_its_doubt():
    gate = ask(facts(user_confirmation="none")).models[0]["gates_blocked"][0]

    assert gate["token"] == "CONSENT"
    assert gate["state"] == "blocked"
    assert gate["citation"] == "GB96-5.2, EIDC22-4a"
    assert gate["reason"] == gate["text"]["en"]
    assert all(gate[key]["zh"] and gate[key]["en"] for key in ("title", "text", "fix"))
    assert (gate["grade"], gate["authentic"]) == ("S", False)


def test_one_change_that_opens_is_named():
    model = ask(facts(main_parameters_changed=True, change_permit_granted=False)).models[0]

    assert model["what_would_change"] == [{"fact": "change_permit_granted", "to": True, "decision": "open"}]


def test_several_changes_are_named_together_with_the_day_that_would_do():
    filings = facts()["filings"] | {"miit_activity": {"state": "none"}, "samr_record": {"state": "none"}}
    (row,) = ask(facts(filings=filings)).models[0]["what_would_change"]
    steps = {step["fact"]: step["to"] for step in (row, *row["with"])}

    assert row["decision"] == "open"
    assert steps["filings.miit_activity.state"] == "valid"
    assert steps["filings.samr_record.submitted_on"] == "2026-06-08"


def test_too_early_a_release_is_told_its_earliest_day():
    rows = ask(facts(planned_release="2026-06-03")).models[0]["what_would_change"]

    assert {"fact": "planned_release", "to": "2026-06-08", "decision": "open"} in rows


def test_a_missing_answer_shows_what_each_answer_would_do():
    rows = ask(facts(main_parameters_changed=None)).models[0]["what_would_change"]

    assert {"fact": "main_parameters_changed", "to": False, "decision": "open"} in rows


def test_rules_say_why_they_fired_or_not():
    model = ask(facts(main_parameters_changed=True, change_permit_granted=True)).models[0]
    fired = {row["rule"]: row for row in model["fired"]}
    not_fired = {row["rule"]: row for row in model["not_fired"]}

    assert fired["class.parameters"]["because"] == [
        {"fact": "main_parameters_changed", "is": True, "test": "eq", "value": True}
    ]
    assert not_fired["class.recall"]["because"][0] == {
        "fact": "defect_removed", "is": "no", "test": "eq", "value": "yes",
    }  # fmt: skip


def test_a_mixed_package_takes_the_strictest_part_and_suggests_a_split():
    part = {"name": "brakes", "performance_change": {"safety": True}}
    answer = ask(facts(items=[{"name": "theme"}, part]))

    assert answer.split_suggested
    assert answer.models[0]["tier"] == "T2a"
    assert not ask(facts(items=[{"name": "theme"}, {"name": "radio"}])).split_suggested


def test_a_part_that_changes_a_main_parameter_labels_the_package():
    model = ask(facts(items=[{"name": "motor", "main_parameters_changed": True}])).models[0]

    assert model["labels"] == ["parameters"]


def test_models_are_judged_apart_and_the_strictest_decides():
    one = facts()["target_models"][0]
    other = one | {"model_code": "SP2000", "main_parameters_changed": True, "change_permit_granted": False}
    answer = ask(facts(target_models=[one, other]))

    assert (answer.decision, answer.split_suggested) == ("blocked", True)
    assert [row["decision"] for row in answer.models] == ["open", "blocked"]


def test_no_model_at_all_is_a_hold():
    for given in ({}, facts(target_models=[]), facts(target_models=None)):
        answer = ask(given)

        assert answer.decision == "hold"
        assert "target_models" in answer.models[0]["missing_facts"]


def test_an_assumed_label_does_not_open_by_the_assumption_alone():
    # Without evidence a shared image counts as automated driving, whose tier asks for no verification; with evidence
    # the tier would be T2a, which does. Not knowing must not be the way round.
    given = facts(
        model={"automation_level": 3},
        ads_image_shared=True,
        ads_permission_granted=True,
        ads_odd_inside_permit=True,
        performance_change={"safety": True, "environment": False, "energy": False, "anti_theft": False},
        verification_attached=False,
    )
    model = ask(given).models[0]

    assert model["labels"] == ["automated_driving"]
    assert model["decision"] == "hold"
    assert "ads_independence_evidence" in model["missing_facts"]


def test_deferred_gates_are_open_and_marked():
    filings = facts()["filings"] | {"miit_activity": {"state": "none"}}
    model = ask(facts(interim_safety_measure=True, two_person_approval=True, filings=filings)).models[0]
    act = next(gate for gate in model["gates_open"] if gate["token"] == "ACT")

    assert act["deferred"] is True
    assert model["decision"] == "open"


def test_every_further_stage_report_before_the_end_is_due():
    answer = ask(facts(campaign_start="2025-01-31", campaign_end="2026-05-29"))

    assert [(row["rule"], row["due_at"][:10]) for row in answer.timers] == [
        ("EIDC22-4d", "2025-08-01"),
        ("EIDC22-4d", "2026-02-01"),
        ("EIDC22-4c", "2026-06-06"),
    ]
    assert ask(facts(delivery="workshop", campaign_end="2026-05-29")).timers == ()


def test_a_report_due_in_an_unpublished_year_is_provisional():
    (row,) = ask(facts(campaign_end="2026-12-30")).timers

    assert row["provisional"] is True


def test_another_reading_of_the_lead_time_can_be_chosen_and_is_recorded():
    early = facts(planned_release="2026-06-03")
    other = classify(early, PACKS.reading({"Q-09": "window"}), NOW)

    assert ask(early).decision == "blocked"
    assert other.decision == "open"
    assert other.to_json()["readings"]["Q-09"] == "window"
    with pytest.raises(OptionUnknown, match="Q-09"):
        PACKS.reading({"Q-09": "whenever"})
    with pytest.raises(OptionUnknown):
        PACKS.reading({"Q-07": "block"})


def test_rules_not_yet_in_force_do_not_count():
    then = classify(facts(), PACKS, datetime(2025, 1, 2, tzinfo=UTC))

    assert then.decision == "hold"
    assert then.models[0]["labels"] == []
    assert "PARAMREG" not in tokens(then.models[0], "gates_open", "gates_blocked")


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"reach_vehicle": True}, UnknownFact, "the nearest is reaches_vehicle"),
        ({"filings": {"miit_actvity": {}}}, UnknownFact, "the nearest is filings.miit_activity"),
        ({"target_models": [{"imorted": True}]}, UnknownFact, "target_models[].imported"),
        ({"automation_level": 2}, UnknownFact, "target_models[].automation_level"),
        ({"reaches_vehicle": "true"}, WrongValue, "true or false"),
        ({"delivery": "post"}, WrongValue, "one of ota"),
        ({"planned_release": "20260601"}, WrongValue, "a date YYYY-MM-DD"),
        ({"planned_release": "2026-02-30"}, WrongValue, "a date YYYY-MM-DD"),
        ({"vins_outside_filed_scope": -1}, WrongValue, "a whole number from 0"),
        ({"vins_outside_filed_scope": True}, WrongValue, "a whole number"),
        ({"target_models": [{"automation_level": 6}]}, WrongValue, "from 0 to 5"),
        ({"target_models": {}}, WrongValue, "a list of objects"),
        ({"filings": "valid"}, WrongValue, "an object"),
        ({"as_of": "2026-06-01"}, WrongValue, "an instant"),
        ({"applicant": ""}, WrongValue, "text"),
        ({"changed_parameters": [{"before": float("nan")}]}, WrongValue, "finite"),
    ],
)  # fmt: skip
def test_facts_outside_the_vocabulary_are_refused_by_name(given, error, says):
    with pytest.raises(error) as caught:
        ask(given)

    assert says in caught.value.message
