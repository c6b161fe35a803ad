"""Forms: what is shipped is sound, what is unfit is refused where it stands, and a filled form says what it lacks."""

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.decision import Outcome
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.event import canonical
from roadworthy.law import condition
from roadworthy.law.filling import NotPlain
from roadworthy.law.forms import STAGES, assemble_forms, check, every_form, fill, load_forms
from roadworthy.law.load import SHIPPED, load_packs, read_files

FORMS = load_forms()
TEXTS = load_packs().texts
RAW = {name: raw for name, raw in read_files(SHIPPED).items() if raw["schema"] == "form/1"}
EXPECTED = {
    "miit_enterprise", "miit_type", "miit_activity", "miit_implementation_report", "miit_stage_report",
    "miit_change_permit", "l3_permit", "samr_record", "samr_parameters", "recall_plan", "recall_stage",
    "recall_summary", "incident_initial", "incident_full", "incident_follow_up", "incident_final",
    "incident_correction", "nev_fire_basic", "nev_fire_full", "deep_test_plan", "risk_assessment_plan",
    "sandbox_dossier",
}  # fmt: skip
EACH = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


KEYS = st.sampled_from(["activity", "type", "models", "code", "plan", "start"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def codes(form: str, facts: dict[str, Any], stage: str = "submit") -> set[str]:
    return {f.code.removeprefix(f"{form}.") for f in check(FORMS[form], fill(FORMS[form], facts), stage=stage)}


def facts_of(form: str) -> dict[str, Any]:
    made: dict[str, Any] = deepcopy(dict(FORMS[form].example))
    return made


def test_every_form_of_the_regimes_is_there_and_none_claims_to_be_verified():
    assert set(FORMS) == EXPECTED
    assert all(form.verified_by is None for form in FORMS.values())


@EACH
def test_the_example_fills_all_that_is_ever_required(form):
    assert [f.text.en for f in check(form, fill(form, form.example), stage=STAGES[-1])] == []


@EACH
def test_an_empty_form_lacks_each_field_that_is_always_required(form):
    findings = check(form, fill(form, {}))

    always = {f"{form.id}.{a.id}" for a in form.fields if a.required.stage == STAGES[0] and a.required.when is None}
    assert {f.code for f in findings if f.state is Outcome.BLOCKED} >= always
    assert all(f.text.zh and f.text.en and f.fix.zh and f.fix.en and f.citation for f in findings)


@EACH
def test_what_conditions_rest_on_is_itself_required(form):
    """Otherwise a paper could stay undecided for ever."""
    fields = {asked.id: asked for asked in form.fields}
    for asked in form.fields:
        for test in condition.tests_of(asked.required.when) if asked.required.when else ():
            assert fields[test.fact].required.stage == STAGES[0]
            assert fields[test.fact].required.when is None


@EACH
def test_a_later_stage_never_asks_for_less(form):
    filled = fill(form, {})
    asked = [{f.code for f in check(form, filled, stage=stage)} for stage in STAGES]
    assert all(earlier <= later for earlier, later in pairwise(asked))


def test_a_need_may_hang_on_another_field():
    recall = facts_of("samr_record")
    recall["activity"]["type"] = "recall"

    assert codes("samr_record", facts_of("samr_record")) == set()
    assert codes("samr_record", recall) == {"recall_no"}
    assert codes("samr_record", recall, "complete") == set()


def test_while_it_is_not_known_the_need_is_not_either_and_that_holds():
    unknown = facts_of("samr_record")
    del unknown["activity"]["type"]
    findings = {f.code: f.state for f in check(FORMS["samr_record"], fill(FORMS["samr_record"], unknown))}

    assert findings == {"samr_record.activity_type": Outcome.BLOCKED, "samr_record.recall_no": Outcome.HOLD}


def test_what_comes_back_from_the_authority_is_asked_for_when_it_acknowledges():
    facts = facts_of("samr_record")
    del facts["receipt"]

    assert codes("samr_record", facts) == set()
    assert codes("samr_record", facts, "acknowledge") == {"receipt_no"}


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("purpose", 5, "purpose"),
        ("start", "2026-02-30", "release_on"),
        ("start", "20260301", "release_on"),
        ("quantity", -1, "quantity"),
        ("quantity", True, "quantity"),
        ("type", "other", "activity_type"),
        ("models", "many", "models"),
        ("models", [7], "models[0]"),
        ("models", [{"code": "X"}], "models[0].quantity"),
        ("seal_scan", {"name": "a.pdf", "sha256": "x"}, "seal_scan"),
    ],
)
def test_a_value_of_another_kind_is_named(path, value, code):
    facts = facts_of("samr_record")
    for part in (facts, facts["activity"], facts["plan"], facts["delivery"]):
        if path in part:
            part[path] = value

    assert code in codes("samr_record", facts)


