"""Reporting duties of an incident: worked cases, the clock's ground rules, and laws over generated events."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.cli.incidents import duties_command
from roadworthy.kernel.time import parse_instant, to_text
from roadworthy.law import load_packs
from roadworthy.law.duties import duties_of
from roadworthy.law.facts import WrongValue
from tests.law.test_cases import judge_of, shared

PACKS = load_packs(about="incident")
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
HAPPENED = parse_instant("2026-06-15T08:00:00+08:00")


def event(**changes):
    made = deepcopy(dict(PACKS.vocabulary.specimen))
    for name, value in changes.items():
        made[name] = {**made[name], **value} if isinstance(value, dict) and name in made else value
    return made


def rows(facts, profile="strict"):
    answer = duties_of(facts, PACKS.reading({"Q-01": profile}), NOW)
    return {row["rule"]: row for row in answer.duties}


def test_every_worked_incident_gives_its_expectation_under_both_profiles():
    folder = shared()
    if folder is None:
        pytest.skip("shared/regulation is not beside the repository")
    judge = judge_of(folder)
    for case in json.loads((folder / "cases" / "incidents.json").read_text()):
        for profile in {"strict", "split"} & set(case["expect"]):
            found = json.loads(json.dumps(duties_of(case["given"], PACKS.reading({"Q-01": profile}), NOW).to_json()))

            assert judge.due(found, case["expect"][profile]) == [], (case["desc"], profile)
            if "follow_up" in case["expect"]:
                assert found["follow_up"] == case["expect"]["follow_up"]


def test_a_row_says_how_sure_it_is():
    row = rows(event(collision=True, injuries=1))["N45-INIT"]

    assert (row["verified"], row["authentic"], row["grade"]) == (False, False, "I")
    assert row["alternative_due_at"] == "2026-06-16T08:10:00+08:00"
    assert [r["at"] for r in row["reminders"]] == ["25%", "50%", "75%", "-4h", "-1h", "due"]


def test_an_event_of_unknown_time_is_due_at_once():
    facts = event(collision=True, injuries=1)
    del facts["occurred_at"]
    answer = duties_of(facts, PACKS, NOW)

    assert {r["rule"]: r["due_at"] for r in answer.duties}["N45-INIT"] == "2026-06-15T08:10:00+08:00"
    assert "occurred_at" in answer.missing_facts


def test_knowledge_of_unknown_time_counts_from_the_event():
    facts = event(collision=True)
    del facts["known_at"]

    assert rows(facts)["N45-COLL"]["due_at"] == "2026-06-24T00:00:00+08:00"


def test_an_event_before_the_notice_has_no_duty_under_it():
    facts = event(
        occurred_at="2025-02-20T08:00:00+08:00", known_at="2025-02-20T09:00:00+08:00", collision=True, deaths=1
    )

    assert rows(facts) == {}


def test_nobody_knows_before_it_happens():
    with pytest.raises(WrongValue, match="before it happened"):
        duties_of(event(known_at="2026-06-15T07:59:00+08:00"), PACKS, NOW)


def test_a_worse_update_adds_rows_and_moves_none():
    facts = event(collision=True, airbag_deployed=True)
    update = {"known_at": "2026-06-15T20:00:00+08:00", "deaths": 1}
    before = duties_of(facts, PACKS, NOW).duties
    after = duties_of({**facts, "severity_updates": [update]}, PACKS, NOW).duties

    assert [r for r in after if not r.get("escalation")] == list(before)
    assert {r["rule"] for r in after if r.get("escalation")} == {"N45-INIT", "N45-FULL"}


def test_an_update_that_raises_nothing_adds_nothing():
    facts = event(collision=True, deaths=1)
    update = {"known_at": "2026-06-15T20:00:00+08:00", "deaths": 2}

    assert duties_of({**facts, "severity_updates": [update]}, PACKS, NOW).duties == duties_of(facts, PACKS, NOW).duties


FLAGS = st.fixed_dictionaries(
    {
        "collision": st.booleans(),
        "airbag_deployed": st.booleans(),
        "irreversible_restraint": st.booleans(),
        "deaths": st.integers(0, 2),
        "injuries": st.integers(0, 2),
        "smoke_or_fire": st.booleans(),
        "unintended_acceleration": st.booleans(),
        "function_failed_and_exited": st.booleans(),
        "ads_pilot": st.booleans(),
        "powertrain": st.sampled_from(["bev", "phev", "ice"]),
        "automation_engaged": st.fixed_dictionaries(
            {
                "level": st.integers(0, 3),
                "state": st.sampled_from(["engaged", "disengaged", "unknown"]),
                "seconds_before_impact": st.sampled_from([0, 12.5, 30, 31, None]),
            }
        ),
    }
)


@given(FLAGS, st.integers(0, 100))
def test_strict_is_never_later_than_split(flags, hours):
    known = to_text(HAPPENED + timedelta(hours=hours))
    strict, split = (rows(event(**flags, known_at=known), profile) for profile in ("strict", "split"))

    def first(found, report):
        return min((r["due_at"] for r in found.values() if r["report"] == report), default=None)

    for report in {r["report"] for r in split.values()}:
        assert first(strict, report) is not None
        assert first(strict, report) <= first(split, report)


@given(FLAGS, st.data())
def test_a_fact_that_is_missing_never_hides_a_duty(flags, data):
    facts = event(**flags)
    whole = duties_of(facts, PACKS, NOW)
    name = data.draw(st.sampled_from([n for n in flags if n != "automation_engaged"]))
    fewer = duties_of({k: v for k, v in facts.items() if k != name}, PACKS, NOW)
    told = {row["rule"] for row in (*fewer.duties, *fewer.possible)}

    assert {row["rule"] for row in whole.duties} <= told


@given(FLAGS, st.integers(0, 200), st.integers(0, 200))
def test_later_knowledge_is_never_due_earlier_and_never_before_it(flags, a, b):
    early, late = sorted((HAPPENED + timedelta(hours=a), HAPPENED + timedelta(hours=b)))
    first, second = (rows(event(**flags, known_at=to_text(moment))) for moment in (early, late))

    assert first.keys() == second.keys()
    for rule, row in second.items():
        assert parse_instant(first[rule]["due_at"]) <= parse_instant(row["due_at"])
        assert parse_instant(row["due_at"]) >= late


@given(FLAGS)
def test_the_same_event_gives_the_same_bytes(flags):
    facts = event(**flags)
    shuffled = dict(reversed(list(facts.items())))

    assert json.dumps(duties_of(facts, PACKS, NOW).to_json()) == json.dumps(duties_of(shuffled, PACKS, NOW).to_json())


@pytest.mark.parametrize(
    ("facts", "readings", "code"),
    [
        (event(), [], 0),
        (event(collision=True), [], 3),
        (event(collision=None), [], 3),
        ({"colour": 1}, [], 2),
        (event(), ["Q-01=never"], 2),
        (event(), ["nonsense"], 2),
    ],
)
def test_exit_codes(tmp_path, capsys, facts, readings, code):
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts))

    assert duties_command("incident", path, "json", readings) == code
    said = capsys.readouterr()
    assert bool(said.err) is (code == 2)


def test_the_table_says_what_when_to_whom_and_how_sure(tmp_path, capsys):
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(event(collision=True, injuries=1, known_at="2026-06-17T09:00:00+08:00")))
    duties_command("incident", path, "table", [])
    out = capsys.readouterr().out

    assert "due 2026-06-17T09:00:00+08:00  N45-INIT" in out
    assert "MIIT, SAMR" in out
    assert "ALREADY LATE" in out
    assert "not verified (grade I)" in out


def test_a_later_fact_that_nobody_dated_is_a_duty_and_its_date_is_asked_for():
    facts = event(collision=True, severity_updates=[{"deaths": 1}])
    answer = duties_of(facts, PACKS, NOW)

    assert {r["rule"] for r in answer.duties if r.get("escalation")} >= {"N45-INIT", "N45-FULL"}
    assert "severity_updates[].known_at" in answer.missing_facts


def test_a_later_fact_that_makes_a_duty_possible_shows_it():
    facts = event(
        collision=True,
        automation_engaged={"level": 3},
        powertrain="ice",
        severity_updates=[{"known_at": "2026-06-15T20:00:00+08:00", "deaths": 1}],
    )
    del facts["market"]
    answer = duties_of(facts, PACKS, NOW)

    assert "N45-INIT" in {row["rule"] for row in answer.possible}
    assert "market" in answer.missing_facts
    assert not answer.is_quiet


@pytest.mark.parametrize("updates", [None, [{"known_at": "2026-06-15T20:00:00+08:00", "deaths": None}]])
def test_a_severity_that_nobody_knows_yet_is_missing(updates):
    answer = duties_of(event(collision=True, severity_updates=updates), PACKS, NOW)

    assert {"severity_updates", "deaths"} & set(answer.missing_facts)


def test_what_was_known_before_it_happened_is_refused():
    facts = event(collision=True, severity_updates=[{"known_at": "2026-06-14T20:00:00+08:00", "deaths": 1}])

    with pytest.raises(WrongValue, match="before it happened"):
        duties_of(facts, PACKS, NOW)


def test_the_table_never_says_that_nothing_is_owed_while_a_duty_is_possible(tmp_path, capsys):
    file = tmp_path / "facts.json"
    file.write_text(json.dumps({"collision": True, "market": "CN"}))

    assert duties_command("incident", file, "table", []) == 3
    said = capsys.readouterr().out
    assert "nothing is owed" not in said
    assert "POSSIBLE due" in said


def test_a_number_of_thousands_of_digits_is_refused_and_a_byte_order_mark_is_none(tmp_path, capsys):
    file = tmp_path / "facts.json"
    file.write_text('{"deaths": ' + "9" * 5000 + "}")
    assert duties_command("incident", file, "json", []) == 2
    assert "too long" in capsys.readouterr().err
    file.write_text("{}", "utf-8-sig")
    assert duties_command("incident", file, "json", []) == 3
