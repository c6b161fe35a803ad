"""The gate over real registries: what a release changes, which papers count, and for which vehicles."""

from collections.abc import Mapping
from typing import Any

import pytest

from roadworthy.campaigns.rules import target_digest
from roadworthy.database import Database
from roadworthy.filings import actions as filings
from roadworthy.filings.model import FilingKind, Scope
from roadworthy.fleet import actions as fleet
from roadworthy.kernel.decision import Outcome
from roadworthy.kernel.time import SetTime
from roadworthy.products import actions as products
from roadworthy.products.model import TypId
from roadworthy.releases import actions
from roadworthy.releases.model import Release
from roadworthy.releases.rules import Cars

from .upgrades import MANUFACTURER, Company, company

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])  # the SQL is proved elsewhere on both
SOLD = Cars(sold=True, test_fleet=False)


@pytest.fixture
def co(database: Database, time: SetTime) -> Company:
    return company(database, time)


def judge(
    co: Company, release: Release, code: str = "EX1", *, kinds: tuple[Cars, ...] = (SOLD,), digest: str = ""
) -> actions.Judgement:
    """Ask as a campaign does, over these kinds of vehicles."""
    scope = actions.Scope(frozenset(kinds), lambda _types: digest)
    with co.database.read() as view:
        return actions.judge(view, co.regime, release, co.types[code], scope)


def states(judged: actions.Judgement) -> dict[str, str]:
    return {finding.code: str(finding.state) for finding in judged.decision.findings}


def changed(judged: actions.Judgement) -> Mapping[str, tuple[Any, Any]]:
    return {c["name"]: (c["before"], c["after"]) for c in judged.facts.get("changed_parameters") or ()}


def test_a_general_release_opens_with_its_filings_and_rests_on_all_of_them(co: Company) -> None:
    release = co.release()
    before = judge(co, release)
    filed = co.clear(release)
    after = judge(co, release)

    assert before.decision.outcome is Outcome.BLOCKED
    assert {t for t, s in states(before).items() if s != "open"} == {
        "ACT",
        "SAMR",
        "HASH",
        "SCOPE",
        "SAMR-LEAD",
        "FACTS",
    }
    assert after.decision.is_open
    assert (after.labels, after.tier, after.model_code) == (("general",), "T1", "EX1")
    assert set(filed) <= set(after.filing_ids)
    assert len(after.filing_ids) == 4


# What the release changes


@ONE_DATABASE
def test_a_main_parameter_needs_a_permit_for_that_very_value(co: Company) -> None:
    release = co.release({"speed_max": "130", "theme": "noon"})
    co.clear(release)
    assert states(judge(co, release))["PARAM"] == "blocked"

    co.permit({"speed_max": "125"})
    assert states(judge(co, release))["PARAM"] == "blocked"
    granted = co.permit({"speed_max": "130"})
    judged = judge(co, release)

    assert judged.decision.is_open
    assert (judged.labels, judged.tier) == (("parameters",), "T2b")
    assert granted in judged.filing_ids
    assert changed(judged) == {"speed_max": ("120", "130"), "theme": ("dawn", "noon")}


@ONE_DATABASE
def test_what_a_touched_ecu_can_influence_and_nobody_declares_is_unknown(co: Company) -> None:
    release = co.release({"theme": "dawn"})
    co.clear(release)
    judged = judge(co, release)
    assert judged.decision.outcome is Outcome.HOLD
    assert judged.facts["main_parameters_changed"] is None
    assert judged.labels == ()


@ONE_DATABASE
def test_an_ecu_of_which_nobody_knows_what_it_influences_is_unknown(co: Company) -> None:
    co.ecu("EX1", "DARK", influences=None)
    release = co.release({"speed_max": "120", "theme": "dawn"}, ecu="DARK")
    co.clear(release)
    assert judge(co, release).facts["main_parameters_changed"] is None


@ONE_DATABASE
def test_two_ecus_that_contradict_each_other_make_the_value_unknown(co: Company) -> None:
    other = co.ecu("EX1", "TWIN", influences=("speed_max",))
    co.tick()
    ecus = [co.ecus["EX1/ADCU"], other]
    release = actions.create(co.database, co.engineer, actions.Draft("two", "1", [co.types["EX1"]], ecus))
    actions.declare(co.database, co.engineer, release.id, ecus[0], {"speed_max": "120", "theme": "dawn"})
    actions.declare(co.database, co.engineer, release.id, other, {"speed_max": "130"})
    assert judge(co, release).facts["main_parameters_changed"] is None

    actions.declare(co.database, co.engineer, release.id, other, {"speed_max": "120"})
    assert judge(co, release).facts["main_parameters_changed"] is False


@ONE_DATABASE
def test_a_parameter_whose_flag_is_unknown_counts_as_main(co: Company) -> None:
    co.register("EX1", {"unsure": "a"})
    release = co.release({"speed_max": "120", "theme": "dawn", "unsure": "b"})
    assert judge(co, release).labels == ("parameters",)


