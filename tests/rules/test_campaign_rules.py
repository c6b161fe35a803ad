"""Laws of the campaign rules: waves, leases, digests, and what a vehicle's feedback means."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.campaigns import rules
from roadworthy.campaigns.model import Wave
from roadworthy.campaigns.states import ACTION
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.ids import Id
from roadworthy.kernel.time import beijing_date


class SomeId(Id, prefix="ABC"):
    """Any id."""


NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
VINS = st.text("ABCDEFGH0123456789", min_size=17, max_size=17)
PLANS = st.lists(st.integers(1, 100), min_size=1, max_size=12).map(
    lambda parts: [p for p in (*parts, 100 - sum(parts)) if p > 0] if sum(parts) < 100 else [100]
)


def test_a_share_is_the_same_for_ever() -> None:
    assert rules.share_of("CMP-01KJNN0Y000000000000000000", "VEH-01KJNN0Y000000000000000000") == 3519
    assert rules.share_of("CMP-01KJNN0Y000000000000000001", "VEH-01KJNN0Y000000000000000000") == 9610


def test_shares_are_spread_evenly_and_anew_in_each_campaign() -> None:
    vehicles = [SomeId.new(NOW) for _ in range(20_000)]
    one, other = ([rules.share_of(c, v) for v in vehicles] for c in ("CMP-1", "CMP-2"))
    assert all(0 <= share < rules.SHARES for share in one)
    tenths = Counter(share // 1000 for share in one)
    # 2,000 expected in each tenth, standard deviation 42: six of them leave one false alarm in 10^8 runs
    assert all(abs(tenths[n] - 2_000) < 260 for n in range(10))
    both = sum(a < 1000 and b < 1000 for a, b in zip(one, other, strict=True))
    assert abs(both - 200) < 90


@given(PLANS)
def test_waves_take_every_share_exactly_once_in_order(plan: list[int]) -> None:
    shares = rules.plan_waves(plan)
    assert [high - low for low, high in shares] == [100 * percent for percent in plan]
    assert (shares[0][0], shares[-1][1]) == (0, rules.SHARES)
    assert all(high == low for (_, high), (low, _) in pairwise(shares))


@given(st.lists(st.integers(-5, 120), max_size=6))
def test_waves_that_are_no_whole_are_refused(plan: list[int]) -> None:
    if not plan or sum(plan) != 100 or any(not 1 <= percent <= 100 for percent in plan):
        with pytest.raises(Unusable):
            rules.plan_waves(plan)


@given(PLANS, st.lists(st.integers(0, 9_999), max_size=200))
def test_sizes_count_what_each_wave_holds(plan: list[int], places: list[int]) -> None:
    shares = rules.plan_waves(plan)
    waves = [Wave("CMP-1", n, "", low, high, 0, "planned") for n, (low, high) in enumerate(shares)]  # type: ignore[arg-type]
    assert rules.wave_sizes(shares, places) == [sum(map(wave.holds, places)) for wave in waves]


@given(st.integers(1, 168), st.none() | st.dates(date(2026, 3, 2), date(2026, 3, 20)))
def test_a_lease_ends_in_time_and_never_after_its_papers(hours: int, valid_until: date | None) -> None:
    end = rules.lease_end(NOW, hours, valid_until)
    assert NOW < end <= NOW + timedelta(hours=hours)
    if valid_until is not None:
        assert beijing_date(end - timedelta(microseconds=1)) <= valid_until
        assert end == NOW + timedelta(hours=hours) or beijing_date(end) == valid_until + timedelta(days=1)


@given(st.integers(0, 3_000))
def test_renewal_is_due_from_the_middle_on(minutes: int) -> None:
    due = rules.renewal_due(NOW, NOW + timedelta(hours=24), NOW + timedelta(minutes=minutes))
    assert due == (minutes >= 12 * 60)


@given(st.lists(VINS), st.randoms())
def test_a_set_of_vins_has_one_digest_however_it_is_listed(vins: list[str], dice) -> None:
    doubled = [*vins, *vins[:2]]
    dice.shuffle(doubled)
    assert rules.target_digest(doubled) == rules.target_digest(vins)


@given(st.sets(VINS, max_size=5), st.sets(VINS, max_size=5))
def test_other_sets_have_other_digests(one: set[str], other: set[str]) -> None:
    assert (rules.target_digest(one) == rules.target_digest(other)) == (one == other)


EXECUTIONS = ("closed", "canceled", "rejected", "download", "downloaded", "proceeding", "scheduled", "resumed")
FINISHED = ("success", "failure", "none")


@pytest.mark.parametrize("cancelling", [True, False])
@pytest.mark.parametrize("finished", FINISHED)
@pytest.mark.parametrize("execution", EXECUTIONS)
def test_every_word_of_the_contract_means_a_verb_of_the_table_or_nothing(
    execution: str, finished: str, *, cancelling: bool
) -> None:
    for skip in (True, False):
        verb = rules.verb_of_feedback(execution, finished, cancelling=cancelling, skip_issued=skip)
        assert verb == "" or verb in ACTION.verbs
        assert verb != "attest"  # no word of a vehicle is a proof


@given(st.text(max_size=12), st.text(max_size=12), st.booleans())
def test_other_words_are_refused(execution: str, finished: str, cancelling: bool) -> None:
    if execution not in EXECUTIONS or finished not in FINISHED:
        with pytest.raises(Unusable):
            rules.verb_of_feedback(execution, finished, cancelling=cancelling)


def test_closed_with_success_is_a_report_and_with_failure_a_failure() -> None:
    assert rules.verb_of_feedback("closed", "success", cancelling=False) == "report"
    assert rules.verb_of_feedback("closed", "failure", cancelling=False) == "fail"
    assert rules.verb_of_feedback("closed", "success", cancelling=False, skip_issued=True) == ""
    assert rules.verb_of_feedback("closed", "success", cancelling=True) == "confirm_cancel"
    assert rules.verb_of_feedback("rejected", "none", cancelling=True) == "refuse_cancel"
