"""The table of reactions: each kind of event, what is asked again, and what a failure leaves behind."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select

from roadworthy import reactions
from roadworthy.admission import actions as admission
from roadworthy.admission import store as admission_store
from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns import store
from roadworthy.campaigns.model import Campaign, CmpId
from roadworthy.database import Actor
from roadworthy.database.schema import event, pending
from roadworthy.filings import actions as filings
from roadworthy.filings import store as filings_store
from roadworthy.filings.model import FilingKind, Scope
from roadworthy.fleet import actions as fleet
from roadworthy.fleet import store as fleet_store
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Broken
from roadworthy.products import actions as products
from roadworthy.products.model import EcuId, ParameterDefinition, ParameterType, TypId
from roadworthy.releases import actions as releases
from roadworthy.rulebook import actions as rulebook
from tests import papers
from tests.rooms.upgrades import Company
from tests.rulebook.conftest import Rulebook
from tests.rulebook.packs import SHIPPED, STRICT

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])


def waiting(co: Company) -> list[str]:
    query = select(event.c.kind).join(pending, pending.c.event_seq == event.c.seq)
    with co.database.read() as view:
        return [row.kind for row in view.all(query.where(pending.c.consumer == "reactions").order_by(event.c.seq))]


def status(co: Company, campaign: Campaign) -> str:
    with co.database.read() as view:
        return store.get(view, campaign.id).status


def ending(verb: Callable[..., object]) -> Callable[[Company, Campaign], None]:
    """Take a paper out of force on which the campaign rests."""

    def act(co: Company, campaign: Campaign) -> None:
        with co.database.read() as view:
            (lease,) = store.decisions(view, campaign.id)
        verb(co.database, co.second, lease.filing_ids[0], "wrong form")

    return act


def expire_filing(co: Company, campaign: Campaign) -> None:
    with co.database.read() as view:
        package = releases.judging.store.package_of(view, campaign.release_id)
    assert package is not None
    scope = Scope((co.types["EX1"],), None, package.sha256)
    short = co.file(FilingKind.MIIT_ACTIVITY, scope, valid_until=co.day())
    assert campaigns.recheck(co.database, co.regime, campaign.id, 24)  # now it rests on the newest
    with co.database.read() as view:
        older = filings_store.list_filings(view, kind=str(FilingKind.MIIT_ACTIVITY))[0]
    filings.withdraw(co.database, co.second, older.id, "replaced")
    co.tick(days=1)
    filings.expire(co.database, Actor("system:worker"), short)


def answer(co: Company, campaign: Campaign) -> None:
    releases.state_answer(co.database, co.recall, campaign.release_id, "open_defect_investigation", True)


def withdraw_release(co: Company, campaign: Campaign) -> None:
    releases.withdraw(co.database, co.manager, campaign.release_id)


def register(co: Company, campaign: Campaign) -> None:
    co.register("EX1", {"speed_max": "140"})


def raise_level(co: Company, campaign: Campaign) -> None:
    products.amend_vehicle_type(co.database, co.officer, co.types["EX1"], annex2_supplemented=False)


def determine_influence(co: Company, campaign: Campaign) -> None:
    ecu = EcuId(co.ecus["EX1/ADCU"])
    products.amend_ecu(co.database, co.officer, ecu, influences=("speed_max", "theme", "unsure"))


def change_flag(co: Company, campaign: Campaign) -> None:
    products.amend_parameter(co.database, co.officer, "theme", is_main=True)


def sell_to_stock(co: Company, campaign: Campaign) -> None:
    with co.database.read() as view:
        car = fleet_store.page_vehicles(view, campaigns.targets.EVERY, limit=1)[0]
    fleet.amend_vehicle(co.database, Actor(co.officer.id, frozenset({"compliance_officer"})), car.id, sold=False)


def build_otherwise(co: Company, campaign: Campaign) -> None:
    co.built(values={"speed_max": "150"})


def ask_for_more(co: Company, campaign: Campaign) -> None:
    more = ParameterDefinition("lidar", Text("激光雷达", "lidar"), ParameterType.BOOL, "", None, None, annex2=True)
    products.define_parameter(co.database, co.officer, more)


def retire_number(co: Company, campaign: Campaign) -> None:
    number = {"value": "S1", "regulation": "GB 44497", "valid_from": co.day(-1)}
    made = admission.propose_swin(co.database, co.officer, TypId(co.types["EX1"]), **number)
    admission.register_swin(co.database, co.second, made.id)
    admission.link_software(co.database, co.officer, made.id, co.ecus["EX1/ADCU"], campaign.release_id)
    assert campaigns.recheck(co.database, co.regime, campaign.id, 24)
    admission.retire_swin(co.database, co.officer, made.id)


HOLDS: dict[str, Callable[[Company, Campaign], None]] = {
    "filing.withdrawn": ending(filings.withdraw),
    "filing.suspended": ending(filings.suspend),
    "filing.revoked": ending(filings.revoke),
    "filing.closed": ending(filings.close),
    "filing.expired": expire_filing,
    "release.withdrawn": withdraw_release,
    "fact.answered": answer,
    "values.registered": register,
    "vehicle_type.amended": raise_level,
    "vehicle.amended": sell_to_stock,
    "ecu.amended": determine_influence,
    "parameter.amended": change_flag,
    "parameter.defined": ask_for_more,
    "finding.opened": build_otherwise,
    "swin.retired": retire_number,
}


def test_every_kind_of_the_table_is_tried_below() -> None:
    # the reports of campaigns (completed, stopped, accepted) are told in tests/story/test_reports.py
    others = {"campaign.completed", "campaign.stopped", "filing.accepted", "activation.took_effect"}
    # packets that arrive or are cancelled: tests/story/test_filing.py, tests/filings/test_by_hand.py
    others |= {"dispatch.sent", "dispatch.found", "dispatch.confirmed", "dispatch.cancelled"}
    others |= {"filing.superseded"}  # another paper took its place at once: below
    # a model loses its supplement in tests/rooms/test_supplement.py
    others |= {"report.withdrawn", "supplement_receipt.withdrawn"}
    assert set(HOLDS) | others == reactions.KINDS


@ONE_DATABASE
def test_an_amended_paper_gives_way_and_the_campaign_goes_on(co: Company, context: reactions.Context) -> None:
    campaign, _ = co.running()
    with co.database.read() as view:
        old = filings_store.list_filings(view, kind=str(FilingKind.MIIT_ACTIVITY))[0]
    new = papers.drafted(co.database, co.officer, FilingKind.MIIT_ACTIVITY, old.scope, amends=old.id)
    papers.submitted(co.database, co.officer, co.second, new, co.day())
    papers.accepted(co.database, co.second, new, receipt_date=co.day())
    reactions.run_pending(context)
    assert status(co, campaign) == "running"
    with co.database.read() as view:
        assert filings_store.load_filing(view, old.id).status == "amended"
        assert any(new.id in one.filing_ids for one in store.decisions(view, campaign.id))


@ONE_DATABASE
def test_a_stricter_law_holds_the_campaign_when_it_takes_effect(co: Company, context: reactions.Context) -> None:
    rulebook.adopt(co.database, SHIPPED)
    context = replace(context, regime=replace(co.regime, in_force=rulebook.packs_at))
    co.cars(count=2)
    release = co.release()
    co.clear(release)
    campaign = co.start(co.campaign(release))
    reactions.run_pending(context)
    book = Rulebook(co.database, co.time)
    book.activated(book.signed_text(STRICT))
    assert status(co, campaign) == "running"

    assert rulebook.settle(co.database) == 1
    assert waiting(co) == ["activation.took_effect"]
    reactions.run_pending(context)
    assert status(co, campaign) == "held"


@ONE_DATABASE
@pytest.mark.parametrize("kind", sorted(HOLDS))
def test_what_closes_the_gate_holds_the_campaign_with_the_next_run(
    co: Company, context: reactions.Context, kind: str
) -> None:
    car = co.cars(count=2)
    release = co.release({"speed_max": "120", "theme": "noon"})
    co.clear(release)
    # A list, so that a car that is sold back to stock stays in the target set and brings its gate.
    campaign = co.start(co.campaign(release, vins=[one.vin for one in car]))
    reactions.run_pending(context)
    assert status(co, campaign) == "running"

    HOLDS[kind](co, campaign)
    assert waiting(co)[-1] == kind
    assert reactions.run_pending(context) >= 1
    assert waiting(co) == []
    assert status(co, campaign) == "held"
    with co.database.read() as view:
        held = view.first(select(event.c.body).where(event.c.kind == "campaign.held"))
        cause = view.scalar(select(event.c.id).where(event.c.kind == kind).order_by(event.c.seq.desc()))
    assert held is not None
    assert f'"cause":"{cause}"' in held.body


def test_a_completed_campaign_registers_what_was_permitted_and_others_are_asked_again(
    co: Company, context: reactions.Context
) -> None:
    cars = co.cars(count=1)
    release, old = co.release({"speed_max": "130", "theme": "dawn"}), co.release()
    co.clear(release)
    co.clear(old)
    co.permit({"speed_max": "130"})
    campaign, other = co.start(co.campaign(release)), co.start(co.campaign(old))
    offer = campaigns.contact(co.database, cars[0])
    assert offer is not None
    with co.database.begin(campaigns.vehicle_actor(cars[0])) as work:
        (unit,) = fleet_store.units_of(work, cars[0].id)
        campaigns.settle(work, cars[0], {unit.serial: offer.package.sha256}, "", "")
    campaigns.complete(co.database, co.manager, campaign.id)

    assert reactions.run_pending(context) > 0
    assert waiting(co) == ["values.registered"]  # an answer is an event too, and has its own answer
    assert reactions.run_pending(context) == 1
    with co.database.read() as view:
        assert admission_store.plain_values(view, co.types["EX1"])["speed_max"] == "130"
    assert status(co, other) == "held"  # it would set the value back that the type has now


@ONE_DATABASE
def test_a_campaign_that_many_events_name_is_asked_once(
    co: Company, context: reactions.Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, _ = co.running()
    reactions.run_pending(context)
    asked: list[str] = []
    monkeypatch.setattr(campaigns, "recheck", lambda *told: asked.append(told[2]))
    for value in (True, False, True):
        releases.state_answer(co.database, co.engineer, campaign.release_id, "beta_release", value)
    assert reactions.run_pending(context) == 3
    assert asked == [campaign.id]


@ONE_DATABASE
def test_an_answer_that_fails_waits_and_keeps_no_other_waiting(
    co: Company, context: reactions.Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, _ = co.running()
    second, _ = co.running()
    reactions.run_pending(context)
    whole = campaigns.recheck

    def recheck(*told: object) -> bool:
        if told[2] == first.id:
            raise Broken("out of order")
        return whole(*told)  # type: ignore[arg-type]

    monkeypatch.setattr(campaigns, "recheck", recheck)
    for campaign in (first, second):
        releases.state_answer(co.database, co.recall, campaign.release_id, "open_defect_investigation", True)
    assert reactions.run_pending(context) == 1
    assert (status(co, first), status(co, second)) == ("running", "held")
    assert waiting(co) == ["fact.answered"]
    assert "out of order" in caplog.text

    monkeypatch.setattr(campaigns, "recheck", whole)
    assert reactions.run_pending(context) == 0  # it rests a little, so that a log does not fill
    co.tick(seconds=15)
    assert reactions.run_pending(context) == 1
    assert (status(co, first), waiting(co)) == ("held", [])


@ONE_DATABASE
def test_an_event_that_has_no_answer_any_more_is_taken_off(co: Company, context: reactions.Context) -> None:
    with co.database.begin(Actor("system:test")) as work:
        seq = work.scalar(select(func.max(event.c.seq)).where(event.c.kind.not_in(reactions.KINDS)))
        work.execute(insert(pending).values(consumer="reactions", event_seq=seq))
    reactions.run_pending(context)
    assert waiting(co) == []


def test_answering_twice_does_no_harm(co: Company, context: reactions.Context) -> None:
    campaign, _ = co.running()
    answer(co, campaign)
    for kind, act in reactions.TABLE.items():
        for _ in range(2):
            with co.database.read() as view:
                subject = view.scalar(select(event.c.subject).where(event.c.kind == kind))
            if subject is not None:
                for named in act(context, reactions.Cause("EVT-1", kind, subject)):
                    campaigns.recheck(co.database, co.regime, CmpId(named), 24, "")
    assert status(co, campaign) == "held"