def test_registering_the_permitted_value_does_not_turn_the_release_into_a_general_one(co: Company) -> None:
    release = co.release({"speed_max": "130", "theme": "dawn"})
    co.clear(release)
    co.permit({"speed_max": "130"})
    co.register("EX1", {"speed_max": "130"}, "change_permit")
    judged = judge(co, release)

    assert judged.labels == ("parameters",)
    assert changed(judged) == {"speed_max": ("120", "130")}
    assert judged.decision.is_open


@ONE_DATABASE
def test_what_was_no_change_becomes_one_when_the_type_moves_on(co: Company) -> None:
    release = co.release()
    co.clear(release)
    assert judge(co, release).decision.is_open
    co.register("EX1", {"speed_max": "130"}, "change_permit")
    judged = judge(co, release)

    assert changed(judged) == {"speed_max": ("130", "120")}
    assert states(judged)["PARAM"] == "blocked"


@ONE_DATABASE
def test_a_value_registered_after_submission_settles_what_was_unknown_unless_a_permit_brought_it(co: Company) -> None:
    co.ecu("EX1", "MORE", influences=("unsure",))
    by_permit, by_supplement = (co.release({"unsure": "b"}, ecu="MORE") for _ in range(2))
    assert judge(co, by_permit).facts["main_parameters_changed"] is None

    co.register("EX1", {"unsure": "b"}, "change_permit")
    assert judge(co, by_permit).facts["main_parameters_changed"] is None
    co.register("EX1", {"unsure": "a"}, "annex2_supplement")
    assert changed(judge(co, by_supplement)) == {"unsure": ("a", "b")}


# How it is sent


@ONE_DATABASE
def test_a_campaign_sends_over_the_air_whatever_the_release_says_of_itself(co: Company) -> None:
    for delivery in ("workshop", "cloud_only", "on_vehicle_restore", "remote_enable"):
        release = co.release(delivery=delivery)
        judged = judge(co, release)
        assert judged.facts["delivery"] == "ota"
        assert judged.decision.outcome is Outcome.BLOCKED
    with co.database.read() as view:
        assert actions.judge(view, co.regime, release, co.types["EX1"]).facts["delivery"] == "remote_enable"


@ONE_DATABASE
def test_content_alone_is_content_only_while_nothing_else_is_unknown_or_changed(co: Company) -> None:
    plain = co.release(content_only=True)
    assert judge(co, plain).report["models"][0]["outcome"] == "content_only"
    assert judge(co, plain).decision.is_open

    undeclared = co.release({"theme": "dawn"}, content_only=True)
    assert judge(co, undeclared).facts["content_only_data"] is None
    assert not judge(co, undeclared).decision.is_open
    actions.state_answer(co.database, co.officer, plain.id, "performance_change.energy", True)
    assert judge(co, plain).facts["content_only_data"] is False
    assert judge(co, plain).decision.outcome is Outcome.BLOCKED


# For which vehicles


@ONE_DATABASE
def test_each_kind_of_vehicle_brings_its_own_gates_and_the_strictest_stands(co: Company) -> None:
    stock, test = Cars(sold=False, test_fleet=False), Cars(sold=False, test_fleet=True)
    release = co.release()
    assert judge(co, release, kinds=(test,)).decision.is_open  # out of scope: only the product's own conditions

    co.clear(release)
    assert judge(co, release, kinds=(SOLD, test)).decision.is_open
    mixed = judge(co, release, kinds=(SOLD, stock, test))
    assert states(mixed)["COP"] == "hold"
    assert states(mixed)["SAMR"] == "open"
    assert (mixed.labels, mixed.tier) == (("general",), "T1")
    co.built()
    assert judge(co, release, kinds=(SOLD, stock, test)).decision.is_open


@ONE_DATABASE
def test_without_a_campaign_the_cars_of_the_fleet_are_judged_and_none_counts_as_sold(co: Company) -> None:
    release = co.release()
    with co.database.read() as view:
        kinds = [m["sold"] for m in actions.judge(view, co.regime, release, co.types["EX1"]).facts["target_models"]]
    assert kinds == [True]
    co.cars(sold=False)
    co.cars(sold=False, test_fleet=True)
    with co.database.read() as view:
        found = actions.judge(view, co.regime, release, co.types["EX1"]).facts["target_models"]
    assert [(m["sold"], m["test_fleet"]) for m in found] == [(False, True), (False, False)]


@ONE_DATABASE
def test_a_filing_for_a_vin_set_covers_that_set_and_no_other(co: Company) -> None:
    release = co.release()
    mine, others = (target_digest([car.vin for car in co.cars()]) for _ in range(2))
    co.clear(release, vin_set_digest=mine)

    assert judge(co, release, digest=mine).decision.is_open
    assert states(judge(co, release, digest=others))["SCOPE"] == "blocked"
    with co.database.read() as view:
        assert actions.judge(view, co.regime, release, co.types["EX1"]).facts["vins_outside_filed_scope"] is None


