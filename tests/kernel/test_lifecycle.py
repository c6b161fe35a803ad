"""Life cycles: what is not in the table is refused, and a history folds to one state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.lifecycle import Lifecycle, Move, WrongState

DOOR = Lifecycle(
    "door",
    "closed",
    (
        Move("closed", "open", "open", "porter", "House rules 1"),
        Move("open", "close", "closed", "porter"),
        Move("closed", "lock", "locked", "keeper"),
        Move("locked", "unlock", "closed", "keeper"),
        Move("locked", "brick_up", "walled"),
    ),
)


def test_every_state_and_verb_either_stands_in_the_table_or_is_refused() -> None:
    table = {(m.state, m.verb): m for m in DOOR.moves}
    for state in DOOR.states:
        for verb in DOOR.verbs:
            if (state, verb) in table:
                assert DOOR.move(state, verb) is table[state, verb]
            else:
                with pytest.raises(WrongState):
                    DOOR.move(state, verb)


def test_a_refusal_names_what_can_be_done_instead() -> None:
    with pytest.raises(WrongState, match="A door that is locked cannot open; it can: brick_up, unlock"):
        DOOR.move("locked", "open")
    with pytest.raises(WrongState, match="it can: nothing"):
        DOOR.move("walled", "open")


def test_unknown_states_and_verbs_are_refused_alike() -> None:
    with pytest.raises(WrongState):
        DOOR.move("ajar", "open")
    with pytest.raises(WrongState):
        DOOR.move("closed", "paint")


@given(st.data())
def test_any_walk_along_the_table_folds_to_where_it_ended(data: st.DataObject) -> None:
    state, history = DOOR.initial, []
    for _ in range(data.draw(st.integers(0, 12))):
        can = [m for m in DOOR.moves if m.state == state]
        if not can:
            break
        step = data.draw(st.sampled_from(can))
        history.append((step.state, step.verb, step.target))
        state = step.target

    assert DOOR.refold(history) == state


@given(st.data())
def test_a_history_with_a_gap_a_swap_or_a_forged_target_is_refused(data: st.DataObject) -> None:
    history = [("closed", "open", "open"), ("open", "close", "closed"), ("closed", "lock", "locked")]
    place = data.draw(st.integers(0, 2))
    forged = list(history)
    match data.draw(st.sampled_from(["drop", "target", "verb", "double"])):
        case "drop":
            del forged[place]
            forged.append(("locked", "unlock", "closed"))
        case "target":
            forged[place] = (*forged[place][:2], "walled")
        case "verb":
            forged[place] = (forged[place][0], "unlock", forged[place][2])
        case _:
            forged.insert(place, forged[place])

    with pytest.raises(WrongState):
        DOOR.refold(forged)


def test_a_table_with_a_doubled_move_is_a_bug_at_import() -> None:
    with pytest.raises(ValueError, match="one move stands twice"):
        Lifecycle("lamp", "off", (Move("off", "switch", "on"), Move("off", "switch", "off")))


def test_a_table_with_an_unreachable_state_is_a_bug_at_import() -> None:
    with pytest.raises(ValueError, match="nothing leads to"):
        Lifecycle("lamp", "off", (Move("broken", "mend", "off"),))


def test_the_picture_shows_every_move_and_role() -> None:
    assert DOOR.mermaid().splitlines()[:3] == [
        "stateDiagram-v2",
        "    [*] --> closed",
        "    closed --> open: open (porter)",
    ]
    assert len(DOOR.mermaid().splitlines()) == 2 + len(DOOR.moves)
