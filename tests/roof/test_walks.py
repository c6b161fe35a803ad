"""Random walks over everything that people, vehicles, the worker and time can do to two releases and their campaigns.

At each step: whatever lease delivers, the gate says yes to at that moment. The exception are facts that only asking
again can notice (an answer, a registered value, a vehicle's record): they end a lease within the worker's next tick.
"""

import shutil
from contextlib import suppress
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from roadworthy import reactions
from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns import store
from roadworthy.database import Database
from roadworthy.filings import actions as filings
from roadworthy.filings import store as filings_store
from roadworthy.filings.model import FORMS, FilingKind, Scope
from roadworthy.fleet import actions as fleet
from roadworthy.fleet import store as fleet_store
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.time import SetTime
from roadworthy.releases import actions as releases
from tests.conftest import START, _make_schema
from tests.rooms.upgrades import ANSWERS, HOURS, company

ANSWERED = {
    **ANSWERS,
    "sellers_told": ("recall", True),
    "beta_release": ("engineer", True),
}
VALUES = {"defect_removed": ["yes", "no", "unknown"]}
AT_ONCE = st.booleans()  # whether the worker comes by before anything else happens
HOURS_PASSED = st.sampled_from([0.5, 3, 7, 13, 25])


@cache
def folder() -> Path:
    made = Path(mkdtemp(prefix="walks"))
    _make_schema(f"sqlite:///{made / 'template.db'}")
    return made


@pytest.fixture(autouse=True, scope="module")
def _clean() -> Any:
    yield
    if folder.cache_info().currsize:
        shutil.rmtree(folder())