@ONE_DATABASE
def test_either_filing_for_another_vin_set_blocks(co: Company) -> None:
    release = co.release()
    co.clear(release)
    assert release.package is not None
    narrow = Scope((co.types["EX1"],), release.id, release.package.sha256, "c" * 64)
    co.file(FilingKind.SAMR_RECORD, narrow)  # the newest record counts
    assert states(judge(co, release, digest="d" * 64))["SCOPE"] == "blocked"


@ONE_DATABASE
def test_filed_bytes_that_are_not_the_released_ones_are_named_by_hash(co: Company) -> None:
    release = co.release()
    scope = Scope((co.types["EX1"],), release.id, "f" * 64)
    for kind in (FilingKind.MIIT_ACTIVITY, FilingKind.SAMR_RECORD):
        co.file(kind, scope)
    judged = judge(co, release)
    assert states(judged)["HASH"] == "blocked"
    assert states(judged)["ACT"] == "blocked"


@ONE_DATABASE
def test_an_imported_model_is_judged_by_what_samr_holds(co: Company) -> None:
    co.model("IMP", filed=False, imported=True, licensed_manufacturer=None, annex2_supplemented=False)
    release = co.release(codes=("IMP",))
    co.clear(release)
    judged = judge(co, release, "IMP")
    assert judged.decision.is_open
    assert not {"ENT", "TYPE", "ACT", "PARAMREG"} & set(states(judged))


# Papers


@ONE_DATABASE
def test_a_paper_counts_to_the_end_of_its_last_day_in_beijing_and_bounds_the_answer(co: Company) -> None:
    release = co.release()
    assert release.package is not None
    scope = Scope((co.types["EX1"],), release.id, release.package.sha256)
    co.file(FilingKind.MIIT_ACTIVITY, scope, valid_until=co.day(1))
    co.file(FilingKind.SAMR_RECORD, scope, valid_until=co.day(3))
    judged = judge(co, release)
    assert judged.valid_until is not None
    assert judged.valid_until.isoformat() == co.day(1)

    co.tick(hours=13, days=1)  # 23:00 of the last day in Beijing
    assert judge(co, release).decision.is_open
    co.tick(hours=1)
    assert states(judge(co, release))["ACT"] == "blocked"


@ONE_DATABASE
def test_a_recall_needs_a_plan_that_names_this_release_or_its_package(co: Company) -> None:
    release = co.release()
    co.clear(release)
    for fact, value in (("defect_removed", "yes"), ("sellers_told", True), ("production_sale_stopped", True)):
        actions.state_answer(co.database, co.recall, release.id, fact, value)
    types = (co.types["EX1"],)
    co.file(FilingKind.RECALL_PLAN, Scope(types))
    assert states(judge(co, release))["RECALL"] == "blocked"

    plan = co.file(FilingKind.RECALL_PLAN, Scope(types, release.id))
    assert judge(co, release).decision.is_open
    assert plan in judge(co, release).filing_ids
    filings.withdraw(co.database, co.second, plan, "amended")
    assert states(judge(co, release))["RECALL"] == "blocked"
    assert release.package is not None
    co.file(FilingKind.RECALL_PLAN, Scope(types, None, release.package.sha256))
    assert judge(co, release).decision.is_open


@ONE_DATABASE
def test_the_swin_moves_once_whoever_is_approved_later(co: Company) -> None:
    co.ecu("EX1", "BRK", approval_relevant=True)
    first, second = co.draft(ecu="BRK", swin="S1"), co.draft(ecu="BRK", swin="S1")
    for release in (second, first):
        co.fill(release, {})
        actions.submit(co.database, co.engineer, release.id)
        co.tick()
        actions.approve(co.database, co.manager, release.id)
    assert judge(co, second).facts["swin_moved"] is True
    assert judge(co, first).facts["swin_moved"] is False
    actions.withdraw(co.database, co.manager, second.id)
    assert judge(co, first).facts["swin_moved"] is False  # it may be on vehicles all the same
    assert judge(co, co.release({}, ecu="BRK")).facts["swin_moved"] is False


@ONE_DATABASE
def test_a_model_without_its_manufacturer_is_unknown_and_no_error(co: Company) -> None:
    co.model("NEW", licensed_manufacturer=MANUFACTURER)
    release = co.release(codes=("NEW",))
    products.amend_vehicle_type(co.database, co.officer, TypId(co.types["NEW"]), licensed_manufacturer="Other Motor")
    assert states(judge(co, release, "NEW"))["ENT"] == "blocked"


@ONE_DATABASE
def test_a_sold_test_vehicle_is_no_test_vehicle(co: Company) -> None:
    cars = co.cars(sold=False, test_fleet=True)
    fleet.amend_vehicle(co.database, co.officer, cars[0].id, sold=True)
    release = co.release()
    with co.database.read() as view:
        found = actions.judge(view, co.regime, release, co.types["EX1"]).facts["target_models"]
    assert [(m["sold"], m["test_fleet"]) for m in found] == [(True, False), (False, True)]
