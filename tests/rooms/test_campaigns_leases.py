"""Leases: what a yes is written as, when it is renewed, and that a no ends every one of them."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from roadworthy.admission import store as admission_store
from roadworthy.campaigns import actions, store
from roadworthy.campaigns.model import Campaign, GateDecision
from roadworthy.database import Actor, Database
from roadworthy.database.schema import event
from roadworthy.filings import actions as filings
from roadworthy.filings import store as filings_store
from roadworthy.filings.model import FilingKind, Scope
from roadworthy.fleet import store as fleet_store
from roadworthy.kernel.time import SetTime, beijing_date
from roadworthy.releases import actions as releases
from tests import papers

from .upgrades import HOURS, Company, company

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])
REACTIONS = Actor("system:reactions")


@pytest.fixture
def co(database: Database, time: SetTime) -> Company:
    return company(database, time)


def leases(co: Company, campaign: Campaign) -> list[GateDecision]:
    with co.database.read() as view:
        return store.decisions(view, campaign.id)


def live(co: Company, campaign: Campaign, wave: int = 1, code: str = "EX1") -> GateDecision | None:
    with co.database.read() as view:
        return actions.live_lease(view, campaign.id, wave, co.types[code])


def status(co: Company, campaign: Campaign) -> str:
    with co.database.read() as view:
        return store.get(view, campaign.id).status


def recheck(co: Company, campaign: Campaign) -> bool:
    co.tick()
    return actions.recheck(co.database, co.regime, campaign.id, HOURS)


def told(co: Company, kind: str) -> list[dict]:
    with co.database.read() as view:
        rows = view.all(select(event.c.body).where(event.c.kind == kind).order_by(event.c.seq))
    return [json.loads(row.body) for row in rows]


def test_a_yes_is_one_lease_for_each_wave_and_vehicle_type(co: Company) -> None:
    co.model("EX2", automation_level=1)
    cars = [*co.cars(count=2), *co.cars("EX2", 2)]
    release = co.release(codes=("EX1", "EX2"))
    co.clear(release)
    campaign = co.start(co.campaign(release, (50, 50)))
    assert {(d.wave, d.vehicle_type_id) for d in leases(co, campaign)} == {(1, t) for t in co.types.values()}
    co.tick()
    actions.advance(co.database, co.manager, co.regime, campaign.id, HOURS)

    assert {(d.wave, d.vehicle_type_id) for d in leases(co, campaign)} == {
        (wave, type_id) for wave in (1, 2) for type_id in co.types.values()
    }
    events = told(co, "gate.decided")
    assert len(events) == 4
    assert {e["data"]["model_code"] for e in events} == {"EX1", "EX2"}
    assert not [car.vin for car in cars if car.vin in json.dumps(events)]


@ONE_DATABASE
def test_a_lease_clears_the_hardware_of_its_own_type_only(co: Company) -> None:
    co.model("EX2")
    other = co.ecu("EX2", "BIG", hardware_id="big-hw9", influences=())
    co.cars("EX1", 1)
    co.tick()
    release = releases.create(
        co.database, co.engineer,
        releases.Draft("both", "1", list(co.types.values()), [co.ecus["EX1/ADCU"], other]),
    )  # fmt: skip
    assert release.planned_release is None
    with co.database.read() as view:
        assert releases.hardware_of(view, release, co.types["EX1"]) == ("adcu-hw1",)
        assert releases.hardware_of(view, release, co.types["EX2"]) == ("big-hw9",)


def test_a_lease_is_renewed_from_its_middle_on_and_not_before(co: Company) -> None:
    campaign, _ = co.running()
    co.tick(hours=11)
    assert actions.renew(co.database, co.regime, HOURS) == 0
    co.tick(hours=2)
    assert actions.renew(co.database, co.regime, HOURS) == 1
    first, second = leases(co, campaign)
    assert second.not_after - first.not_after == timedelta(hours=13, milliseconds=0)
    newest = live(co, campaign)
    assert newest is not None
    assert newest.id == second.id
    assert actions.renew(co.database, co.regime, HOURS) == 0


@ONE_DATABASE
def test_asking_again_keeps_a_fresh_lease_that_rests_on_the_same_facts(co: Company) -> None:
    campaign, _ = co.running()
    assert recheck(co, campaign)
    assert actions.renew(co.database, co.regime, HOURS, everything=True) == 1
    assert len(leases(co, campaign)) == 1


@ONE_DATABASE
def test_other_facts_with_the_same_answer_are_logged_as_a_new_lease(co: Company) -> None:
    campaign, _ = co.running()
    releases.state_answer(co.database, co.engineer, campaign.release_id, "beta_release", True)
    assert recheck(co, campaign)
    first, second = leases(co, campaign)
    digests = [e["data"]["facts"] for e in told(co, "gate.decided")]
    assert first.closed_at is None
    assert second.tier == first.tier
    assert digests[0] != digests[1]


@ONE_DATABASE
def test_another_regime_is_logged_as_a_new_lease(co: Company) -> None:
    campaign, _ = co.running()
    co.regime = releases.Regime(co.regime.packs, co.regime.company, safety_policy=True)
    assert recheck(co, campaign)
    assert len(leases(co, campaign)) == 2
    co.regime = releases.Regime(co.regime.packs, "Another company")
    assert not recheck(co, campaign)
    assert status(co, campaign) == "held"


def test_a_no_at_renewal_ends_every_lease_the_older_one_too(co: Company) -> None:
    campaign, cars = co.running()
    offer = actions.contact(co.database, cars[0])
    assert offer is not None
    co.tick(hours=13)
    actions.renew(co.database, co.regime, HOURS)
    releases.state_answer(co.database, co.recall, campaign.release_id, "open_defect_investigation", True)
    assert not recheck(co, campaign)

    with co.database.read() as view:
        assert store.get(view, campaign.id).hold_reason.startswith("DEFECT: ")
        assert store.unclosed(view, view.now) == []
        assert actions.live_leases(view) == []
        assert not actions.offer_of(view, offer.action, cars[0]).is_live
        assert set(store.closed_early(view, view.now)) == {d.id for d in store.decisions(view, campaign.id)}
    assert actions.contact(co.database, cars[0]) is None
    assert [e["data"]["reason"] for e in told(co, "gate.closed")] == ["held", "held"]
    assert told(co, "campaign.held")[0]["data"]["findings"] == ["DEFECT"]


def test_a_held_campaign_is_resumed_by_a_person_and_only_through_the_gate(co: Company) -> None:
    campaign, cars = co.running()
    for value in (True, False):
        releases.state_answer(co.database, co.recall, campaign.release_id, "open_defect_investigation", value)
        if value:
            assert not recheck(co, campaign)
            with pytest.raises(actions.GateClosed):
                actions.resume(co.database, co.manager, co.regime, campaign.id, HOURS)
    assert not recheck(co, campaign)  # the system resumes nothing by itself
    assert status(co, campaign) == "held"
    resumed = actions.resume(co.database, co.manager, co.regime, campaign.id, HOURS)
    assert (resumed.status, resumed.hold_reason) == ("running", "")
    assert actions.contact(co.database, cars[0]) is not None


@ONE_DATABASE
def test_a_gate_that_cannot_be_asked_is_no_yes(co: Company) -> None:
    campaign, _ = co.running()
    with co.database.read() as view:
        package = releases.judging.store.package_of(view, campaign.release_id)
    assert package is not None
    scope = Scope((co.types["EX1"],), None, package.sha256)
    draft = papers.drafted(co.database, co.officer, FilingKind.SAMR_RECORD, scope)
    early = "1999-01-01"  # before any calendar of the law
    papers.submitted(co.database, co.officer, co.second, draft, early, early)
    papers.accepted(co.database, co.second, draft, receipt_date=co.day())
    assert not recheck(co, campaign)
    with co.database.read() as view:
        found = store.get(view, campaign.id)
    assert found.status == "held"
    assert found.hold_reason.startswith("GATE: the gate cannot be asked")


@ONE_DATABASE
def test_a_reason_says_whole_findings_and_how_many_more_there_are(co: Company) -> None:
    cars = co.cars()
    release = co.release()
    filed = co.clear(release)
    campaign = co.start(co.campaign(release))
    for one in filed:
        filings.withdraw(co.database, co.second, one, "no")
    for fact in ("defect_removed", "weakens_driver_monitoring"):
        name, value = {"defect_removed": ("recall", "unknown"), "weakens_driver_monitoring": ("safety", True)}[fact]
        releases.state_answer(co.database, co.people[name], release.id, fact, value)
    assert not recheck(co, campaign)
    with co.database.read() as view:
        reason = store.get(view, campaign.id).hold_reason
    assert len(reason) <= 400
    assert reason.startswith("ACT: ")
    assert reason.endswith(" more)")
    assert cars


def test_a_pause_between_asking_and_writing_wins(co: Company) -> None:
    campaign, _ = co.running()
    actions.pause(co.database, co.manager, campaign.id)
    co.tick(hours=13)
    assert not recheck(co, campaign)
    assert len(leases(co, campaign)) == 1
    assert status(co, campaign) == "paused"


def test_two_workers_renew_once(co: Company) -> None:
    campaign, _ = co.running()
    co.tick(hours=13)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(actions.recheck, co.database, co.regime, campaign.id, HOURS) for _ in range(4)]
    assert [one.result() for one in asked] == [True] * 4
    assert len(leases(co, campaign)) == 2


def test_a_pause_and_renewals_at_once_leave_no_lease_open(co: Company) -> None:
    campaign, _ = co.running()
    co.tick(hours=13)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(actions.recheck, co.database, co.regime, campaign.id, HOURS) for _ in range(3)]
        paused = pool.submit(actions.pause, co.database, co.manager, campaign.id)
    assert paused.result().status == "paused"
    for one in asked:
        one.result()
    with co.database.read() as view:
        assert store.unclosed(view, view.now) == []


@ONE_DATABASE
def test_an_open_wave_without_a_lease_is_asked_for(co: Company) -> None:
    cars = co.cars(count=4)
    release = co.release()
    co.clear(release)
    campaign = co.start(co.campaign(release, (50, 50)))
    co.tick(hours=10)
    actions.advance(co.database, co.manager, co.regime, campaign.id, HOURS)
    co.tick(hours=14)  # the first wave's lease has ended while no worker ran, the second's is not at its middle... yet
    assert live(co, campaign, 1) is None
    actions.renew(co.database, co.regime, HOURS)
    assert live(co, campaign, 1) is not None
    assert cars


@ONE_DATABASE
def test_no_lease_outlives_the_papers_it_rests_on(co: Company) -> None:
    cars = co.cars()
    release = co.release()
    co.clear(release)
    assert release.package is not None
    scope = Scope((co.types["EX1"],), release.id, release.package.sha256)
    co.file(FilingKind.MIIT_ACTIVITY, scope, valid_until=co.day())
    campaign = co.start(co.campaign(release))
    found = live(co, campaign)
    assert found is not None
    assert beijing_date(found.not_after) == beijing_date(co.time.now()) + timedelta(days=1)
    assert beijing_date(found.not_after - timedelta(microseconds=1)) == beijing_date(co.time.now())
    assert cars


def test_a_withdrawn_release_delivers_nothing_from_that_moment_on(co: Company) -> None:
    campaign, cars = co.running()
    offer = actions.contact(co.database, cars[0])
    assert offer is not None
    with co.database.read() as view:
        release = releases.judging.store.get(view, campaign.release_id)
    releases.withdraw(co.database, co.manager, release.id)
    assert live(co, campaign) is None
    assert actions.contact(co.database, cars[0]) is None
    assert not recheck(co, campaign)
    assert status(co, campaign) == "held"


@ONE_DATABASE
def test_a_type_that_the_set_does_not_hold_is_not_asked_about(co: Company) -> None:
    co.model("EX2", filed=False)
    co.cars("EX1")
    release = co.release(codes=("EX1", "EX2"))
    co.clear(release)
    campaign = co.start(co.campaign(release))
    assert [d.vehicle_type_id for d in leases(co, campaign)] == [co.types["EX1"]]
    assert live(co, campaign, code="EX2") is None


@ONE_DATABASE
def test_a_filing_for_the_set_of_one_type_fits_a_campaign_over_two(co: Company) -> None:
    co.model("EX2")
    first, second = co.cars("EX1"), co.cars("EX2")
    release = co.release(codes=("EX1", "EX2"))
    assert release.package is not None
    for code, cars in (("EX1", first), ("EX2", second)):
        digest = actions.targets.target_digest([car.vin for car in cars])
        for kind in (FilingKind.MIIT_ACTIVITY, FilingKind.SAMR_RECORD):
            co.file(kind, Scope((co.types[code],), release.id, release.package.sha256, digest))
    campaign = co.start(co.campaign(release))
    assert len(leases(co, campaign)) == 2
    late = co.cars("EX1", 1)
    with pytest.raises(actions.GateClosed):
        co.start(co.campaign(release))  # a car more than was filed
    assert late


# What the end of a campaign means for the registry


def permitted(co: Company) -> Campaign:
    cars = co.cars(count=2)
    release = co.release({"speed_max": "130", "theme": "noon"})
    co.clear(release)
    co.permit({"speed_max": "130"})
    campaign = co.start(co.campaign(release))
    assert actions.contact(co.database, cars[0]) is not None
    return campaign


def registered(co: Company) -> dict[str, str]:
    with co.database.read() as view:
        return admission_store.plain_values(view, co.types["EX1"])


def attest_all(co: Company, campaign: Campaign) -> None:
    with co.database.read() as view:
        lines = store.vehicle_lines(view, campaign.id, after=0, limit=10)
    for line in lines:
        with co.database.read() as view:
            vehicle = fleet_store.load_vehicle(view, line.vehicle_id)
        with co.database.begin(actions.vehicle_actor(vehicle)) as work:
            (unit,) = fleet_store.units_of(work, vehicle.id)
            actions.settle(work, vehicle, {unit.serial: line.sha256}, "", "")


def test_the_permitted_value_is_registered_when_the_campaign_is_complete_and_attested(co: Company) -> None:
    campaign = permitted(co)
    assert registered(co)["speed_max"] == "120"
    attest_all(co, campaign)
    actions.complete(co.database, co.manager, campaign.id)
    co.tick()
    cause = told(co, "campaign.completed")[0]["id"]

    assert actions.register_permitted(co.database, REACTIONS, campaign.id, cause) == 1
    assert actions.register_permitted(co.database, REACTIONS, campaign.id, cause) == 0
    assert registered(co) == {"speed_max": "130", "theme": "dawn"}  # only what the permit is about
    assert told(co, "values.registered")[-1]["cause"] == cause
    assert told(co, "values.registered")[-1]["data"]["ground"] == "change_permit"
    assert [d.labels for d in leases(co, campaign)] == [("parameters",)]


@ONE_DATABASE
def test_values_that_no_vehicle_attests_are_not_registered(co: Company) -> None:
    campaign = permitted(co)
    actions.complete(co.database, co.manager, campaign.id)
    assert actions.register_permitted(co.database, REACTIONS, campaign.id, "") == 0
    assert registered(co)["speed_max"] == "120"


@ONE_DATABASE
def test_a_permit_taken_back_before_the_end_registers_nothing_and_says_so_in_the_log(co: Company) -> None:
    campaign = permitted(co)
    attest_all(co, campaign)
    actions.pause(co.database, co.manager, campaign.id)
    with co.database.read() as view:
        (permit,) = filings_store.list_filings(view, kind=str(FilingKind.MIIT_CHANGE_PERMIT))
    filings.withdraw(co.database, co.second, permit.id, "taken back")
    actions.complete(co.database, co.manager, campaign.id)
    assert actions.register_permitted(co.database, REACTIONS, campaign.id, "") == 0
    assert registered(co)["speed_max"] == "120"
    assert told(co, "action.refused")[-1]["data"]["code"] == "permit.none"


@ONE_DATABASE
def test_the_rest_of_the_fleet_needs_the_same_permit_after_the_first_campaign(co: Company) -> None:
    campaign = permitted(co)
    attest_all(co, campaign)
    actions.complete(co.database, co.manager, campaign.id)
    co.tick()
    actions.register_permitted(co.database, REACTIONS, campaign.id, "")
    co.cars()
    with co.database.read() as view:
        release = releases.judging.store.get(view, campaign.release_id)
    again = co.start(co.campaign(release))
    assert [d.labels for d in leases(co, again)] == [("parameters",)]
    assert co.release({"speed_max": "130", "theme": "dawn"}).status == "approved"
    with co.database.read() as view:
        judged = releases.judge(view, co.regime, co.release({"speed_max": "130", "theme": "dawn"}), co.types["EX1"])
    assert judged.labels == ("general",)  # a later release that keeps the value changes nothing
