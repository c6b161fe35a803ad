"""Each example inside a pack holds, and each gate of the shipped packs has been seen both open and not open."""

import pytest

from roadworthy.law.examples import facts_of, run_example
from tests.law.support import PACKS

EXAMPLES = [(pack.id, example) for pack in PACKS.packs for example in pack.examples]


@pytest.mark.parametrize(("pack", "example"), EXAMPLES, ids=[f"{p}: {e.name}" for p, e in EXAMPLES])
def test_example(pack, example):
    assert run_example(example, PACKS) == []


def test_examples_start_from_the_specimen_and_leave_it_alone():
    before = repr(PACKS.vocabulary.specimen)
    for _, example in EXAMPLES:
        facts_of(example, PACKS.vocabulary)

    assert repr(PACKS.vocabulary.specimen) == before
