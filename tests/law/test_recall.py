"""Duties of a recall: the worked dates, the readings, and laws over generated recalls."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.kernel.time import parse_instant
from roadworthy.law import classify, load_packs
from roadworthy.law.duties import DutyAnswer, duties_of
from roadworthy.law.vocabulary import Fact
from tests.law.support import PACKS as UPGRADE
from tests.law.support import facts as upgrade
from tests.law.test_cases import shared

PACKS = load_packs(about="recall")
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)


def recall(**changes: Any) -> dict[str, Any]:
    return deepcopy(dict(PACKS.vocabulary.specimen)) | changes


def ask(facts: dict[str, Any], **readings: str) -> DutyAnswer:
    return duties_of(facts, PACKS.reading({f"Q-{q[1:]}": option for q, option in readings.items()}), NOW)


def due_day(facts: dict[str, Any], rule: str) -> str:
    """Give the last day of the one row of `rule`; it ends at 24:00."""
    (row,) = [row for row in ask(facts).duties if row["rule"] == rule]
    end = datetime.fromisoformat(row["due_at"])
    assert (end.hour, end.minute) == (0, 0)
    return (end - timedelta(days=1)).date().isoformat()


def confirmed(day: str) -> dict[str, Any]:
    return recall(defect_confirmed=True, determined_at=f"{day}T15:00:00+08:00")


def filed(day: str) -> dict[str, Any]:
    return recall(plan_filed=True, plan_filed_on=day)


# kind of the worked date -> the duty it belongs to and the facts that start it
KINDS = {
    "recall plan filing (defect confirmed)": ("IM-24", confirmed),
    "recall plan filing": ("IM-24", confirmed),
    "public notice after plan filed": ("IM-26a", filed),
    "owner notice after plan filed": ("IM-26b", filed),
    "summary report after completion": ("IM-30b", lambda d: recall(recall_completed=True, recall_completed_on=d)),
    "update of filed producer info": (
        "IM-11",
        lambda d: recall(filed_change="producer_information", filed_change_on=d),
    ),
}


def test_every_worked_date_comes_out_of_its_duty():
    folder = shared()
    if folder is None:
        pytest.skip("shared/regulation is not beside the repository")
    seen = 0
    for case in json.loads((folder / "cases" / "working-days.json").read_text()):
        if case["kind"].startswith("SAMR info form + package"):
            found = form_day(case["start"])
        else:
            rule, facts = KINDS[case["kind"]]
            found = due_day(facts(case["start"]), rule)
        seen += 1

        assert found == case["result"], case
    assert seen >= 10


def form_day(release: str) -> str:
    """Give the day by which form and package must be with SAMR for a release day."""
    given = upgrade(planned_release=release, filings={**upgrade()["filings"], "samr_record": {"state": "none"}})
    answer = classify(given, UPGRADE, NOW)
    (row,) = [row for row in answer.timers if row["rule"] == "SAMR21-1"]
    return (datetime.fromisoformat(row["due_at"]) - timedelta(days=1)).date().isoformat()


@pytest.mark.parametrize("release", ["2026-10-12", "2026-02-26", "2026-11-30"])
def test_the_day_of_the_duty_is_the_last_one_the_gate_accepts(release):
    last = date.fromisoformat(form_day(release))

    def gate(day: date) -> str:
        record = {"state": "valid", "submitted_on": day.isoformat(), "package_delivered_on": day.isoformat()}
        given = upgrade(planned_release=release, filings={**upgrade()["filings"], "samr_record": record})
        return str(classify(given, UPGRADE, NOW).decision)

    assert gate(last) == "open"
    assert gate(last + timedelta(days=1)) == "blocked"


def test_annex_2_of_an_admitted_product_was_due_on_a_fixed_day():
    (duty,) = [d for pack in UPGRADE.packs for d in pack.duties if d.id == "N45-2c"]

    assert (duty.due.on, duty.due.basis, duty.recipients) == (date(2025, 6, 1), "", ("MIIT", "SAMR"))


def test_at_once_has_two_readings_and_the_strict_one_is_the_very_moment():
    facts = confirmed("2026-06-15")
    same_day = {row["rule"]: row["due_at"] for row in ask(facts).duties}
    at_once = {row["rule"]: row["due_at"] for row in ask(facts, Q34="at_once").duties}

    assert same_day["REG-12b"] == "2026-06-16T00:00:00+08:00"
    assert at_once["REG-12b-NOW"] == "2026-06-15T15:00:00+08:00"
    assert same_day["IM-24"] == at_once["IM-24"]


def test_the_first_of_confirmation_and_order_counts():
    facts = confirmed("2026-06-15") | {"recall_ordered": True, "recall_ordered_at": "2026-06-10T09:00:00+08:00"}

    assert due_day(facts, "IM-24") == "2026-06-17"


def test_a_plan_whose_day_is_not_written_down_is_owed_without_a_date():
    answer = ask(recall(plan_filed=True))

    assert {row["rule"]: row["due_at"] for row in answer.duties} == {"REG-17": None, "IM-26a": None, "IM-26b": None}
    assert answer.missing_facts == ("plan_filed_on",)


def test_grades_of_the_account_are_shown():
    rows = {row["rule"]: row["grade"] for row in ask(confirmed("2026-06-15")).duties}

    assert rows == {"REG-12b": "P", "IM-24": "M"}


FACTS = PACKS.vocabulary.facts
DAY = st.dates(date(2024, 1, 1), date(2026, 12, 31))
ANY_INSTANT = st.builds(lambda d, h: f"{d.isoformat()}T{h:02d}:00:00+08:00", DAY, st.integers(0, 23))


def values_of(fact: Fact) -> st.SearchStrategy[Any]:
    if fact.type == "date":
        return DAY.map(date.isoformat)
    if fact.type == "instant":
        return ANY_INSTANT
    return st.sampled_from(fact.domain) if fact.domain else st.integers(0, 3)


@st.composite
def recalls(draw: st.DrawFn) -> dict[str, Any]:
    """Give a recall with every fact known; a notice to recall does not come before the defect is known."""
    made = {name: draw(values_of(fact)) for name, fact in FACTS.items() if name != "as_of"}
    made["possible_defect_known_at"] = made["investigation_notice_at"] = "2023-12-30T09:00:00+08:00"
    return made


@settings(max_examples=150, deadline=None)
@given(recalls(), st.data())
def test_a_fact_that_is_missing_never_hides_a_duty(made, data):
    fixed = [name for name, fact in FACTS.items() if repr(fact.absent) != "UNKNOWN"]  # their absence has a meaning
    name = data.draw(st.sampled_from(sorted(set(made) - set(fixed))))
    whole = {row["rule"] for row in ask(made).duties}
    less = ask({key: value for key, value in made.items() if key != name})

    assert whole <= {row["rule"] for row in (*less.duties, *less.possible)}


@settings(max_examples=150, deadline=None)
@given(recalls())
def test_the_stricter_reading_of_at_once_is_never_later(made):
    def first(option: str) -> dict[str, datetime]:
        rows = ask(made, Q34=option).duties
        times = sorted(((parse_instant(r["due_at"]), r["report"]) for r in rows), reverse=True)
        return {report: at for at, report in times}

    strict, lenient = first("at_once"), first("same_day")

    assert strict.keys() == lenient.keys()
    assert all(strict[report] <= lenient[report] for report in strict)


@settings(max_examples=100, deadline=None)
@given(recalls())
def test_every_row_is_dated_and_goes_to_somebody(made):
    for row in ask(made).duties:
        assert row["due_at"] is not None
        assert row["recipients"]
        assert row["title"]["zh"] != row["title"]["en"]
