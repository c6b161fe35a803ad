"""What is declared is used, and what waits for a later pack is listed and not half there."""

from pathlib import Path

import roadworthy.law
from roadworthy.law.condition import facts_in
from roadworthy.law.model import Gate, TimerRule
from roadworthy.law.reader import read_yaml
from tests.law.support import PACKS

PENDING = read_yaml((Path(roadworthy.law.__file__).parent / "packs" / "pending.yaml").read_text(), "pending.yaml")


def test_every_declared_fact_is_read_by_a_rule_or_listed():
    read: set[str] = set()
    for rule in (rule for pack in PACKS.packs for rule in pack.rules):
        read |= facts_in(rule.when)
        if isinstance(rule, Gate):
            read |= facts_in(rule.open) | (facts_in(rule.hold) if rule.hold else set())
        if isinstance(rule, TimerRule):
            read |= {rule.start, rule.end}
    for derived in PACKS.vocabulary.derived.values():
        read |= facts_in(derived.where) | (facts_in(derived.when) if derived.when else set())
        read |= {derived.list, derived.shift, *derived.latest}
    unread = {f.name for f in PACKS.vocabulary.facts.values() if f.needed is None} - read

    assert unread == set(PENDING["facts"]["recorded-only"])


def test_nothing_pending_is_there_already():
    there = {pack.id for pack in PACKS.packs} | {rule.id for pack in PACKS.packs for rule in pack.rules}
    waiting = set(PENDING["rules"]) | {rule for rules in PENDING["rules"].values() for rule in rules}

    assert not there & waiting
