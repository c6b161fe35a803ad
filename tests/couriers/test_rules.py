"""What follows from an answer, for every answer and attempt."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from roadworthy.couriers.interface import Evidence, Failed, Handed, Sent, Unsure
from roadworthy.couriers.rules import MOST_ATTEMPTS, after_asking, after_call, after_death, delay
from roadworthy.couriers.states import DISPATCH
from roadworthy.kernel.decision import Text
from tests.conftest import START

EVIDENCE, WHY = Evidence("say:", START), Text("原因", "why")
RESULTS = st.one_of(
    st.just(Sent(EVIDENCE)),
    st.just(Handed(EVIDENCE)),
    st.just(Unsure(EVIDENCE, WHY)),
    st.builds(Failed, st.just(EVIDENCE), st.just(WHY), st.booleans(), st.timedeltas(timedelta(0), timedelta(days=2))),
)
NUMBERS = st.integers(1, 10**6)


@given(RESULTS, NUMBERS, st.booleans())
def test_every_answer_to_a_call_is_a_move_from_sending(result, attempt, asks):
    step = after_call(result, attempt, START, asks=asks)
    target = DISPATCH.move("sending", step.verb).target
    assert (target == "waiting") == (isinstance(result, Failed) and result.again and attempt % MOST_ATTEMPTS > 0)
    assert (target == "unsure") == isinstance(result, Unsure)
    assert (step.next_at is None) == (target not in {"waiting", "unsure"} or (target == "unsure" and not asks))


@given(NUMBERS, st.booleans(), st.booleans())
def test_after_a_death_only_what_may_be_repeated_waits_and_not_for_ever(attempt, repeatable, asks):
    step = after_death(attempt, START, repeatable=repeatable, asks=asks)
    again = "waiting" if attempt % MOST_ATTEMPTS else "failed"
    assert DISPATCH.move("sending", step.verb).target == (again if repeatable else "unsure")


@given(RESULTS, NUMBERS)
def test_only_the_word_that_it_is_not_there_lets_it_be_sent_again(result, asked):
    step = after_asking(result, asked, START)
    target = DISPATCH.move("unsure", step.verb).target if step.verb else "unsure"
    assert (target == "waiting") == isinstance(result, Failed)
    if target == "unsure":
        assert timedelta(seconds=30) <= step.next_at - START <= timedelta(hours=6)


@given(st.integers(1, MOST_ATTEMPTS), st.integers(1, MOST_ATTEMPTS))
def test_pauses_grow_and_end_at_half_an_hour(one, other):
    low, high = sorted((one, other))
    assert timedelta(seconds=5) <= delay(low) <= delay(high) <= timedelta(minutes=30)


def test_no_move_leads_out_of_doubt_to_waiting_but_the_channels_word_and_a_person():
    out = {(m.verb, m.role) for m in DISPATCH.moves if m.state == "unsure" and m.target == "waiting"}
    assert out == {("miss", ""), ("resend", "homologation_officer")}
    assert all(m.target != "sending" for m in DISPATCH.moves if m.state == "unsure")
