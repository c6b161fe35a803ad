"""A pack that is not fit is refused at load, naming pack, rule and what to do."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import roadworthy.law
from roadworthy.kernel.errors import Unusable
from roadworthy.law import load_calendar, load_packs
from roadworthy.law.load import assemble
from roadworthy.law.reader import read_yaml

ROOT = Path(roadworthy.law.__file__).parent / "packs"
RAW = {
    path.name: read_yaml(path.read_text(), path.name) for path in ROOT.rglob("*.yaml") if path.name != "pending.yaml"
}

Edit = Callable[[dict[str, Any]], Any]


def gate(raw: dict[str, Any], token: str) -> dict[str, Any]:
    return next(g for pack in raw.values() for g in pack.get("gates", []) if g["token"] == token)


def label(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return next(r for r in raw["n45.yaml"]["labels"] if r["label"] == name)


def fact(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return raw["vocabulary.yaml"]["facts"][name]


YES = {"swin_moved": {"eq": True}}
NO = {"swin_moved": {"eq": False}}


def opens(when: Any) -> Edit:
    return lambda r: gate(r, "HASH").update(open=when)


def hash_gate(**fields: Any) -> Edit:
    return lambda r: gate(r, "HASH").update(fields)


def too_late(r: dict[str, Any]) -> None:
    r["n45.yaml"]["instruments"]["N45"]["until"] = "2026-01-01"
    gate(r, "PARAM")["since"] = "2025-03-01"


def uncovered(r: dict[str, Any]) -> None:
    label(r, "recall")["when"] = {"reverts_recall_remedy": {"eq": True}}
    label(r, "general")["when"]["all"].append({"defect_removed": {"eq": "no"}})


def dead(r: dict[str, Any]) -> None:
    label(r, "recall")["when"] = {"all": [{"defect_removed": {"eq": "yes"}}, {"defect_removed": {"eq": "no"}}]}


def shadowed(r: dict[str, Any]) -> None:
    tiers = r["eidc22.yaml"]["tiers"]
    tiers.insert(0, deepcopy(tiers[3]) | {"id": "first"})


def circle(r: dict[str, Any]) -> None:
    derived = r["vocabulary.yaml"]["derived"]
    derived["ads_touched"]["when"] = {"performance_changed": {"eq": True}}
    derived["performance_changed"]["when"] = {"ads_touched": {"eq": True}}


def first_example(r: dict[str, Any]) -> dict[str, Any]:
    expect: dict[str, Any] = r["samr.yaml"]["examples"][0]["expect"]
    return expect


REFUSED: dict[str, tuple[Edit, str]] = {
    "unknown fact": (opens({"colour": {"eq": True}}), "HASH: unknown fact 'colour'"),
    "unknown operator": (opens({"applicant": {"like": "x"}}), "unknown operator 'like'"),
    "operator of another type": (opens({"applicant": {"ge": "x"}}), "does not fit"),
    "value of another type": (opens({"applicant": {"eq": 3}}), "can never be 3"),
    "value outside the domain": (opens({"delivery": {"eq": "post"}}), "can never be 'post'"),
    "yes for true": (opens({"swin_moved": {"eq": "yes"}}), "can never be 'yes'"),
    "empty list": (opens({"all": []}), "at least one condition"),
    "two conditions in one": (opens(YES | {"applicant": {"eq": "x"}}), "is no condition"),
    "gate that cannot open": (opens({"all": [YES, NO]}), "HASH: can never open"),
    "gate that guards nothing": (opens({"any": [YES, NO]}), "HASH: is always open, so it guards nothing"),
    "gate that never fires": (hash_gate(when={"all": [YES, NO]}), "HASH: can never fire"),
    "unknown type": (lambda r: fact(r, "applicant").update(type="colour"), "applicant: type is 'colour'"),
    "no citation": (hash_gate(cites=[]), "HASH: cites no clause"),
    "citation missing": (lambda r: gate(r, "HASH").pop("cites"), "HASH: cites is missing"),
    "unknown clause": (hash_gate(cites=["N45-99"]), "HASH: cites N45-99"),
    "no Chinese": (lambda r: gate(r, "HASH")["title"].update(zh=" "), "HASH: title lacks"),
    "no English": (lambda r: gate(r, "HASH")["fix"].pop("en"), "HASH: fix: en is missing"),
    "unknown field": (hash_gate(colour="red"), "HASH: unknown field colour"),
    "too early": (lambda r: gate(r, "PARAM").update(since="2020-01-01"), "PARAM: in force since 2020-01-01"),
    "too late": (too_late, "PARAM: outlives its instrument"),
    "no date": (lambda r: r["n45.yaml"]["instruments"]["N45"].update(issued="2025-02-30"), "no calendar date"),
    "doubled token": (lambda r: r["samr.yaml"]["gates"].append(deepcopy(gate(r, "HASH"))), "HASH stands twice"),
    "doubled pack": (lambda r: r.update(again=deepcopy(r["d25.yaml"])), "pack cn.d25.draft stands twice"),
    "failing example": (lambda r: first_example(r).update(decision="open"), "example 'four working days are too few'"),
    "unknown expectation": (lambda r: first_example(r).update(mood=1), "mood is no expectation"),
    "no examples": (lambda r: r["samr.yaml"].pop("examples"), "has no examples"),
    "uncovered": (uncovered, "no label for"),
    "tier uncovered": (lambda r: r["eidc22.yaml"]["tiers"].pop(), "no tier for"),
    "dead rule": (dead, "class.recall: never fires"),
    "shadowed tier": (shadowed, "tier.T2a: never fires"),
    "contradiction": (
        lambda r: label(r, "general").update(when={"label.parameters": {"eq": False}}),
        "class.general stands alone but meets",
    ),
    "circle": (circle, "goes in a circle"),
    "draft as law": (lambda r: gate(r, "SAFETY-POLICY").pop("when"), "rests on drafts only"),
    "unknown token": (lambda r: r["n45.yaml"]["deferrals"][0]["tokens"].append("NOPE"), "there is no gate NOPE"),
    "unknown outcome": (lambda r: gate(r, "SUMS").update(under=["elsewhere"]), "under elsewhere"),
    "no default": (lambda r: r["samr.yaml"]["ambiguities"]["Q-09"].update(default="never"), "none of its options"),
    "no vocabulary": (lambda r: r.pop("vocabulary.yaml"), "0 files are vocabulary/1"),
    "bad specimen": (lambda r: r["vocabulary.yaml"]["specimen"].update(delivery="post"), "specimen: delivery"),
    "verified_by unsaid": (lambda r: r["samr.yaml"].pop("verified_by"), "verified_by is missing"),
}


@pytest.mark.parametrize(("edit", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_an_unfit_pack_is_refused_and_says_where(edit, says):
    raw = deepcopy(RAW)
    edit(raw)

    with pytest.raises(Unusable) as caught:
        assemble(raw, load_calendar())

    assert says in caught.value.message


def test_the_shipped_packs_load_and_name_their_digests():
    packs = load_packs()

    assert len({row["digest"] for row in packs.identities}) == len(packs.packs) + 2
    assert all(len(row["digest"]) == 64 for row in packs.identities)


def test_a_pack_changes_its_digest_with_any_word():
    raw = deepcopy(RAW)
    gate(raw, "HASH")["fix"]["en"] += " now"
    changed = {row["id"] for row in assemble(raw, load_calendar()).identities} & {
        row["id"] for row in load_packs().identities
    }
    different = {r["digest"] for r in assemble(raw, load_calendar()).identities} - {
        r["digest"] for r in load_packs().identities
    }

    assert len(changed) == len(load_packs().identities)
    assert len(different) == 1


def test_nothing_shipped_claims_to_be_verified_by_a_person():
    assert all(pack.verified_by is None for pack in load_packs().packs)
    assert all(i.verified_by is None for i in load_packs().instruments.values())
