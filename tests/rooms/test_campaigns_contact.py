"""What a calling vehicle gets: assignments, renewals, orders to cancel, and when an action has really succeeded."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from roadworthy.campaigns import actions, rules, store
from roadworthy.campaigns.model import Action, Campaign, Said
from roadworthy.campaigns.states import ACTION
from roadworthy.database import Actor, Database
from roadworthy.filings import actions as filings
from roadworthy.fleet import actions as fleet
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import Vehicle
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.time import SetTime
from roadworthy.releases.model import Release

from .contacts import attest, call, events, offered, statements, status
from .upgrades import HOURS, Company, company

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture
def co(database: Database, time: SetTime) -> Company:
    return company(database, time)


def test_the_first_call_makes_the_assignment_and_further_calls_write_nothing(co: Company) -> None:
    campaign, cars = co.running()
    first = offered(co, cars[0])
    written = events(co)
    again = offered(co, cars[0])

    assert first.is_live
    assert again == first
    assert events(co) == written
    assert (first.assignment.vin, first.assignment.campaign_id) == (cars[0].vin, campaign.id)
    assert first.assignment.sha256 == first.package.sha256
    with co.database.read() as view:
        assert actions.current_offer(view, cars[0]) == first
        assert actions.current_offer(view, cars[1]) is None


def test_only_the_vehicles_of_open_waves_get_something(co: Company) -> None:
    cars = co.cars(count=12)
    release = co.release()
    co.clear(release)
    campaign = co.start(co.campaign(release, (30, 70)))
    first = {car.vin for car in cars if rules.share_of(campaign.id, car.id) < 3_000}
    assert {car.vin for car in cars if call(co, car)} == first
    co.tick()
    actions.advance(co.database, co.manager, co.regime, campaign.id, HOURS)
    assert all(call(co, car) for car in cars)
    with co.database.read() as view:
        counted = {wave: sum(of.values()) for wave, of in store.counts(view, campaign.id).items()}
        assert counted == {w.number: w.vehicles for w in store.waves(view, campaign.id) if w.vehicles}


def test_a_vehicle_that_is_not_aimed_at_costs_two_reads_and_no_look_at_filings(co: Company) -> None:
    co.running()
    stranger = co.cars(sold=False, count=1)[0]
    with statements(co.database) as seen:
        assert call(co, stranger) is None
    assert len([one for one in seen if one.startswith("SELECT")]) == 2
    assert not [one for one in seen if "filing" in one]


@ONE_DATABASE
def test_a_vehicle_that_is_done_costs_three_reads_however_many_campaigns_run(co: Company) -> None:
    _, cars = co.running()
    found = offered(co, cars[0])
    attest(co, cars[0], found.package.sha256)
    with statements(co.database) as seen:
        assert call(co, cars[0]) is None
    assert len([one for one in seen if one.startswith("SELECT")]) <= 4
    assert not [one for one in seen if "filing" in one]


@ONE_DATABASE
def test_only_the_ecu_that_the_release_touches_is_assigned(co: Company) -> None:
    co.ecu("EX1", "AAA", hardware_id="adcu-hw1")  # the same hardware, and first in the list of units
    _, cars = co.running(cars=1)
    found = offered(co, cars[0])
    with co.database.read() as view:
        unit = next(u for u in fleet_store.units_of(view, cars[0].id) if u.serial == found.assignment.ecu_serial)
    assert unit.ecu_id == co.ecus["EX1/ADCU"]


@ONE_DATABASE
def test_a_vehicle_that_has_these_bytes_or_newer_ones_is_left_alone(co: Company) -> None:
    old, new = co.release(), co.release()
    assert old.package is not None
    assert new.package is not None
    cars = co.cars()
    attest(co, cars[0], old.package.sha256)
    attest(co, cars[1], new.package.sha256)
    co.clear(old)
    co.start(co.campaign(old))
    assert [call(co, car) is not None for car in cars] == [False, False, True]


@ONE_DATABASE
def test_what_was_offered_is_taken_back_when_something_newer_is_attested(co: Company) -> None:
    _, cars = co.running()
    newer = co.release()
    assert newer.package is not None
    assert offered(co, cars[0]).is_live
    attest(co, cars[0], newer.package.sha256, success=None)
    assert call(co, cars[0]) is None


def test_a_renewed_lease_makes_the_assignment_anew_and_the_old_one_serves_until_then(co: Company) -> None:
    campaign, cars = co.running()
    first = offered(co, cars[0])
    co.tick(hours=13)
    actions.renew(co.database, co.regime, HOURS)
    with co.database.read() as view:
        kept = actions.current_offer(view, cars[0])
    assert kept is not None
    assert kept.is_live  # a download that runs is not cut off
    second = offered(co, cars[0])

    assert second.is_live
    assert second.action.number == first.action.number
    assert second.assignment.decision_id != first.assignment.decision_id
    assert second.assignment.sha256 == first.assignment.sha256
    with co.database.read() as view:
        assert store.assignment_ids(view, campaign.id) == [first.assignment.id, second.assignment.id]


def test_an_ended_lease_gives_nothing_until_it_is_renewed(co: Company) -> None:
    _, cars = co.running()
    offered(co, cars[0])
    co.tick(hours=HOURS)
    assert call(co, cars[0]) is None
    assert call(co, cars[1]) is None
    actions.renew(co.database, co.regime, HOURS)
    assert offered(co, cars[0]).is_live
    assert offered(co, cars[1]).is_live


def test_a_withdrawn_filing_stops_delivery_before_any_worker_notices(co: Company) -> None:
    cars = co.cars()
    release = co.release()
    filed = co.clear(release)
    co.start(co.campaign(release))
    found = offered(co, cars[0])
    filings.withdraw(co.database, co.second, filed[0], "wrong form")
    with co.database.read() as view:
        assert not actions.offer_of(view, found.action, cars[0]).is_live
        assert actions.current_offer(view, cars[0]) is None
    assert call(co, cars[0]) is None
    assert call(co, cars[1]) is None


@ONE_DATABASE
def test_a_car_whose_record_is_corrected_leaves_the_filter_and_gets_nothing_more(co: Company) -> None:
    _, cars = co.running()
    offered(co, cars[0])
    corrected = fleet.amend_vehicle(
        co.database, Actor(co.officer.id, frozenset({"compliance_officer"})), cars[0].id, sold=False
    )
    assert call(co, corrected) is None


# Two campaigns


def two(co: Company) -> tuple[Campaign, Release, Campaign, Release, Vehicle]:
    car = co.cars(count=1)[0]
    first, second = co.release(), co.release()
    co.clear(first)
    co.clear(second)
    return co.start(co.campaign(first)), first, co.start(co.campaign(second)), second, car


def test_of_two_campaigns_the_older_comes_first_and_then_the_other(co: Company) -> None:
    older, first, newer, second, car = two(co)
    found = offered(co, car)
    assert found.action.campaign_id == older.id
    assert found.release.id == first.id
    attest(co, car, found.package.sha256)
    assert status(co, car, found.action.number) == "attested"
    following = offered(co, car)
    assert (following.action.campaign_id, following.release.id) == (newer.id, second.id)


@pytest.mark.parametrize("verb", ["pause", "complete"])
def test_an_action_without_a_lease_stands_in_nobody_s_way(co: Company, verb: str) -> None:
    older, _, newer, _, car = two(co)
    first = offered(co, car)
    actions.report(co.database, car, first.action.number, "install")
    {"pause": actions.pause, "complete": actions.complete}[verb](co.database, co.manager, older.id)
    assert offered(co, car).action.campaign_id == newer.id

    # What the vehicle had begun may still turn out well.
    attest(co, car, first.package.sha256)
    assert status(co, car, first.action.number) == "attested"


@ONE_DATABASE
def test_a_resumed_campaign_goes_on_with_its_vehicles_but_never_backwards(co: Company) -> None:
    older, _, _, _, car = two(co)
    first = offered(co, car)
    actions.pause(co.database, co.manager, older.id)
    second = offered(co, car)
    actions.resume(co.database, co.manager, co.regime, older.id, HOURS)
    assert offered(co, car).action.number == first.action.number

    attest(co, car, second.package.sha256)  # of the newer release
    assert call(co, car) is None


@ONE_DATABASE
def test_a_reported_action_waits_for_its_proof_and_blocks_nothing(co: Company) -> None:
    _, _, newer, _, car = two(co)
    first = offered(co, car)
    actions.report(co.database, car, first.action.number, "report")
    assert offered(co, car).action.campaign_id == newer.id
    with co.database.read() as view:
        assert not actions.offer_of(view, store.action_by_number(view, car.id, first.action.number), car).is_live
    attest(co, car, first.package.sha256)
    assert status(co, car, first.action.number) == "attested"


# Stopping


def test_a_stopped_campaign_cancels_what_was_never_seen_and_orders_the_rest_to_cancel(co: Company) -> None:
    campaign, cars = co.running()
    seen, unseen = offered(co, cars[0]), offered(co, cars[1])
    actions.report(co.database, cars[0], seen.action.number, "retrieve")
    actions.stop(co.database, co.manager, campaign.id)

    order = offered(co, cars[0])
    assert (order.action.status, order.is_live) == ("cancelling", False)
    assert call(co, cars[1]) is None
    assert status(co, cars[1], unseen.action.number) == "cancelled"
    assert call(co, cars[2]) is None
    actions.report(co.database, cars[0], seen.action.number, "confirm_cancel")
    assert call(co, cars[0]) is None
    assert status(co, cars[0], seen.action.number) == "cancelled"


@ONE_DATABASE
def test_a_vehicle_that_refuses_to_cancel_is_not_asked_again_and_may_finish(co: Company) -> None:
    campaign, cars = co.running()
    found = offered(co, cars[0])
    actions.report(co.database, cars[0], found.action.number, "install")
    actions.stop(co.database, co.manager, campaign.id)
    assert offered(co, cars[0]).action.status == "cancelling"
    actions.report(co.database, cars[0], found.action.number, "refuse_cancel")
    assert call(co, cars[0]) is None
    attest(co, cars[0], found.package.sha256)
    assert status(co, cars[0], found.action.number) == "attested"


@ONE_DATABASE
def test_a_manifest_without_the_new_software_confirms_the_order_to_cancel(co: Company) -> None:
    campaign, cars = co.running()
    found = offered(co, cars[0])
    actions.report(co.database, cars[0], found.action.number, "retrieve")
    actions.stop(co.database, co.manager, campaign.id)
    offered(co, cars[0])
    attest(co, cars[0], "0" * 64, success=None)
    assert status(co, cars[0], found.action.number) == "cancelled"


# What a vehicle says


def in_state(co: Company, vehicle: Vehicle, campaign: Campaign, state: str) -> Action:
    """Bring a vehicle's action into a state, by its table of moves."""
    found = offered(co, vehicle)
    path = {
        "retrieved": ["retrieve"], "downloading": ["download"], "installing": ["install"], "reported": ["report"],
        "failed": ["fail"], "cancelling": ["retrieve"], "cancelled": ["retrieve"],
    }  # fmt: skip
    for verb in path.get(state, []):
        actions.report(co.database, vehicle, found.action.number, verb)
    if state in {"cancelling", "cancelled"}:
        actions.stop(co.database, co.manager, campaign.id)
        call(co, vehicle)
    if state == "cancelled":
        actions.report(co.database, vehicle, found.action.number, "confirm_cancel")
    if state == "attested":
        attest(co, vehicle, found.package.sha256)
    with co.database.read() as view:
        return store.action_by_number(view, vehicle.id, found.action.number)


