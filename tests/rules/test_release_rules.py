"""Laws of the release rules: what a person may state, what is computed, and that unknown never opens the gate."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy import law
from roadworthy.kernel.decision import Finding, Outcome, Text
from roadworthy.kernel.errors import NotPermitted, Unusable
from roadworthy.law.facts import check_facts
from roadworthy.releases import rules
from roadworthy.releases.model import DosId, Dossier, DossierItem, DossierKind, Package, Release, RelId, Sbom
from roadworthy.releases.rules import Cars, Change, Target, World

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
ROLES = sorted({role for role, _ in rules.DECLARABLE.values()})
WORDS = st.text("abc", min_size=1, max_size=4)
VALUES = st.one_of(WORDS, st.booleans(), st.integers(-9, 9), st.lists(WORDS, max_size=3))
MAYBE = st.sampled_from([True, False, None])


@cache
def packs() -> law.Packs:
    return law.load_packs()


# What a person may state


@given(st.text(max_size=20) | st.sampled_from(sorted(packs().vocabulary.facts)), VALUES)
def test_a_fact_outside_the_table_is_refused_whoever_says_it(fact: str, value: object) -> None:
    if fact not in rules.DECLARABLE:
        with pytest.raises(Unusable, match="cannot be stated"):
            rules.check_answer(fact, value, frozenset(ROLES))


def test_what_is_computed_or_filed_cannot_be_stated() -> None:
    computed = {
        "main_parameters_changed", "changed_parameters", "change_permit_granted", "content_only_data", "delivery",
        "reaches_vehicle", "released_hash_equals_filed", "vins_outside_filed_scope", "swin_moved", "filings",
        "target_models", "recall_plan_filed", "user_confirmation", "ads_partition_touched", "company_safety_policy",
        "ads_permission_granted", *DossierKind,
    }  # fmt: skip
    assert not computed & set(rules.DECLARABLE)


def test_every_declarable_fact_is_one_of_the_vocabulary_with_values_of_its_domain() -> None:
    known = packs().vocabulary
    for fact, (_, allowed) in rules.DECLARABLE.items():
        for value in allowed:
            head, _, leaf = fact.partition(".")
            check_facts({head: {leaf: value} if leaf else value}, known)


@given(st.sampled_from(sorted(rules.DECLARABLE)), st.sets(st.sampled_from([*ROLES, "auditor", "administrator"])))
def test_exactly_the_named_role_states_a_fact(fact: str, roles: set[str]) -> None:
    role, allowed = rules.DECLARABLE[fact]
    if role in roles:
        for value in allowed:
            rules.check_answer(fact, value, frozenset(roles))
    else:
        with pytest.raises(NotPermitted, match=role):
            rules.check_answer(fact, allowed[0], frozenset(roles))


@given(st.sampled_from(sorted(rules.DECLARABLE)), VALUES | st.none() | st.floats())
def test_a_value_outside_the_domain_is_refused(fact: str, value: object) -> None:
    role, allowed = rules.DECLARABLE[fact]
    if not any(type(value) is type(one) and value == one for one in allowed):
        with pytest.raises(Unusable, match="is one of"):
            rules.check_answer(fact, value, frozenset([role]))


# The parameter difference

CHANGES = st.lists(
    st.builds(Change, WORDS, MAYBE, VALUES, VALUES, st.sampled_from(["", "km/h"])),
    max_size=4,
    unique_by=lambda c: c.name,
)


@given(CHANGES, st.lists(WORDS, max_size=2))
def test_main_is_certain_or_excluded_or_unknown(changes: list[Change], undeclared: list[str]) -> None:
    facts = rules.parameters_fact(changes, undeclared)
    certain = any(change.is_main is not False for change in changes)
    assert facts["main_parameters_changed"] is (True if certain else None if undeclared else False)


@given(CHANGES, st.lists(WORDS, max_size=2))
def test_changes_are_listed_and_an_unknown_flag_counts_as_main(changes: list[Change], undeclared: list[str]) -> None:
    facts = rules.parameters_fact(changes, undeclared)
    if changes:
        assert [c["is_main"] for c in facts["changed_parameters"]] == [c.is_main is not False for c in changes]
    else:
        assert ("changed_parameters" in facts) is not bool(undeclared)


@given(st.lists(st.dictionaries(WORDS, VALUES, max_size=3), max_size=3))
def test_a_parameter_keeps_one_value_or_none_at_all(declared: list[dict[str, Any]]) -> None:
    joined = rules.after_values(declared)
    for key in {key for values in declared for key in values}:
        told = [values[key] for values in declared if key in values]
        if all(type(one) is type(told[0]) and one == told[0] for one in told):
            assert joined[key] == told[0]
        else:
            assert key not in joined
    assert joined == rules.after_values(list(reversed(declared)))


@given(CHANGES, CHANGES)
def test_a_change_at_submission_stays_one_and_one_of_now_is_added(frozen: list[Change], now: list[Change]) -> None:
    joined = {change.name: change for change in rules.joined(frozen, now)}
    assert {c.name: c for c in frozen}.items() <= joined.items()
    assert set(joined) == {c.name for c in [*frozen, *now]}


# What was filed

HASHES = st.sampled_from(["a", "b", None])


@given(HASHES, st.lists(HASHES, max_size=3))
def test_bytes_are_the_filed_ones_only_when_every_filing_says_so(released: str | None, filed: list[str | None]) -> None:
    same = rules.released_equals_filed(released, filed)
    assert (same is True) == (released is not None and bool(filed) and all(one == released for one in filed))
    assert same is not False or any(one not in (None, released) for one in filed)


@given(st.lists(MAYBE, max_size=3))
def test_vehicles_are_inside_only_when_every_filing_agrees(agrees: list[bool | None]) -> None:
    outside = rules.outside_filed(agrees)
    assert (outside == 0) == (bool(agrees) and all(agrees))
    assert (outside == 1) == (False in agrees)


# The whole object

PACKAGE = Package("n/1/f", "f", "a" * 64, "b" * 40, "c" * 32, 1, ("hw",), 1)
RELEASES = st.builds(
    Release, st.just(RelId("REL-01KJNN0Y000000000000000000")), WORDS, WORDS,
    st.sampled_from(["draft", "submitted", "approved", "withdrawn"]),
    st.sampled_from(["ota", "remote_enable", "cloud_only", "workshop", "on_vehicle_restore"]), st.booleans(),
    st.just(("TYP-1",)), st.just(("ECU-1",)), st.none() | st.dates(date(2024, 1, 1), date(2028, 12, 31)), WORDS,
    st.just("USR-1"), st.sampled_from([None, "USR-1", "USR-2"]), st.just(NOW), st.none(),
    st.sampled_from([None, PACKAGE]),
)  # fmt: skip
ITEMS = st.builds(
    DossierItem, st.just(DosId("DOS-1")), st.just(RelId("REL-1")), st.sampled_from(list(DossierKind)), st.just("f"),
    st.just("a" * 64), st.just("USR-1"), st.sampled_from([None, "USR-2"]),
)  # fmt: skip
ANSWERED = st.fixed_dictionaries(
    {}, optional={fact: st.sampled_from(allowed) for fact, (_, allowed) in rules.DECLARABLE.items()}
)
DOSSIERS = st.builds(
    Dossier, st.lists(ITEMS, max_size=9).map(tuple), ANSWERED, st.just({}),
    st.sampled_from([None, Sbom(RelId("REL-1"), "a" * 64, "1.6", 3)]),
)  # fmt: skip
KINDS = (Cars(True, False), Cars(False, False), Cars(False, True))
TARGETS = st.builds(
    Target, WORDS, st.integers(0, 5), st.sampled_from([None, "", "Example"]), st.booleans(), st.booleans(),
    st.sets(st.sampled_from(KINDS), min_size=1).map(tuple), st.booleans(), st.booleans(), CHANGES.map(tuple),
    st.lists(WORDS, max_size=2).map(tuple), st.booleans(),
)  # fmt: skip
DAYS = st.dates(date(2025, 6, 1), date(2026, 3, 1)).map(date.isoformat)
STATES = st.sampled_from(["none", "submitted", "valid"])
FILINGS = st.fixed_dictionaries(
    {
        "miit_enterprise": st.fixed_dictionaries({"state": STATES}),
        "miit_type": st.fixed_dictionaries({"state": STATES}),
        "miit_activity": st.fixed_dictionaries({"state": STATES}, optional={"submitted_on": DAYS}),
        "samr_record": st.fixed_dictionaries(
            {"state": STATES}, optional={"submitted_on": DAYS, "package_delivered_on": DAYS}
        ),
    }
)
WORLDS = st.builds(
    World, st.just("Example"), st.sampled_from(["ota", "workshop", "cloud_only"]), FILINGS, st.booleans(), MAYBE,
    st.sampled_from([None, 0, 1]), st.booleans(), st.booleans(),
)  # fmt: skip


@settings(deadline=None)
@given(RELEASES, DOSSIERS, TARGETS, WORLDS)
def test_facts_are_in_the_vocabulary_whatever_the_registries_say(
    release: Release, dossier: Dossier, target: Target, world: World
) -> None:
    facts = rules.facts_of(release, dossier, target, world)
    check_facts(facts, packs().vocabulary)
    assert len(facts["target_models"]) == len(target.cars)


@given(RELEASES, DOSSIERS, TARGETS)
def test_data_alone_is_nobodys_word(release: Release, dossier: Dossier, target: Target) -> None:
    said = rules.content_only(release, dossier, target)
    performance = [
        dossier.answers.get(f"performance_change.{p}") for p in ("safety", "environment", "energy", "anti_theft")
    ]
    if said is True:
        assert release.content_only
        assert not target.changes
        assert not target.undeclared
        assert performance == [False] * 4
    if (
        release.content_only
        and not target.changes
        and (target.undeclared or None in performance)
        and True not in performance
    ):
        assert said is None


@settings(max_examples=25, deadline=None)  # the law looks for what would change, which takes its time
@given(RELEASES, DOSSIERS, TARGETS, WORLDS)
def test_the_gate_opens_only_when_law_and_readiness_both_say_open(
    release: Release, dossier: Dossier, target: Target, world: World
) -> None:
    report = law.classify(rules.facts_of(release, dossier, target, world), packs(), NOW).to_json()
    own = rules.readiness(release, dossier)
    decision = rules.gate(report, own)

    assert decision.is_open == (report["decision"] == "open" and all(f.state is Outcome.OPEN for f in own))
    codes = [finding.code for finding in decision.findings]
    assert len(codes) == len(set(codes))
    if not decision.is_open:
        closed = [f for f in decision.findings if f.state is not Outcome.OPEN]
        assert closed or report["decision"] != "open"
    for model in report["models"]:
        if model["missing_facts"]:
            assert "FACTS" in codes


@given(RELEASES, DOSSIERS)
def test_ready_means_package_bill_and_a_second_person(release: Release, dossier: Dossier) -> None:
    states = {finding.code: finding.state for finding in rules.readiness(release, dossier)}
    assert (states["PACKAGE"] is Outcome.OPEN) == (release.package is not None)
    assert (states["SBOM"] is Outcome.OPEN) == (dossier.sbom is not None)
    approved = release.status == "approved" and release.approver_id not in (None, release.author_id)
    assert (states["APPROVAL"] is Outcome.OPEN) == approved


OPEN_MODEL = {"missing_facts": [], "gates_open": [], "gates_blocked": [], "decision": "open"}
ENTRY = {"token": "COP", "text": {"zh": "一", "en": "one"}, "citation": "N45-2d", "fix": {"zh": "", "en": ""}}
READY = Finding("PACKAGE", Outcome.OPEN, Text("", ""))


@pytest.mark.parametrize("word", ["hold", "blocked"])
def test_the_law_s_word_counts_although_no_gate_carries_it(word: str) -> None:
    assert rules.gate({"models": [{**OPEN_MODEL, "decision": word}]}, [READY]).outcome == word


def test_nothing_at_all_is_no_yes() -> None:
    assert rules.gate({"models": []}, [READY]).outcome is Outcome.HOLD
    assert rules.gate({"models": [OPEN_MODEL]}, []).outcome is Outcome.HOLD


def test_of_two_kinds_of_vehicles_the_stricter_answer_stands() -> None:
    met = {**OPEN_MODEL, "gates_open": [ENTRY]}
    unmet = {**OPEN_MODEL, "gates_blocked": [{**ENTRY, "state": "blocked"}], "decision": "blocked"}
    for models in ([met, unmet], [unmet, met]):
        decision = rules.gate({"models": models}, [READY])
        assert decision.outcome is Outcome.BLOCKED
        assert [(f.code, f.state) for f in decision.findings] == [("COP", "blocked"), ("PACKAGE", "open")]
