"""Each example inside a pack holds, and each gate of the shipped packs has been seen both open and not open."""

import pytest

from roadworthy.law.examples import facts_of, run_example
from roadworthy.law.load import load_all
from tests.law.support import PACKS

EXAMPLES = [(about, pack.id, e) for about, packs in load_all().items() for pack in packs.packs for e in pack.examples]


@pytest.mark.parametrize(("about", "pack", "example"), EXAMPLES, ids=[f"{p}: {e.name}" for _, p, e in EXAMPLES])
def test_example(about, pack, example):
    assert run_example(example, load_all()[about]) == []


def test_examples_start_from_the_specimen_and_leave_it_alone():
    before = repr(PACKS.vocabulary.specimen)
    for about, _, example in EXAMPLES:
        if about == "upgrade":
            facts_of(example, PACKS.vocabulary)

    assert repr(PACKS.vocabulary.specimen) == before