def test_in_every_state_every_word_moves_as_the_table_says_or_changes_nothing(co: Company) -> None:
    release = co.release()
    co.clear(release)
    words = sorted(ACTION.verbs - {"attest", "cancel"})
    for state in sorted(ACTION.states):
        over = state in {"attested", "failed", "cancelled"}
        cars = co.cars(count=1 if over else len(words))
        shared = co.start(co.campaign(release, vins=[car.vin for car in cars])) if state != "cancelling" else None
        for verb, car in zip(words, cars, strict=False):
            action = in_state(co, car, shared or co.start(co.campaign(release, vins=[car.vin])), state)
            assert action.status == state
            if over:
                for word in words:
                    with pytest.raises(actions.ActionClosed):
                        actions.report(co.database, car, action.number, word)
                continue
            move = next((m for m in ACTION.moves if (m.state, m.verb) == (state, verb)), None)
            after = actions.report(co.database, car, action.number, verb, Said("proceeding", "none", ("said",)))
            assert after.status == (state if move is None else move.target)
            if move is None or move.target == state:
                assert after == action


def test_saying_it_twice_writes_once_and_another_s_action_is_not_found(co: Company) -> None:
    _, cars = co.running()
    found = offered(co, cars[0])
    actions.report(co.database, cars[0], found.action.number, "download")
    written = events(co)
    actions.report(co.database, cars[0], found.action.number, "download")
    actions.report(co.database, cars[0], found.action.number, "")
    assert events(co) == written
    with pytest.raises(NotFound):
        actions.report(co.database, cars[1], found.action.number, "download")


