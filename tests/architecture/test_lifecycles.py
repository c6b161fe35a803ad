"""Every life cycle of the product: complete, refusing what is not in its table, and drawn in docs/states.md."""

import re

import pytest

from roadworthy.kernel.lifecycle import Lifecycle, WrongState
from tests.architecture.source import ROOT
from tools.gen_states import PAGE, find_lifecycles, render

CYCLES = find_lifecycles()
# Staff, the system (empty), and a vehicle moving what is assigned to it.
ROLES = {
    "", "administrator", "release_engineer", "release_manager", "compliance_officer", "homologation_officer",
    "safety_engineer", "recall_manager", "incident_officer", "auditor",
    "vehicle",
}  # fmt: skip


def test_docs_show_the_life_cycles_as_they_are() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == render(), "run make docs"


def test_every_state_and_verb_either_moves_or_is_refused() -> None:
    for name, cycle in CYCLES:
        table = {(m.state, m.verb): m for m in cycle.moves}
        for state in cycle.states:
            for verb in cycle.verbs:
                if (state, verb) in table:
                    assert cycle.move(state, verb) is table[state, verb], name
                else:
                    with pytest.raises(WrongState):
                        cycle.move(state, verb)


def test_words_of_states_and_verbs_are_plain_and_roles_are_known() -> None:
    for name, cycle in CYCLES:
        for word in cycle.states | cycle.verbs:
            assert re.fullmatch(r"[a-z][a-z_]{1,30}", word), f"{name}: {word}"
        assert {m.role for m in cycle.moves} <= ROLES, name


def test_no_two_life_cycles_share_a_noun() -> None:
    nouns = [cycle.noun for _, cycle in CYCLES]
    assert len(nouns) == len(set(nouns))


def test_the_page_draws_every_cycle_with_its_clauses() -> None:
    cycle = Lifecycle("lamp", "off", ())
    page = render([("rooms.lamp", cycle)])

    assert "## lamp" in page
    assert "stateDiagram-v2" in page
