"""docs/clauses.md is current, and every clause of Notice 45 that a rule decides has a story."""

from pathlib import Path

import pytest

from roadworthy.law.load import load_all
from tools.gen_clauses import PAGE, StoryMissing, render, stories, untold

ROOT = Path(__file__).parents[2]


def test_the_page_of_clauses_is_current():
    assert (ROOT / PAGE).read_text("utf-8") == render(), "run make docs"


def test_every_clause_of_the_notice_that_a_rule_decides_has_a_story():
    assert untold(load_all(), stories()) == []


def test_a_clause_without_a_story_stops_the_page():
    told = {clause: tests for clause, tests in stories().items() if clause != "N45-7b"}

    assert untold(load_all(), told) == ["N45-7b"]
    with pytest.raises(StoryMissing, match="N45-7b"):
        render(told=told)


def test_every_rule_of_an_approved_pack_is_shown_by_an_example_or_named_here():
    page = render()
    rows = [row.split(" | ") for row in page.splitlines() if row.startswith("| ") and "`" in row]
    bare = {row[0].removeprefix("| ") for row in rows if row[3] != "-" and row[4] == "-"}

    assert bare == set()
