"""Every obligation of the account of the law is cited by a rule or listed with the evidence that shows it."""

import json
from typing import Any

import pytest

from roadworthy.law.fields import Fields, Place
from roadworthy.law.load import SHIPPED, load_all, read_files
from tests.law.test_cases import shared

# The ids of the account, in its order: committed, so that the check runs without the account beside the repository.
_IDS = """
N45-1a N45-1b N45-1c N45-2a N45-2b N45-2c N45-2d N45-3a N45-3b N45-4a N45-4b N45-4c N45-4d N45-4e N45-4f N45-5
N45-6a N45-6b N45-6c N45-7a N45-7b N45-7c N45-7d N45-7e N45-8 N45-9a N45-9b N45-10 N45-11 N45-A1.1 N45-A1.2 N45-A1.3
N45-A1.4 MIIT21-1 MIIT21-2 EIDC22-1 EIDC22-2 EIDC22-3.1 EIDC22-3.2 EIDC22-3.3 EIDC22-4a EIDC22-4b EIDC22-4c
EIDC22-4d EIDC22-5 EIDC22-6 SAMR20-1 SAMR20-2 SAMR20-3 SAMR21-1 SAMR21-2 SAMR21-3 REG-3 REG-8 REG-9 REG-10 REG-11
REG-12a REG-12b REG-13 REG-14 REG-15 REG-16 REG-17 REG-18 REG-19 REG-20 REG-21 REG-22 REG-23 REG-24 IM-8 IM-11 IM-24
IM-26a IM-26b IM-29 IM-30a IM-30b IM-32 IM-33 IM-36 REC-NO NEV-1 NEV-2 NEV-3 NEV-4 NEV-5 D25-1a D25-1b D25-1c D25-1d
D25-2a D25-2b D25-2c D25-2d D25-3 D25-4 GB96-4.1 GB96-4.2 GB96-4.3 GB96-4.4 GB96-4.5 GB96-5.1 GB96-5.2 GB96-8 GB96-9
GB95 GB97 GB47955 GB44721 GBSWQ GBT47325 SBX-1 CYB-1 CYB-2 CYB-3 CYB-4 CON-19 ADM-103 PQL-49 ADV-55 L3-PERM DRAFT-AR
"""
OBLIGATIONS = _IDS.split()
ROOMS = {"admission", "fleet", "governance", "recalls", "regulator", "rulebook", "transparency"}
ORGANISATIONAL = read_files(SHIPPED)["organisational.yaml"]
LISTED: dict[str, Any] = ORGANISATIONAL["obligations"]
RULES = [(pack, rule) for packs in load_all().values() for pack in packs.packs for rule in pack.rules]
CITED = {clause for _, rule in RULES for clause in rule.cites}
DECLARED = {clause for packs in load_all().values() for pack in packs.packs for clause in pack.clauses}


def test_the_committed_list_is_the_account():
    folder = shared()
    if folder is None:
        pytest.skip("shared/regulation is not beside the repository")

    assert [o["id"] for o in json.loads((folder / "obligations.json").read_text())] == OBLIGATIONS


def test_there_are_124_obligations():
    assert len(OBLIGATIONS) == len(set(OBLIGATIONS)) == 124


def test_every_obligation_is_cited_by_a_rule_or_listed_as_organisational():
    assert [name for name in OBLIGATIONS if name not in CITED | LISTED.keys()] == []


def test_none_is_both_cited_and_listed():
    assert sorted(CITED & LISTED.keys()) == []


def test_nothing_is_listed_that_the_account_does_not_know():
    assert sorted(LISTED.keys() - set(OBLIGATIONS)) == []


def test_an_obligation_reached_by_a_rule_is_a_declared_clause_with_both_texts():
    clauses = next(iter(load_all().values())).clauses
    for name in set(OBLIGATIONS) & CITED:
        assert clauses[name].text.zh
        assert clauses[name].text.en


def test_no_clause_is_declared_in_vain():
    assert sorted(DECLARED - CITED) == []


@pytest.mark.parametrize("name", LISTED)
def test_an_organisational_obligation_names_its_evidence_and_a_room(name):
    fields = Fields(LISTED[name], Place("organisational.yaml").of(name))
    title, evidence, room = fields.text("title"), fields.text("evidence"), fields.take("room", str)
    fields.done()

    assert title.zh != title.en
    assert evidence.zh != evidence.en
    assert room in ROOMS


def test_the_organisational_file_says_what_it_is():
    assert (ORGANISATIONAL["schema"], set(ORGANISATIONAL)) == (
        "organisational/1",
        {"schema", "id", "version", "obligations"},
    )


def decided(example: Any, rule: str, keys: tuple[str, ...]) -> bool:
    return any(rule in example.expect.get(key, ()) for key in keys)


SHOWN = {
    "gates": ("blocked", "upcoming"),
    "duties": ("duties", "timers", "possible"),
    "warnings": ("warnings", "upcoming"),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_every_gate_duty_and_warning_is_seen_in_force_by_an_example(kind):
    examples = [example for packs in load_all().values() for pack in packs.packs for example in pack.examples]
    rules = [rule.id for pack, rule in RULES if rule in getattr(pack, kind)]
    unseen = [rule for rule in rules if not any(decided(e, rule, SHOWN[kind]) for e in examples)]

    assert unseen == []


def test_every_duty_is_seen_not_due_by_an_example():
    examples = [example for packs in load_all().values() for pack in packs.packs for example in pack.examples]
    quiet = {
        about for about, packs in load_all().items() for p in packs.packs for e in p.examples if e.expect.get("quiet")
    }
    duties = [d.id for about in ("incident", "recall") for p in load_all()[about].packs for d in p.duties]
    never = [rule for rule in duties if not any(decided(e, rule, ("absent",)) for e in examples)]

    assert never == []
    assert quiet == {"incident", "recall"}