def test_blank_is_not_given_and_no_rows_are_none():
    facts = facts_of("samr_record")
    facts["activity"]["purpose"] = " \n"
    facts["models"] = []

    assert codes("samr_record", facts) == {"purpose", "models"}


def test_bare_values_fill_a_list_with_one_column():
    facts = facts_of("deep_test_plan")
    facts["plan"]["functions"] = ["a", "b"]

    assert fill(FORMS["deep_test_plan"], facts).values["functions"] == [{"function": "a"}, {"function": "b"}]


def test_decimals_become_text_and_other_objects_are_refused():
    form = FORMS["samr_parameters"]
    facts = facts_of("samr_parameters")
    facts["parameters"] |= {"speed_min": 0.5, "speed_max": 130.0, "hands_off_warning": 1e-7}

    values = fill(form, facts).values
    assert [values[k] for k in ("speed_min", "speed_max", "hands_off_warning")] == ["0.5", "130", "0.0000001"]
    for bad in (float("nan"), float("inf"), b"x", date(2026, 1, 1)):
        with pytest.raises(NotPlain):
            fill(form, {"model": {"code": bad}})


@given(DOCUMENTS)
def test_any_facts_can_be_filled_in_and_checked(facts):
    form = FORMS["samr_record"]
    filled = fill(form, {"activity": facts, "models": facts, "plan": facts, "quantity": facts})

    assert check(form, filled)
    assert canonical(dict(filled.values))
    assert len(filled.digest) == 64


def test_a_paper_begun_before_the_form_was_in_force_finds_none():
    assert "incident_initial" not in load_forms(day=date(2025, 2, 24))
    assert "incident_initial" in load_forms(day=date(2025, 2, 25))
    assert set(every_form()) == {(form.id, form.version) for form in FORMS.values()}


Edit = Callable[[dict[str, Any]], Any]
NAME = "cn/forms/samr_record.yaml"


