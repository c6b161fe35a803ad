"""The law of a moment follows from what was decided by then, and from nothing that came later."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.errors import Refused
from roadworthy.rulebook import rules
from roadworthy.rulebook.model import Activation, AcvId, AdoId, Adoption, LawFile, Mode
from tests.conftest import START

HOURS = st.integers(0, 30).map(lambda hours: START + timedelta(hours=hours))
PACKS = ("a", "b", "c")


@st.composite
def activations(draw):
    confirmed, wait = draw(HOURS), draw(st.integers(0, 10))
    begins = confirmed + timedelta(hours=wait)
    number, pack = draw(st.integers(0, 999)), draw(st.sampled_from(PACKS))
    return Activation(
        AcvId(f"ACV-{number:026d}"), f"digest {number}", pack, draw(st.sampled_from(Mode)), confirmed, "p", "q", "c",
        "s", "confirmed", confirmed, begins, None,
    )  # fmt: skip


@st.composite
def histories(draw):
    moments = draw(st.lists(HOURS, min_size=1, max_size=3))
    adoptions = [
        Adoption(AdoId(f"ADO-{n:026d}"), (LawFile("packs/a.yaml", f"a{n}", "a"), LawFile("x.yaml", f"x{n}")), moment)
        for n, moment in enumerate(sorted(moments))
    ]
    return adoptions, draw(st.lists(activations(), max_size=6, unique_by=lambda one: one.id))


def at(history, moment):
    adoptions, decided = history
    return rules.edition_at(adoptions, decided, {one.digest: f"bytes of {one.digest}" for one in decided}, moment)


@given(histories(), HOURS)
def test_what_is_decided_later_changes_no_earlier_law(history, moment):
    adoptions, decided = history
    by_then = (
        [one for one in adoptions if one.adopted_at <= moment],
        [one for one in decided if one.confirmed_at <= moment],
    )
    if by_then[0]:
        assert at(history, moment) == at(by_then, moment)
    else:
        with pytest.raises(Refused):
            at(history, moment)


@given(histories(), HOURS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(history, moment, random):
    adoptions, decided = history
    mixed = random.sample(adoptions, len(adoptions)), random.sample(decided, len(decided))
    if any(one.adopted_at <= moment for one in adoptions):
        assert at(history, moment) == at(mixed, moment)


@given(histories(), HOURS)
def test_the_law_changes_at_turning_points_only(history, moment):
    points = [point for point in rules.turning_points(*history) if point <= moment]
    if any(one.adopted_at <= moment for one in history[0]):
        assert at(history, moment) == at(history, points[0])


@given(histories(), HOURS)
def test_a_trial_is_no_law(history, moment):
    adoptions, decided = history
    if any(one.adopted_at <= moment for one in adoptions):
        lawful = adoptions, [one for one in decided if one.mode is Mode.IN_FORCE]
        assert at(history, moment) == at(lawful, moment)
