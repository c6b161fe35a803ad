"""Campaigns through their actions: the life cycle, target sets, waves, and who may."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from roadworthy.campaigns import actions, store
from roadworthy.campaigns.model import Campaign
from roadworthy.campaigns.states import CAMPAIGN, WAVE
from roadworthy.database import Actor, Database
from roadworthy.filings import actions as filings
from roadworthy.kernel.errors import NotFound, NotPermitted, Refused, Unusable
from roadworthy.kernel.lifecycle import WrongState
from roadworthy.kernel.time import SetTime
from roadworthy.releases import actions as releases
from roadworthy.releases.model import Release

from .upgrades import HOURS, Company, company
from .vehicles import vin

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture
def co(database: Database, time: SetTime) -> Company:
    return company(database, time)


def do(co: Company, actor: Actor, verb: str, campaign: Campaign) -> Campaign:
    co.tick()
    if verb in {"start", "advance", "resume"}:
        gated = {"start": actions.start, "advance": actions.advance, "resume": actions.resume}[verb]
        return gated(co.database, actor, co.regime, campaign.id, HOURS)
    plain = {"approve": actions.approve, "pause": actions.pause, "stop": actions.stop, "complete": actions.complete}
    return plain[verb](co.database, actor, campaign.id)


def held(co: Company, campaign: Campaign) -> None:
    """Let the system hold it: a fact changes, and changes back so that it can be resumed."""
    for value in (True, False):
        if value is False:
            actions.recheck(co.database, co.regime, campaign.id, HOURS)
        releases.state_answer(co.database, co.recall, campaign.release_id, "open_defect_investigation", value)


PATHS: Mapping[str, tuple[str, ...]] = {
    "draft": (),
    "approved": ("approve",),
    "running": ("approve", "start"),
    "paused": ("approve", "start", "pause"),
    "held": ("approve", "start", "hold"),
    "stopped": ("approve", "stop"),
    "completed": ("approve", "start", "complete"),
}


def in_state(co: Company, release: Release, state: str) -> Campaign:
    campaign = co.campaign(release, (50, 50), approve=False)
    for verb in PATHS[state]:
        if verb == "hold":
            held(co, campaign)
        else:
            do(co, co.manager, verb, campaign)
    return now(co, campaign)


def now(co: Company, campaign: Campaign) -> Campaign:
    with co.database.read() as view:
        return store.get(view, campaign.id)


def test_every_state_takes_exactly_the_verbs_of_the_table_from_exactly_the_role(co: Company) -> None:
    co.cars()
    release = co.release()
    co.clear(release)
    assert set(PATHS) == CAMPAIGN.states
    for state in sorted(CAMPAIGN.states):
        moves = {m.verb: m for m in CAMPAIGN.moves if m.state == state and m.role}
        campaign = in_state(co, release, state)
        assert campaign.status == state
        for verb in sorted(CAMPAIGN.verbs - {"hold"} - set(moves)):
            with pytest.raises(WrongState):
                do(co, co.manager, verb, campaign)
        for verb, name in ((verb, name) for verb in moves for name in ("engineer", "officer")):
            with pytest.raises(NotPermitted):
                do(co, co.people[name], verb, campaign)
        assert now(co, campaign) == campaign
        for number, move in enumerate(moves.values()):
            fresh = in_state(co, release, state) if number else campaign
            assert do(co, co.manager, move.verb, fresh).status == move.target


def test_only_the_system_holds(co: Company) -> None:
    campaign, _ = co.running()
    assert not hasattr(actions, "hold")
    held(co, campaign)
    found = now(co, campaign)
    assert found.status == "held"
    assert found.hold_reason.startswith("DEFECT")


def test_nobody_approves_the_own_campaign_whatever_the_roles(co: Company) -> None:
    co.cars()
    campaign = co.campaign(co.release(), approve=False)
    both = Actor(co.engineer.id, frozenset({"release_engineer", "release_manager"}))
    with pytest.raises(NotPermitted) as refused:
        actions.approve(co.database, both, campaign.id)
    assert refused.value.error_code == "four_eyes"


def test_waves_open_one_by_one_and_each_asks_the_gate(co: Company) -> None:
    co.cars()
    release = co.release()
    filed = co.clear(release)
    campaign = co.start(co.campaign(release, (10, 40, 50)))
    do(co, co.manager, "advance", campaign)
    filings.withdraw(co.database, co.second, filed[0], "wrong form")
    with pytest.raises(actions.GateClosed) as closed:
        do(co, co.manager, "advance", campaign)

    assert "ACT" in {f.code for f in closed.value.findings}
    with co.database.read() as view:
        waves = store.waves(view, campaign.id)
    assert [w.status for w in waves] == ["open", "open", WAVE.initial]
    assert [w.opened_at is None for w in waves] == [False, False, True]
    assert [(w.from_share, w.to_share) for w in waves] == [(0, 1_000), (1_000, 5_000), (5_000, 10_000)]
    assert sum(w.vehicles for w in waves) == 3


@ONE_DATABASE
def test_after_the_last_wave_there_is_none(co: Company) -> None:
    campaign, _ = co.running()
    with pytest.raises(Refused) as refused:
        do(co, co.manager, "advance", campaign)
    assert refused.value.error_code == "waves.all"


@pytest.mark.parametrize("verb", ["start", "advance", "resume"])
def test_a_closed_gate_leaves_nothing_but_the_refusal(co: Company, verb: str) -> None:
    co.cars()
    release = co.release()
    filed = co.clear(release)
    campaign = co.campaign(release, (50, 50))
    if verb != "start":
        co.start(campaign)
    if verb == "resume":
        do(co, co.manager, "pause", campaign)
    filings.withdraw(co.database, co.second, filed[1], "wrong form")
    with co.database.read() as view:
        before = (store.get(view, campaign.id), store.waves(view, campaign.id), store.decisions(view, campaign.id))
    with pytest.raises(actions.GateClosed):
        do(co, co.manager, verb, campaign)
    with co.database.read() as view:
        after = (store.get(view, campaign.id), store.waves(view, campaign.id), store.decisions(view, campaign.id))
    assert after == before


@ONE_DATABASE
def test_an_unusable_plan_is_refused_and_nothing_written(co: Company) -> None:
    cars = co.cars()
    co.model("EX2", filed=False)
    other = co.cars("EX2", 1)
    release = co.release()
    good: dict[str, Any] = {"name": "n", "release_id": release.id, "waves": (100,), "filter": {"sold": True}}
    for change in (
        {"waves": ()}, {"waves": (50, 49)}, {"waves": (0, 100)}, {"filter": {}}, {"vins": (cars[0].vin,)},
        {"filter": {"colour": "red"}}, {"filter": {"sold": "yes"}}, {"filter": {"provinces": []}}, {"name": " "},
        {"name": "n" * 121}, {"filter": {"sold": False}}, {"filter": {"vehicle_type_ids": [co.types["EX2"]]}},
        {"filter": {}, "vins": ("SHORT",)}, {"filter": {}, "vins": (vin(9_999),)},
        {"filter": {}, "vins": (cars[0].vin, other[0].vin)}, {"wave_names": ("a", "b")}, {"wave_names": ("",)},
        {"wave_names": ("n" * 61,)},
    ):  # fmt: skip
        with pytest.raises(Unusable):
            actions.create(co.database, co.engineer, actions.Plan(**{**good, **change}))
    with co.database.read() as view:
        assert store.page(view, "", 10) == []


@ONE_DATABASE
def test_a_release_that_is_withdrawn_or_comes_otherwise_gets_no_campaign(co: Company) -> None:
    co.cars()
    withdrawn = releases.withdraw(co.database, co.engineer, co.draft().id)
    for release in (withdrawn, co.draft(delivery="workshop")):
        with pytest.raises(Refused):
            co.campaign(release)


@ONE_DATABASE
def test_who_creates_is_a_release_engineer_and_an_unknown_campaign_is_not_found(co: Company) -> None:
    co.cars()
    release = co.release()
    plan = actions.Plan("n", release.id, (100,), {"sold": True})
    with pytest.raises(NotPermitted):
        actions.create(co.database, co.manager, plan)
    made = actions.create(co.database, co.engineer, plan)
    with pytest.raises(Refused) as refused:
        actions.create(co.database, co.engineer, plan)
    assert refused.value.error_code == "exists_already"
    strange = made.id[:-1] + ("0" if made.id[-1] != "0" else "1")
    verbs: list[Callable[[], object]] = [
        lambda: actions.pause(co.database, co.manager, strange),
        lambda: actions.start(co.database, co.manager, co.regime, strange, HOURS),
    ]
    for act in verbs:
        with pytest.raises(NotFound):
            act()


def test_a_filter_aims_at_the_release_s_types_and_at_no_car_imported_later(co: Company) -> None:
    cars = co.cars()
    co.model("EX2", filed=False)
    strangers = co.cars("EX2") + co.cars(sold=False)
    campaign = co.campaign(co.release())
    late = co.cars()
    with co.database.read() as view:
        aimed = [car.vin for car in [*cars, *strangers, *late] if actions.aims_at(view, campaign, car)]
        in_sql = [vin for _, vin in actions.targets.cars_of(view, campaign)]
    assert sorted(aimed) == sorted(in_sql) == [car.vin for car in cars]
    assert campaign.vehicles == 3


def test_a_list_aims_at_its_cars_alone_however_they_are_listed(co: Company) -> None:
    cars = co.cars()
    wanted = [cars[2].vin, cars[0].vin, cars[2].vin.lower()]
    campaign = co.campaign(co.release(), vins=wanted)
    with co.database.read() as view:
        assert [car for car in cars if actions.aims_at(view, campaign, car)] == [cars[0], cars[2]]
    assert campaign.vehicles == 2
    same = co.campaign(co.release(), vins=wanted[:2])
    assert same.target_digest == campaign.target_digest