@ONE_DATABASE
def test_success_is_the_attested_hash_alone(co: Company) -> None:
    _, cars = co.running()
    numbers = [offered(co, car).action.number for car in cars]
    attest(co, cars[0], "0" * 64, success=True)
    assert status(co, cars[0], numbers[0]) == "offered"
    attest(co, cars[1], "0" * 64, success=False)
    assert status(co, cars[1], numbers[1]) == "failed"
    assert call(co, cars[1]) is None  # it is not offered again by this campaign


@ONE_DATABASE
def test_a_long_story_of_a_vehicle_is_cut_and_says_so(co: Company) -> None:
    _, cars = co.running()
    found = offered(co, cars[0])
    told = actions.report(co.database, cars[0], found.action.number, "fail", Said("closed", "failure", ("x" * 1_000,)))
    assert told.detail.endswith("[cut here]")
    assert len(told.detail) <= 400


# Several at once


def test_vehicles_that_call_at_once_get_different_numbers_and_each_one_assignment(co: Company) -> None:
    campaign, cars = co.running(cars=8)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda car: actions.contact(co.database, car), [*cars, *cars]))
    numbers = {offer.action.number for offer in found if offer is not None}
    assert None not in found
    assert len(numbers) == 8
    with co.database.read() as view:
        assert len(store.assignment_ids(view, campaign.id)) == 8


def test_one_vehicle_s_reports_at_once_end_in_one_of_them(co: Company) -> None:
    _, cars = co.running()
    number = offered(co, cars[0]).action.number
    words = ["retrieve", "download", "install", "report"] * 2
    said = Said("proceeding", "none", ("said",))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda verb: actions.report(co.database, cars[0], number, verb, said), words))
    assert status(co, cars[0], number) == "reported"
    with co.database.read() as view:
        assert store.report_count(view, number) == len(words)
