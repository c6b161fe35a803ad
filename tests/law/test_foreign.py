"""Regimes of other countries are packs too: no code, and a Chinese answer does not know that they are there."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.kernel.time import parse_instant
from roadworthy.law import classify
from roadworthy.law.calendar import load_calendars
from roadworthy.law.duties import DutyAnswer, duties_of
from roadworthy.law.load import SHIPPED, assemble, load_all, read_files
from tests.law.support import facts as upgrade
from tests.law.test_duties import FLAGS, event

ALL = load_all()
FILES = read_files(SHIPPED)
FOREIGN = [name for name in FILES if name.startswith(("us/", "un/"))]
HOME = assemble({name: raw for name, raw in FILES.items() if name not in FOREIGN}, load_calendars())
FOREIGN_FACTS = {name for file in FOREIGN for name in FILES[file].get("facts", {})}
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)


def said(answer: DutyAnswer) -> dict[str, Any]:
    return {key: value for key, value in answer.to_json().items() if key != "packs"}


def test_there_are_packs_of_other_countries_and_none_has_code():
    questions = {FILES[name]["about"] for name in FOREIGN}
    jurisdictions = {FILES[name]["jurisdiction"] for name in FOREIGN if FILES[name]["schema"] == "rulepack/1"}

    assert questions == {"upgrade", "incident", "recall"}
    assert jurisdictions == {"US", "UNECE"}
    assert {path.suffix for path in (*SHIPPED.glob("us/*"), *SHIPPED.glob("un/*"))} == {".yaml"}


@settings(max_examples=120, deadline=None)
@given(FLAGS, st.data())
def test_a_chinese_incident_is_answered_as_if_they_did_not_exist(flags, data):
    made = event(**flags)
    name = data.draw(st.sampled_from(["none", "injuries", "collision", "known_at", "automation_engaged"]))
    made.pop(name, None)
    with_them, without = (duties_of(made, packs["incident"], NOW) for packs in (ALL, HOME))

    assert said(with_them) == said(without)
    assert not FOREIGN_FACTS & set(with_them.missing_facts)


@pytest.mark.parametrize("given_recall", [{}, {"defect_confirmed": True, "determined_at": "2026-06-15T15:00:00+08:00"}])
def test_a_chinese_recall_is_answered_as_if_they_did_not_exist(given_recall):
    made = dict(ALL["recall"].vocabulary.specimen) | given_recall

    assert said(duties_of(made, ALL["recall"], NOW)) == said(duties_of(made, HOME["recall"], NOW))


@settings(max_examples=80, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "main_parameters_changed": st.sampled_from([True, False, None]),
            "defect_removed": st.sampled_from(["yes", "no", "unknown"]),
            "type_approval_software_changed": st.sampled_from([True, False, None]),
            "delivery": st.sampled_from(["ota", "workshop", "cloud_only"]),
            "sums_records_complete": st.sampled_from([True, False, None]),
        }
    ),
    st.integers(0, 4),
)
def test_a_chinese_upgrade_is_answered_as_if_they_did_not_exist(changes, level):
    made = upgrade(model={"automation_level": level}, **changes)
    with_them, without = (classify(made, packs["upgrade"], NOW).to_json() for packs in (ALL, HOME))
    for answer in (with_them, without):
        answer.pop("packs")
        for model in answer["models"]:
            model["not_fired"] = [row for row in model["not_fired"] if not row["rule"].startswith("R156")]

    assert with_them == without


def test_only_the_model_sold_abroad_waits_for_the_extension():
    made = upgrade()
    abroad = made["target_models"][0] | {"model_code": "SP2000", "unece_market": True, "unece_approval_affected": True}
    made["target_models"] = [made["target_models"][0], abroad]
    home, other = classify(made, ALL["upgrade"], NOW).models

    assert home["decision"] == "open"
    assert other["decision"] == "hold"
    assert {row["token"] for row in other["gates_blocked"]} == {"R156-SUMS", "R156-EXT", "R156-RXSWIN"}


def crash(**changes: Any) -> dict[str, Any]:
    made = event(market="US", occurred_at="2026-07-01T10:00:00-04:00", known_at="2026-07-01T23:30:00-04:00")
    facts = {"collision": True, "hospital_transport": False, "vulnerable_road_user": False, "vehicle_towed": False}
    return made | facts | {"property_damage_over_usd_1000": False} | changes


def test_days_abroad_end_by_their_own_calendar():
    (row,) = duties_of(crash(airbag_deployed=True), ALL["incident"], NOW).duties

    assert (row["rule"], row["due_at"]) == ("SGO-ADAS-5D", "2026-07-07T00:00:00-04:00")
    assert parse_instant(row["due_at"]) == datetime(2026, 7, 7, 4, tzinfo=UTC)


@pytest.mark.parametrize("trigger", ["airbag_deployed", "hospital_transport", "vulnerable_road_user"])
@pytest.mark.parametrize("level", [2, 3, 4])
def test_each_trigger_counts_at_every_level(trigger, level):
    made = crash(**{trigger: True})
    made["automation_engaged"] = {**made["automation_engaged"], "level": level}
    rules = {row["rule"] for row in duties_of(made, ALL["incident"], NOW).duties}

    assert rules == {"SGO-ADAS-5D" if level == 2 else "SGO-ADS-5D"}


FOREIGN_FLAGS = ["hospital_transport", "vulnerable_road_user", "vehicle_towed", "property_damage_over_usd_1000"]


@settings(max_examples=100, deadline=None)
@given(FLAGS, st.lists(st.booleans(), min_size=4, max_size=4), st.sampled_from([*FOREIGN_FLAGS, "market", "deaths"]))
def test_a_fact_that_is_missing_never_hides_a_foreign_duty(flags, four, name):
    made = crash(**flags) | dict(zip(FOREIGN_FLAGS, four, strict=True))
    whole = {row["rule"] for row in duties_of(made, ALL["incident"], NOW).duties}
    less = duties_of({key: value for key, value in made.items() if key != name}, ALL["incident"], NOW)

    assert whole <= {row["rule"] for row in (*less.duties, *less.possible)}


@settings(max_examples=100, deadline=None)
@given(FLAGS, st.sampled_from(["CN", "US", "EU"]), st.integers(0, 90))
def test_a_stricter_reading_of_any_question_is_never_later(flags, market, hours):
    """The options of a question stand strictest first; per report the first due time is compared."""
    packs = ALL["incident"]
    made = deepcopy(crash(**flags)) | {
        "market": market,
        "known_at": f"2026-07-0{2 + hours // 24}T{hours % 24:02d}:40:00-04:00",
    }

    def first(question: str, option: str) -> dict[str, datetime]:
        rows = duties_of(made, packs.reading({question: option}), NOW).duties
        times = sorted(((parse_instant(r["due_at"]), r["report"]) for r in rows), reverse=True)
        return {report: at for at, report in times}

    for question in (q for q in packs.ambiguities.values() if q.selectable):
        options = list(question.options)
        for strict, lenient in pairwise(options):
            tight, loose = first(question.id, strict), first(question.id, lenient)
            assert loose.keys() <= tight.keys(), question.id
            assert all(tight[report] <= at for report, at in loose.items()), question.id


@settings(max_examples=60, deadline=None)
@given(FLAGS)
def test_the_same_facts_have_the_same_instants_under_a_profile(flags):
    for profile in ("strict", "split"):
        packs = ALL["incident"].reading({"Q-01": profile})
        one, two = (json.dumps(duties_of(event(**flags), packs, NOW).to_json(), sort_keys=True) for _ in range(2))

        assert one == two
