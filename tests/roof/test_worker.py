"""The worker: the order of its steps, and that none of them waits for another."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from roadworthy import worker as module
from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns import store
from roadworthy.clocks.store import messages
from roadworthy.clocks.watch import health
from roadworthy.filings.model import FilingKind, Scope
from roadworthy.filings.store import load_filing
from roadworthy.installation import Installation
from roadworthy.kernel.errors import Broken, Refused
from roadworthy.kernel.time import SetTime
from roadworthy.releases import actions as releases
from roadworthy.settings import Settings
from roadworthy.storage import ArtifactStore
from roadworthy.worker import LONGEST_PAUSE, Step, Worker
from tests.clocks.plans import begin, plan
from tests.rooms.upgrades import Company

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])


class Part:
    """A sequencer or a publisher that notes when it was called, and fails when told to."""

    def __init__(self, name: str, called: list[str]) -> None:
        self.name, self.called = name, called
        self.error: Exception | None = None

    def tick(self) -> int:
        self.called.append(self.name)
        if self.error is not None:
            raise self.error
        return 0


@pytest.fixture
def called() -> list[str]:
    return []


@pytest.fixture
def parts(called: list[str]) -> tuple[Part, Part]:
    return Part("sequencer", called), Part("publisher", called)


@pytest.fixture
def worker(co: Company, parts: tuple[Part, Part], tmp_path: Path) -> Worker:
    settings = Settings(tmp_path, str(co.database.url), "http://localhost")
    installation = Installation(settings, co.time, co.database, co.regime, ArtifactStore(tmp_path / "artifacts"))
    return Worker(installation, *parts)  # type: ignore[arg-type]


def status(co: Company, campaign_id: str) -> str:
    with co.database.read() as view:
        return store.get(view, campaign_id).status


@ONE_DATABASE
def test_a_checkpoint_comes_first_and_publishing_last(worker: Worker, called: list[str]) -> None:
    assert [step.name for step in worker.steps] == [
        "sequencing", "noting changes of law", "ending papers", "beginning papers", "answering events",
        "renewing leases", "publishing images",
    ]  # fmt: skip
    assert [step.name for step in worker.apart] == ["sending papers", "watching clocks", "delivering notices"]
    worker.tick()
    assert called == ["sequencer", "publisher"]


def failing_everywhere(parts: tuple[Part, Part]) -> None:
    parts[0].error = Broken("the disk is full")
    parts[1].error = Refused("the gate signer is away")


@ONE_DATABASE
def test_a_campaign_is_held_although_log_and_signer_fail(
    worker: Worker, co: Company, parts: tuple[Part, Part], caplog: pytest.LogCaptureFixture
) -> None:
    campaign, _ = co.running()
    failing_everywhere(parts)
    releases.state_answer(co.database, co.recall, campaign.release_id, "open_defect_investigation", True)
    worker.tick()
    assert status(co, campaign.id) == "held"
    assert "the disk is full" in caplog.text
    assert "the gate signer is away" in caplog.text


@pytest.mark.parametrize("error", [Broken("x"), OSError("disk"), module.SQLAlchemyError("locked")])
def test_a_failing_step_rests_longer_each_time_and_works_again_at_once_when_it_can(
    time: SetTime, error: Exception
) -> None:
    part = Part("p", [])
    step = Step("p", lambda: bool(part.tick()))
    part.error = error
    pauses = []
    for _ in range(12):
        assert step.tick(time.now()) is False
        assert step.next_at is not None
        pauses.append(step.next_at - time.now())
        calls = len(part.called)
        step.tick(time.now())
        assert len(part.called) == calls  # it rests
        time.advance(seconds=pauses[-1].total_seconds())
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    part.error = None
    step.tick(time.now())
    assert (step.failures, step.next_at) == (0, None)


def test_a_mistake_of_ours_is_not_hidden(time: SetTime) -> None:
    def mistake() -> bool:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        Step("p", mistake).tick(time.now())


@ONE_DATABASE
def test_papers_end_by_themselves_and_take_their_campaigns_with_them(worker: Worker, co: Company) -> None:
    cars = co.cars()
    release = co.release()
    assert release.package is not None
    scope = Scope((co.types["EX1"],), release.id, release.package.sha256)
    short = co.file(FilingKind.MIIT_ACTIVITY, scope, valid_until=co.day())
    co.file(FilingKind.SAMR_RECORD, scope)
    campaign = co.start(co.campaign(release))
    worker.tick()
    assert status(co, campaign.id) == "running"

    co.tick(hours=14)  # midnight in Beijing
    assert campaigns.contact(co.database, cars[0]) is None  # no worker needed
    worker.tick()
    with co.database.read() as view:
        assert load_filing(view, short).status == "expired"
    assert status(co, campaign.id) == "held"


@ONE_DATABASE
def test_leases_are_looked_at_every_half_minute_and_every_gate_at_the_start_daily_and_every_ten_minutes(
    worker: Worker, co: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bool] = []
    monkeypatch.setattr(campaigns, "renew", lambda *_args, everything: looked.append(everything))
    for seconds in (0, 10, 20, 30, 60 * 10, 30):
        co.tick(seconds=seconds)
        worker.tick()
    assert looked == [True, False, False, True, False]
    looked.clear()
    co.tick(hours=13, minutes=45)  # shortly before midnight in Beijing
    worker.tick()
    co.tick(minutes=9)
    worker.tick()
    assert looked == [True, True]


@ONE_DATABASE
def test_reminders_are_given_and_clocks_watched_although_log_and_signer_fail(
    worker: Worker, co: Company, parts: tuple[Part, Part]
) -> None:
    begin(co.database, plan(co.time.now(), 1, kinds=["due"]))
    failing_everywhere(parts)
    co.tick(hours=1)
    for _ in range(2):
        worker.tick()
    with co.database.read() as view:
        assert [one.kind for one in messages.list_notices(view, ["compliance_officer"])] == ["due"]
        assert health(view, view.now) == ()


@ONE_DATABASE
def test_a_mistake_of_ours_in_a_thread_ends_the_worker(worker: Worker) -> None:
    def mistake() -> bool:
        raise KeyError("a bug")

    worker.apart[1].run = mistake
    with pytest.raises(KeyError):
        worker.run(threading.Event())


@ONE_DATABASE
def test_it_runs_until_it_is_told_to_stop(worker: Worker, called: list[str]) -> None:
    stop = threading.Event()
    running = threading.Thread(target=worker.run, args=(stop,))
    running.start()
    waited: Callable[[], bool] = lambda: len(called) >= 4  # noqa: E731
    for _ in range(200):
        if waited():
            break
        stop.wait(0.05)
    stop.set()
    running.join(5)
    assert not running.is_alive()
    assert called[:2] == ["sequencer", "publisher"]