class Walk(RuleBasedStateMachine):
    """One company with a general release and one that needs a permit, each with a campaign of two waves."""

    numbers = count()

    @initialize()
    def begin(self) -> None:
        path = folder() / f"{next(self.numbers)}.db"
        shutil.copy(folder() / "template.db", path)
        self.time = SetTime(START)
        self.database = Database(f"sqlite:///{path}", self.time, reaction_kinds=reactions.KINDS)
        self.co = company(self.database, self.time)
        self.cars = [*self.co.cars(count=3), *self.co.cars(count=1, sold=False)]
        self.releases = [self.co.release(), self.co.release({"speed_max": "130", "theme": "dawn"})]
        self.campaigns = []
        for release in self.releases:
            self.co.clear(release)
        self.campaigns.append(self.co.campaign(self.releases[0], (50, 50), vins=[car.vin for car in self.cars]))
        self.campaigns.append(self.co.campaign(self.releases[1], (50, 50), sold=True))
        self.co.built()
        self.co.permit({"speed_max": "130"})
        for one in self.campaigns:
            self.co.start(one)
        self.context = reactions.Context(self.database, self.co.regime, HOURS)
        self.unasked = False

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()

    @rule(which=st.integers(0, 1), verb=st.sampled_from(["start", "advance", "resume", "resume", "pause", "complete"]))
    def move(self, which: int, verb: str) -> None:
        self.co.tick()
        wanted = self.campaigns[which].id
        gated = {"start": campaigns.start, "advance": campaigns.advance, "resume": campaigns.resume}
        plain = {"pause": campaigns.pause, "complete": campaigns.complete}
        with suppress(Refused):
            if verb in gated:
                gated[verb](self.database, self.co.manager, self.co.regime, wanted, HOURS)
            else:
                plain[verb](self.database, self.co.manager, wanted)

    @rule(which=st.integers(0, 9))
    def withdraw_paper(self, which: int) -> None:
        with self.database.read() as view:
            papers = filings_store.list_filings(view, status="valid")
        if papers:
            filings.withdraw(self.database, self.co.second, papers[which % len(papers)].id, "taken back")

    @rule(
        kind=st.sampled_from([kind for kind, form in FORMS.items() if form.lasts]),
        which=st.integers(0, 1),
        days=st.sampled_from([None, 0, 1]),
        accept=st.booleans(),
    )
    def file_paper(self, kind: FilingKind, which: int, days: int | None, accept: bool) -> None:
        release = self.releases[which]
        assert release.package is not None
        types = (self.co.types["EX1"],)
        scope = {
            FilingKind.MIIT_ENTERPRISE: Scope(),
            FilingKind.MIIT_CHANGE_PERMIT: Scope(types, parameter_values={types[0]: {"speed_max": "130"}}),
        }.get(kind, Scope(types, release.id, release.package.sha256))
        self.co.file(kind, scope, valid_until=None if days is None else self.co.day(days), accept=accept)

    @rule(which=st.integers(0, 1), fact=st.sampled_from(sorted(ANSWERED)), choice=st.integers(0, 2), at_once=AT_ONCE)
    def answer(self, which: int, fact: str, choice: int, at_once: bool) -> None:
        values = VALUES.get(fact, [True, False])
        name = ANSWERED[fact][0]
        with suppress(Refused):
            self.unasked = True
            releases.state_answer(
                self.database, self.co.people[name], self.releases[which].id, fact, values[choice % len(values)]
            )
        if at_once:
            self.work()

    @rule(value=st.sampled_from(["120", "130"]), at_once=AT_ONCE)
    def register(self, value: str, at_once: bool) -> None:
        self.unasked = True
        self.co.register("EX1", {"speed_max": value})
        if at_once:
            self.work()

    @rule(which=st.integers(0, 3), sold=st.booleans(), at_once=AT_ONCE)
    def correct(self, which: int, sold: bool, at_once: bool) -> None:
        with suppress(Refused):
            fleet.amend_vehicle(self.database, self.co.officer, self.cars[which].id, sold=sold)
            self.unasked = True
        if at_once:
            self.work()

    @rule()
    def withdraw_release(self) -> None:
        with suppress(Refused):
            releases.withdraw(self.database, self.co.manager, self.releases[1].id)

    @rule(hours=HOURS_PASSED)
    def pass_time(self, hours: float) -> None:
        self.co.tick(hours=hours)

    @rule(which=st.integers(0, 3), said=st.sampled_from(["", "download", "report", "fail", "confirm_cancel"]))
    def call(self, which: int, said: str) -> None:
        self.co.tick()
        with self.database.read() as view:
            car = fleet_store.load_vehicle(view, self.cars[which].id)
        offer = campaigns.contact(self.database, car)
        if offer is not None and said:
            with suppress(Refused):
                campaigns.report(self.database, car, offer.action.number, said)

    @rule()
    def work(self) -> None:
        """The worker's tick, as far as it concerns leases; an answer may itself ask for one more round."""
        self.co.tick()
        filings.expire_ended(self.database)
        while reactions.run_pending(self.context):
            pass
        campaigns.renew(self.database, self.co.regime, HOURS)
        self.unasked = False

    @invariant()
    def whatever_delivers_is_cleared(self) -> None:
        if not hasattr(self, "campaigns"):
            return
        with self.database.read() as view:
            for campaign in self.campaigns:
                found = store.get(view, campaign.id)
                for wave in store.waves(view, campaign.id):
                    lease = campaigns.live_lease(view, campaign.id, wave.number, self.co.types["EX1"])
                    if lease is not None:
                        assert found.status == "running"
                        assert wave.status == "open"
                        assert lease.not_before <= view.now < lease.not_after
                        if not self.unasked:
                            self.says_yes(view, campaign)
            for car in self.cars:
                car = fleet_store.load_vehicle(view, car.id)  # noqa: PLW2901 - as it is now
                offer = campaigns.current_offer(view, car)
                if offer is not None and offer.is_live:
                    newest = campaigns.live_lease(
                        view, offer.action.campaign_id, offer.action.wave, car.vehicle_type_id
                    )
                    assert newest is not None
                    assert campaigns.aims_at(view, store.get(view, offer.action.campaign_id), car)

    def says_yes(self, view: Any, campaign: Any) -> None:
        judged = campaigns.judge_wave(view, self.co.regime, campaign)
        assert all(one.decision.is_open for one in judged), [
            (f.code, str(f.state)) for one in judged for f in one.decision.findings if f.state != "open"
        ]

    @invariant()
    def no_lease_is_left_open_where_nothing_runs(self) -> None:
        if not hasattr(self, "campaigns"):
            return
        with self.database.read() as view:
            for campaign in self.campaigns:
                if store.get(view, campaign.id).status != "running":
                    assert store.unclosed(view, view.now, campaign_id=campaign.id) == []


Walk.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestWalk = Walk.TestCase
