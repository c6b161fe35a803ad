"""A pack that is not fit is refused at load, naming pack, rule and what to do."""

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from roadworthy.accounts.model import Role
from roadworthy.clocks.planning import plan_of
from roadworthy.clocks.rules import check_plan
from roadworthy.kernel.errors import Unusable
from roadworthy.law import load_packs
from roadworthy.law.calendar import load_calendars
from roadworthy.law.duties import rows_of
from roadworthy.law.load import SHIPPED, assemble, load_all, read_files
from roadworthy.law.parse import ROLES
from roadworthy.law.reader import Located

RAW = {name.rpartition("/")[2]: value for name, value in read_files(SHIPPED).items()}
CALENDARS = load_calendars()

Edit = Callable[[dict[str, Any]], Any]


def gate(raw: dict[str, Any], token: str) -> dict[str, Any]:
    return next(g for pack in raw.values() for g in pack.get("gates", []) if g["token"] == token)


def label(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return next(r for r in raw["n45.yaml"]["labels"] if r["label"] == name)


def fact(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return raw["upgrade-vocabulary.yaml"]["facts"][name]


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
    derived = r["upgrade-vocabulary.yaml"]["derived"]
    derived["ads_touched"]["when"] = {"performance_changed": {"eq": True}}
    derived["performance_changed"]["when"] = {"ads_touched": {"eq": True}}


def first_example(r: dict[str, Any]) -> dict[str, Any]:
    expect: dict[str, Any] = r["samr.yaml"]["examples"][0]["expect"]
    return expect


REFUSED: dict[str, tuple[Edit, str]] = {
    "unknown fact": (opens({"colour": {"eq": True}}), "HASH: unknown fact 'colour'"),
    "misspelt fact": (opens({"swin_move": {"eq": True}}), "the nearest is swin_moved"),
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
    "too late": (too_late, "outlives its instrument"),
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
    "no vocabulary": (lambda r: r.pop("upgrade-vocabulary.yaml"), "0 files are the main vocabulary of upgrade"),
    "bad specimen": (lambda r: r["upgrade-vocabulary.yaml"]["specimen"].update(delivery="post"), "specimen: delivery"),
    "verified_by unsaid": (lambda r: r["samr.yaml"].pop("verified_by"), "verified_by is missing"),
}


@pytest.mark.parametrize(("edit", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_an_unfit_pack_is_refused_and_says_where(edit, says):
    raw = deepcopy(RAW)
    edit(raw)

    with pytest.raises(Unusable) as caught:
        assemble(raw, CALENDARS)

    assert says in caught.value.message
    assert re.search("[\u4e00-\u9fff]", caught.value.text.zh)
    assert caught.value.text.en == caught.value.message


def test_the_shipped_packs_load_and_name_their_digests():
    packs = load_packs()

    assert len({row["digest"] for row in packs.identities}) == len(packs.identities) >= len(packs.packs) + 2
    assert all(len(row["digest"]) == 64 for row in packs.identities)


def test_a_pack_changes_its_digest_with_any_word():
    raw = deepcopy(RAW)
    gate(raw, "HASH")["fix"]["en"] += " now"
    changed = {row["id"] for row in assemble(raw, CALENDARS)["upgrade"].identities} & {
        row["id"] for row in load_packs().identities
    }
    different = {r["digest"] for r in assemble(raw, CALENDARS)["upgrade"].identities} - {
        r["digest"] for r in load_packs().identities
    }

    assert len(changed) == len(load_packs().identities)
    assert len(different) == 1


def duty(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return next(d for pack in raw.values() for d in pack.get("duties", []) if d["id"] == name)


def due(**fields: Any) -> Edit:
    return lambda r: duty(r, "N45-COLL").update(due=fields)


def _ladder(raw: dict[str, Any], steps: int) -> None:
    """Each of two facts is computed from both of the step below: 2 ** steps ways lead down."""
    for step in range(steps):
        below = [{f"{side}{step - 1}": {"eq": True}} for side in "ab"] if step else [{"collision": {"eq": True}}]
        for side in "ab":
            made = {"zh": "梯", "en": "ladder", "when": {"any": below}}
            raw["incident-vocabulary.yaml"]["derived"][f"{side}{step}"] = made


REFUSED_DUTIES: dict[str, tuple[Edit, str]] = {
    "no time": (due(basis="knowledge"), "N45-COLL: due says no single time"),
    "two times": (due(basis="knowledge", after=5, before=5, unit="day"), "says no single time"),
    "unknown unit": (due(basis="knowledge", after=5, unit="week"), "unit is 'week'; use one of hour"),
    "unknown base": (due(basis="birth", after=5, unit="day"), "basis is 'birth'"),
    "base without facts": (due(basis="release", after=5, unit="day"), "no facts for the base release"),
    "unknown calendar": (due(basis="knowledge", after=5, unit="day", calendar="moon"), "no calendar moon"),
    "endless": (due(basis="knowledge", every={"amount": 3, "unit": "month"}), "until a base or so many times"),
    "nobody": (lambda r: duty(r, "N45-COLL").update(to=[]), "to names nobody"),
    "bad reminder": (
        lambda r: duty(r, "N45-COLL").update(reminders=[{"at": "soon", "to": ["incident_officer"]}]),
        "at is 'soon'",
    ),
    "hours of a day": (
        lambda r: duty(r, "EIDC22-4c").update(due={"basis": "completion", "after": 5, "unit": "hour"}),
        "hours run from an instant",
    ),
    "wrong due": (
        lambda r: duty(r, "N45-COLL").update(due={"basis": "knowledge", "after": 6, "unit": "day"}),
        "example",
    ),
    "dead duty": (
        lambda r: duty(r, "N45-COLL").update(when={"all": [{"collision": {"eq": True}}, {"collision": {"eq": False}}]}),
        "N45-COLL: can never fire",
    ),
    "no main vocabulary": (
        lambda r: r["incident-vocabulary.yaml"].update(extends="another"),
        "0 files are the main vocabulary of incident",
    ),
    "too much": (due(basis="knowledge", after=10_000_000_000, unit="hour"), "after is 10000000000; write 0 to 9999"),
    "backwards": (due(basis="knowledge", after=-5, unit="hour"), "after is -5"),
    "no day of a month": (due(basis="knowledge", day_of_next_month=45), "day_of_next_month is 45; write 1 to 31"),
    "ever again": (
        due(basis="knowledge", every={"amount": 1, "unit": "day", "times": 100_000_000}),
        "times is 100000000; write 1 to 400",
    ),
    "hours again": (
        due(basis="knowledge", after=5, unit="hour", every={"amount": 1, "unit": "day", "times": 2}),
        "neither repeat nor roll",
    ),
    "ends before it begins": (
        lambda r: duty(r, "N45-COLL").update(since="2025-03-01", until="2025-02-26"),
        "N45-COLL: ends 2025-02-26, not after it begins 2025-03-01",
    ),
    "outlives unsaid": (
        lambda r: r["nev19.yaml"]["instruments"]["NEV19"].update(until="2026-01-01"),
        "outlives its instrument",
    ),
    "reminds nobody known": (
        lambda r: duty(r, "N45-COLL").update(reminders=[{"at": "due", "to": ["incident_oficer"]}]),
        "names the role 'incident_oficer'; use administrator",
    ),
    "reminds twice": (
        lambda r: duty(r, "N45-COLL").update(reminders=[{"at": "due", "to": ["auditor"]}] * 2),
        "the reminder due stands twice",
    ),
    "no clock can carry it": (lambda r: duty(r, "N45-COLL").update(id="N45 碰撞"), "write 1 to 64 ASCII characters"),
    "invisible": (
        lambda r: duty(r, "N45-COLL")["title"].update(en="Report of \u202eanother"),
        "holds the invisible character U+202E",
    ),
    "silent option": (
        lambda r: r["n45-incidents.yaml"]["ambiguities"]["Q-01"]["options"].update(third={"zh": "三", "en": "three"}),
        "no rule says what follows from the option 'third'",
    ),
    "absence of nothing": (
        lambda r: r["n45-incidents.yaml"]["examples"][0]["expect"].update(absent=["N45-42"]),
        "absent names N45-42, which no pack declares",
    ),
    "in a circle": (
        lambda r: (
            r["incident-vocabulary.yaml"]["derived"]["casualty"].update(when={"restraint_fired": {"eq": True}}),
            r["incident-vocabulary.yaml"]["derived"]["restraint_fired"].update(when={"casualty": {"eq": True}}),
        ),
        "goes in a circle",
    ),
    "too deep": (lambda r: _ladder(r, 30), "is computed in more than 24 steps"),
    "too wide": (lambda r: _ladder(r, 16), "10,000 comparisons"),
    "unknown schema": (lambda r: r["nev19.yaml"].update(schema="rulepack/2"), "schema is 'rulepack/2'"),
    "unknown question": (lambda r: r["nev19.yaml"].update(about="weather"), "about is 'weather'"),
}


@pytest.mark.parametrize(("edit", "says"), REFUSED_DUTIES.values(), ids=REFUSED_DUTIES.keys())
def test_an_unfit_duty_is_refused_and_says_where(edit, says):
    test_an_unfit_pack_is_refused_and_says_where(edit, says)


@pytest.mark.parametrize(
    ("file", "old", "new", "line_of"),
    [
        ("nev19.yaml", "powertrain: {in: [bev, phev]}", "powertrain: {in: [bev, diesel]}", "id: NEV-6"),
        ("nev19.yaml", "after: 12, unit: hour", "after: 12, unit: week", "after: 12"),
        ("nev19.yaml", "market: {eq: CN}", "market: {like: CN}", "market: {eq: CN}"),
        ("samr.yaml", "    fix: {zh: 提交信息表和升级包并登记回执, ", "    fix: {", "    fix: {zh: 提交信息表"),
        ("eidc22.yaml", "cites: [EIDC22-4d]", "cites: []", "cites: [EIDC22-4d]"),
        (
            "nev19.yaml",
            'name: with a casualty 6 hours, as_of: "2026-06-15"',
            "name: x, as_of: never",
            "with a casualty 6",
        ),
    ],
)
def test_the_message_names_file_and_line(tmp_path, file, old, new, line_of):
    for name, _ in read_files(SHIPPED).items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text((SHIPPED / name).read_text())
    [path] = tmp_path.rglob(file)
    text = path.read_text()
    assert old in text
    line = next(n for n, one in enumerate(text.splitlines(), 1) if line_of in one)
    path.write_text(text.replace(old, new, 1))

    with pytest.raises(Unusable) as caught:
        load_all.__wrapped__(tmp_path)

    assert f"{file} line {line}: " in caught.value.message
    assert f"{file} line {line}:" in caught.value.text.zh


def test_every_mapping_of_a_pack_knows_its_line():
    assert isinstance(RAW["nev19.yaml"], Located)
    assert RAW["nev19.yaml"].lines["duties"] > RAW["nev19.yaml"].lines["id"] > 0


def test_nothing_shipped_claims_to_be_verified_by_a_person():
    assert all(pack.verified_by is None for pack in load_packs().packs)
    assert all(i.verified_by is None for i in load_packs().instruments.values())


def test_a_whole_number_may_be_one_of_several():
    raw = deepcopy(RAW)
    duty(raw, "N45-INIT")["when"]["all"][3] = {"automation_engaged.level": {"in": [2, 3, 4, 5]}}

    assert "incident" in assemble(raw, CALENDARS)


def test_the_roles_that_a_pack_may_remind_are_those_of_people():
    assert sorted(ROLES) == sorted(Role)


def test_every_shipped_duty_makes_a_plan_that_a_clock_takes():
    now = datetime(2026, 6, 15, tzinfo=UTC)
    for packs in load_all().values():
        for one in packs.all.duties:
            bases = dict.fromkeys(packs.vocabulary.bases, now)
            for row in rows_of(one, bases, packs, now):
                check_plan(plan_of(row, "incident", "INC-1", now), frozenset(Role))
