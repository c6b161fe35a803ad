"""Ids: typed, sortable by time, refused when they are of another kind."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.errors import Malformed
from roadworthy.kernel.ids import EventId, Id

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2999, 1, 1), timezones=st.just(UTC))


class WidgetId(Id, prefix="WDG"):
    """A kind for these tests."""


@given(MOMENTS, st.integers(min_value=1, max_value=10**11))
def test_text_order_of_ids_is_time_order(moment: datetime, later_ms: int) -> None:
    assert EventId.new(moment) < EventId.new(moment + timedelta(milliseconds=later_ms))


@given(MOMENTS)
def test_a_new_id_reads_back_as_itself(moment: datetime) -> None:
    made = WidgetId.new(moment)

    assert WidgetId.parse(made) == made
    assert isinstance(WidgetId.parse(made), WidgetId)
    assert len(made) == 30


def test_ids_of_the_same_instant_differ() -> None:
    moment = datetime(2026, 3, 2, tzinfo=UTC)

    assert len({EventId.new(moment) for _ in range(1000)}) == 1000


def test_an_id_of_another_kind_is_refused_with_the_right_prefix() -> None:
    other = EventId.new(datetime(2026, 3, 2, tzinfo=UTC))

    with pytest.raises(Malformed, match="begins with WDG-"):
        WidgetId.parse(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "WDG",
        "WDG-",
        "WDG-" + "0" * 25,
        "WDG-" + "0" * 27,
        "WDG-8" + "0" * 25,  # more than 128 bits
        "WDG-" + "0" * 25 + "I",  # I, L, O, U are not in the alphabet
        "WDG-" + "0" * 25 + "a",
        "wdg-" + "0" * 26,
        "WDG-" + "0" * 26 + "\n",
        "WDG-" + "\u0660" * 26,  # digits of another script
    ],
)
def test_what_is_no_id_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        WidgetId.parse(text)


@given(st.text(max_size=200))
def test_any_text_is_an_id_or_malformed_with_a_short_message(text: str) -> None:
    message = ""
    try:
        WidgetId.parse(text)
    except Malformed as error:
        message = error.message

    assert len(message) < 500
