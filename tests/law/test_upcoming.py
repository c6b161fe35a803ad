"""Standards that are not in force yet are told, and change nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.cli.classify import classify_command
from roadworthy.law import classify
from roadworthy.law.packs import SHADOW
from tests.law.support import PACKS, ask, facts

NONE = replace(PACKS, packs=tuple(pack for pack in PACKS.packs if pack.status != SHADOW))
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
THREE = st.sampled_from([True, False, None])


def upcoming(given_facts: dict[str, Any]) -> dict[str, str]:
    return {row["rule"]: row["from"] for row in ask(given_facts).models[0]["upcoming"]}


def test_there_are_packs_in_shadow():
    assert [pack.id for pack in PACKS.packs if pack.status == SHADOW] == ["cn.upcoming.standards"]


@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 4),
    st.fixed_dictionaries(
        {
            "gb47955_conformity_shown": THREE,
            "gb44721_conformity_shown": THREE,
            "software_quality_gates_passed": THREE,
            "main_parameters_changed": THREE,
            "defect_removed": st.sampled_from(["yes", "no", "unknown"]),
            "delivery": st.sampled_from(["ota", "workshop", "cloud_only"]),
        }
    ),
)
def test_a_pack_in_shadow_changes_nothing_but_what_is_upcoming(level, changes):
    made = facts(model={"automation_level": level}, **changes)
    with_it, without = (classify(made, packs, NOW).to_json() for packs in (PACKS, NONE))
    for answer in (with_it, without):
        answer.pop("packs")
        for model in answer["models"]:
            model.pop("upcoming")

    assert with_it == without


@pytest.mark.parametrize(
    ("level", "told"),
    [(0, {}), (1, {}), (2, {"GB47955": "2027-01-01"}), (3, {"GB44721": "2027-07-01"}), (4, {"GB44721": "2027-07-01"})],
)
def test_each_level_is_told_of_its_standard_and_the_day(level, told):
    assert upcoming(facts(model={"automation_level": level})) == told


@pytest.mark.parametrize(("shown", "released"), [(False, 0), (None, 0), (True, 0)])
def test_a_pack_in_shadow_changes_no_exit_code(tmp_path, capsys, shown, released):
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts(gb47955_conformity_shown=shown, software_quality_gates_passed=shown)))

    assert classify_command(path, "json") == released
    assert json.loads(capsys.readouterr().out)["models"][0]["missing_facts"] == []


def test_a_standard_that_is_met_is_not_told():
    assert upcoming(facts(gb47955_conformity_shown=True)) == {}
    assert upcoming(facts(gb47955_conformity_shown=True, software_quality_gates_passed=True)) == {}
    assert upcoming(facts(gb47955_conformity_shown=True, software_quality_gates_passed=False)) == {
        "GBSWQ": "2026-12-14"
    }


def test_a_standard_whose_date_was_not_seen_says_so():
    (row,) = [r for r in ask(facts(software_quality_gates_passed=False)).models[0]["upcoming"] if r["rule"] == "GBSWQ"]

    assert "not seen" in row["text"]
    assert "未见" in row["texts"]["zh"] or "尚未见到" in row["texts"]["zh"]
    assert (row["grade"], row["authentic"]) == ("I", False)