def asked(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return next(f for section in raw[NAME]["sections"] for f in section["fields"] if f["id"] == name)


def change(name: str, **fields: Any) -> Edit:
    return lambda raw: asked(raw, name).update(fields)


def again(**fields: Any) -> Edit:
    def edit(raw: dict[str, Any]) -> None:
        raw["second"] = deepcopy(raw[NAME])
        raw["second"].update(fields)

    return edit


REFUSED: dict[str, tuple[Edit, str]] = {
    "unknown field": (lambda r: r[NAME].update(colour="red"), "samr_record: unknown field colour"),
    "unknown clause": (lambda r: r[NAME].update(cites=["N45-99"]), "cites N45-99"),
    "no clause": (lambda r: r[NAME].update(cites=[]), "cites no clause"),
    "nobody": (lambda r: r[NAME].update(authority=[]), "must list recipients"),
    "no date": (lambda r: r[NAME].pop("since"), "since is missing"),
    "verified_by unsaid": (lambda r: r[NAME].pop("verified_by"), "verified_by is missing"),
    "no sections": (lambda r: r[NAME].update(sections=[]), "asks for nothing"),
    "empty section": (lambda r: r[NAME]["sections"][0].update(fields=[]), "section has no fields"),
    "no English": (lambda r: asked(r, "purpose")["label"].pop("en"), "purpose: label: en is missing"),
    "unknown type": (change("purpose", type="colour"), "type is 'colour'"),
    "bad id": (change("purpose", id="Purpose"), "use small letters"),
    "doubled id": (change("purpose", id="content"), "stands twice"),
    "bad path": (change("purpose", source="a..b"), "write a path like"),
    "unknown stage": (change("purpose", required={"from": "never"}), "from is 'never'"),
    "unknown need": (change("purpose", required="sometimes"), "required is 'sometimes'"),
    "unknown operator": (change("purpose", required={"when": {"quantity": {"like": 1}}}), "unknown operator 'like'"),
    "unknown other field": (change("purpose", required={"when": {"x": {"eq": 1}}}), "asks for x, which is no field"),
    "impossible word": (
        change("purpose", required={"when": {"activity_type": {"eq": "post"}}}),
        "can never be true",
    ),
    "impossible kind": (change("purpose", required={"when": {"quantity": {"ge": "9"}}}), "can never be true"),
    "order of texts": (change("purpose", required={"when": {"activity_no": {"ge": "9"}}}), "can never be true"),
    "one word": (change("ota_type", values={"sota": {"zh": "一", "en": "one"}}), "at least two words"),
    "list without columns": (change("models", columns=[]), "columns belong to a list"),
    "columns without list": (change("purpose", columns=[{}]), "purpose"),
    "conditional column": (
        lambda r: asked(r, "models")["columns"][0].update(required={"when": {"quantity": {"ge": 1}}}),
        "a column has no condition",
    ),
    "example incomplete": (lambda r: r[NAME]["example"].pop("quantity"), "example: “Vehicles in all” is missing"),
    "example unused": (lambda r: r[NAME]["example"].update(colour="red"), "no field takes colour"),
    "example row unused": (lambda r: r[NAME]["example"]["models"][0].update(x="y"), "no field takes models.x"),
    "twice the same version": (again(), "version 1.0.0 stands twice"),
    "two in force": (again(version="2.0.0", since="2026-01-01"), "are in force at once"),
}


@pytest.mark.parametrize(("edit", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_an_unfit_form_is_refused_and_says_where(edit, says):
    raw = deepcopy(RAW)
    edit(raw)

    with pytest.raises(Unusable) as caught:
        assemble_forms(raw, TEXTS)

    assert says in caught.value.message
    assert re.match(r"(cn/forms/samr_record.yaml|second) line \d+: ", caught.value.message)
    assert re.search("[\u4e00-\u9fff]", caught.value.text.zh)


def test_a_new_version_follows_the_old_one():
    raw = deepcopy(RAW)
    raw[NAME]["until"] = "2026-01-01"
    again(version="2.0.0", since="2026-01-01")(raw)
    raw["second"].pop("until")

    versions = assemble_forms(raw, TEXTS)
    assert versions["samr_record", "1.0.0"].in_force(date(2025, 12, 31))
    assert versions["samr_record", "2.0.0"].in_force(date(2026, 1, 1))
    assert versions["samr_record", "1.0.0"].digest != versions["samr_record", "2.0.0"].digest


def test_the_two_papers_of_one_activity_take_shared_facts_from_the_same_places():
    """So that what both authorities read agrees field by field."""
    miit = {a.id: a.source for a in FORMS["miit_activity"].fields}
    samr = {a.id: a.source for a in FORMS["samr_record"].fields}
    shared = miit.keys() & samr.keys()

    assert {"producer_uscc", "activity_no", "models", "quantity", "package_sha256", "purpose"} <= shared
    assert {name: miit[name] for name in shared} == {name: samr[name] for name in shared}
