"""Time, errors and decisions."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel import errors
from roadworthy.kernel.decision import Decision, Finding, Outcome, Text, strictest
from roadworthy.kernel.time import SetTime, SystemTime, beijing_date, parse_date, parse_instant, to_text

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(9998, 12, 30), timezones=ZONES)


@given(MOMENTS)
def test_an_instant_reads_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    read = parse_instant(to_text(moment))

    assert read == moment
    assert read.tzinfo is UTC


@given(st.lists(MOMENTS, min_size=2, max_size=6))
def test_text_order_of_instants_is_time_order(moments: list[datetime]) -> None:
    for earlier, later in pairwise(sorted(moments)):
        assert to_text(earlier) <= to_text(later)
    assert {len(to_text(m)) for m in moments} == {27}


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30T00:00:00Z", "2026-03-01T08:00:00", "2026-03-01"])
def test_an_instant_without_offset_or_sense_is_malformed(text: str) -> None:
    with pytest.raises(errors.Malformed):
        parse_instant(text)


@pytest.mark.parametrize("text", ["", "2026-02-30", "01/03/2026", "2026-03-01T00:00:00Z"])
def test_what_is_no_date_is_malformed(text: str) -> None:
    with pytest.raises(errors.Malformed, match="2026-03-01"):
        parse_date(text)


def test_the_day_in_beijing_begins_at_four_in_the_afternoon_utc() -> None:
    assert beijing_date(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert beijing_date(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)


def test_the_clock_of_tests_moves_only_by_hand(time: SetTime) -> None:
    before = time.now()
    time.advance(hours=24)

    assert time.now() - before == timedelta(days=1)


def test_the_wall_clock_speaks_utc() -> None:
    assert SystemTime().now().tzinfo is UTC


def finding(state: Outcome) -> Finding:
    return Finding("x", state, Text("中", "en"))


@given(st.lists(st.sampled_from(Outcome)))
def test_a_decision_is_as_strict_as_its_strictest_finding(states: list[Outcome]) -> None:
    decision = Decision.of(map(finding, states))

    order = [Outcome.BLOCKED, Outcome.HOLD, Outcome.OPEN]
    assert decision.outcome == next((word for word in order if word in states), Outcome.HOLD)
    assert decision.is_open == (decision.outcome is Outcome.OPEN)


def test_no_check_at_all_is_a_hold() -> None:
    assert strictest([]) is Outcome.HOLD
    assert not Decision.of([]).is_open


def test_a_finding_speaks_both_languages() -> None:
    assert finding(Outcome.HOLD).to_json() == {
        "citation": "",
        "code": "x",
        "fix": {"en": "", "zh": ""},
        "state": "hold",
        "text": {"en": "en", "zh": "中"},
    }


FAMILIES = {
    errors.Refused: (409, "refused"),
    errors.NotPermitted: (403, "not_permitted"),
    errors.Unusable: (422, "unusable"),
    errors.Malformed: (400, "malformed"),
    errors.SignInNeeded: (401, "sign_in_needed"),
    errors.NotFound: (404, "not_found"),
    errors.Broken: (500, "broken"),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_an_error_without_words_says_its_docstring(family: type[errors.RoadworthyError]) -> None:
    error = family()

    assert (error.status, error.error_code) == FAMILIES[family]
    assert str(error) == error.message == (family.__doc__ or "").strip()


def test_an_error_carries_its_code_findings_and_place() -> None:
    error = errors.Refused("No.", code="gate.shut", findings=[finding(Outcome.BLOCKED)], at="wave")

    assert (error.error_code, error.at, len(error.findings)) == ("gate.shut", "wave", 1)
    assert errors.Refused.code == "refused"
