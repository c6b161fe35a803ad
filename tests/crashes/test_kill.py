"""Signal 9 at every point of the actions that matter: all or nothing happened, and nothing acknowledged is lost.

Each child acts, acknowledges, and is killed somewhere. A new process then looks: rows and events agree, the state
is the one before or the one after, the log verifies after the next tick, and the action can be said again.
`make test` kills before every point and after the last, which meets every state that lasts, or at some of them,
evenly spread, where there are many; `make test-long` on both sides of all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns import store as campaigns_store
from roadworthy.device.manifests import accept_manifest
from roadworthy.filings import store as filings_store
from roadworthy.fleet import actions as fleet
from roadworthy.installation import open_installation
from roadworthy.kernel.errors import RoadworthyError
from roadworthy.releases import store as releases_store
from tests import crash
from tests.company import LEASE_HOURS, Company, no_tables_of_tests, vehicle_rows
from tests.conftest import LONG
from tests.crashes.state import (
    IMAGE,
    ServerCopies,
    acknowledge,
    acknowledged,
    check_whole,
    differences,
    eve,
    opened,
    shape,
)
from tests.tampering.shell import verify


@dataclass(frozen=True)
class Scenario:
    """What is done and killed. `twice` is the code of the refusal when it is said again, "" when that is harmless."""

    act: Callable[[Company], Any]
    twice: str = ""
    sequenced: bool = False


def start(company: Company) -> None:
    company.start(by_name(company, "ready"))


def advance(company: Company) -> None:
    running, manager = by_name(company, "running"), company.people["manager"]
    campaigns.advance(company.database, manager, company.regime, running.id, LEASE_HOURS)


def accept(company: Company) -> None:
    with company.database.read() as view:
        waiting = [f for f in filings_store.list_filings(view) if f.kind == "recall_plan"]
    company.accept(waiting[0])


def upload(company: Company) -> None:
    with company.database.read() as view:
        (draft,) = [r for r in releases_store.page(view, "", 50) if r.name == "z9"]
    company.upload(draft, slowly(IMAGE))


def slowly(content: bytes) -> Iterator[bytes]:
    """Give an upload piece by piece; between them the server may be killed."""
    for at in range(0, len(content), 4096):
        crash.mark(f"receive from {at}")
        yield content[at : at + 4096]


def attest(company: Company) -> None:
    with company.database.read() as view:
        package = releases_store.package_of(view, by_name(company, "attesting").release_id)
    body = company.manifest(6, package.sha256, path=package.path, counter=1)
    accept_manifest(company.database, company.vehicle(6), body)


def bring_in(company: Company) -> None:
    fleet.import_vehicles(company.database, company.people["administrator"], vehicle_rows(range(100, 105)))


def by_name(company: Company, name: str) -> Any:
    with company.database.read() as view:
        (campaign_id,) = view.first(
            select(campaigns_store.campaign.c.id).where(campaigns_store.campaign.c.name == name)
        )
        return campaigns_store.get(view, campaign_id)


SCENARIOS = {
    "campaign start": Scenario(start, "state.wrong"),
    "wave advance": Scenario(advance, "waves.all"),
    "filing acceptance": Scenario(accept, "state.wrong"),
    "package upload": Scenario(upload, "package.exists"),
    "vehicle manifest": Scenario(attest),
    "vehicle import": Scenario(bring_in, "rows.unusable"),
    "publisher tick": Scenario(Company.publish, sequenced=True),
}


@dataclass(frozen=True)
class Eve:
    """The company, its folder as it is and with everything sequenced, and how they are copied."""

    company: Company
    home: Path
    sequenced: Path
    copies: crash.Copies
    most: int

    def crashes(
        self, action: Callable[[Path], Any], scratch: Path, *, sequenced: bool = False
    ) -> Iterator[crash.Crash]:
        home = self.sequenced if sequenced else self.home
        return crash.crashes(home, action, scratch, both_sides=LONG, most=self.most, copies=self.copies)

    def shape_after(
        self, act: Callable[[Company], Any], scratch: Path, *, sequenced: bool = False
    ) -> dict[str, object]:
        copy = scratch / "shape"
        self.copies.make(self.sequenced if sequenced else self.home, copy)
        here = opened(self.company, copy)
        act(here)
        found = shape(here)
        here.close()
        self.copies.remove(copy)
        return found


def prepare(folder: Path, copies: crash.Copies, most: int, url: str = "") -> Eve:
    company = eve(folder / "home", url)
    company.close()
    copies.make(company.home, folder / "sequenced")
    other = opened(company, folder / "sequenced")
    other.sequence()
    other.close()
    return Eve(company, company.home, folder / "sequenced", copies, most)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("eve"), crash.Copies(), most=0 if LONG else 16)


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory, postgresql_server):
    copies = ServerCopies(postgresql_server)
    made = prepare(tmp_path_factory.mktemp("eve"), copies, 0 if LONG else 8, copies.new())
    yield made
    copies.remove(made.sequenced)
    copies.remove(made.home)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_kill_leaves_all_or_nothing(on_sqlite, tmp_path, name):
    all_or_nothing(on_sqlite, tmp_path, SCENARIOS[name])


def test_a_kill_leaves_all_or_nothing_on_postgresql(on_postgresql, tmp_path):
    all_or_nothing(on_postgresql, tmp_path, SCENARIOS["campaign start"])


def test_a_kill_while_sequencing_loses_and_doubles_nothing(on_sqlite, tmp_path):
    nothing_lost(on_sqlite, tmp_path)


def test_a_kill_while_sequencing_loses_and_doubles_nothing_on_postgresql(on_postgresql, tmp_path):
    nothing_lost(on_postgresql, tmp_path)


def all_or_nothing(eve: Eve, scratch: Path, scenario: Scenario) -> None:
    def act_and_say(folder: Path) -> None:
        here = opened(eve.company, folder)
        scenario.act(here)
        acknowledge(folder, "done")

    before = eve.shape_after(lambda _: None, scratch, sequenced=scenario.sequenced)
    after = eve.shape_after(scenario.act, scratch, sequenced=scenario.sequenced)
    assert before != after
    labels = []
    for left in eve.crashes(act_and_say, scratch, sequenced=scenario.sequenced):
        labels.append(left.label)
        crash.run(left.folder, partial(recover, eve.company, scenario, before, after, left.label))
    assert any(label.endswith("COMMIT") for label in labels)
    print(f"killed {len(labels)} times")


def recover(company: Company, scenario: Scenario, before: Any, after: Any, label: str, folder: Path) -> None:
    """What the next process finds and does."""
    here, said = opened(company, folder), acknowledged(folder)
    found = shape(here)
    happened = found == after
    assert happened or found == before, f"{label}: half done: {differences(before, found)}"
    assert happened or not said, f"{label}: acknowledged and lost"
    check_whole(here, settled=False)
    here.sequence()
    check_whole(here, settled=True)
    refusal = refusal_of(scenario, here)
    assert refusal == (scenario.twice if happened else ""), f"{label}: said again: {refusal or 'no refusal'}"
    if not refusal:
        assert shape(here) == after, f"{label}: {differences(after, shape(here))}"
    here.sequence()
    check_whole(here, settled=True)


def refusal_of(scenario: Scenario, company: Company) -> str:
    try:
        scenario.act(company)
    except RoadworthyError as error:
        return error.error_code
    return ""


def nothing_lost(eve: Eve, scratch: Path) -> None:
    """A campaign is started and acknowledged, then the sequencer is killed: before, while and after it works."""

    def act(folder: Path) -> None:
        here = opened(eve.company, folder)
        start(here)
        acknowledge(folder, "started")
        here.sequence()
        acknowledge(folder, "sequenced")

    def look(label: str, folder: Path) -> None:
        here, said = opened(eve.company, folder), acknowledged(folder)
        found = shape(here)
        assert found == after or (found == before and not said), f"{label}: {differences(before, found)}"
        check_whole(here, settled="sequenced" in said)
        here.sequence()
        check_whole(here, settled=True)
        assert verify(here).events == sum(found["events"].values())

    before, after = eve.shape_after(lambda _: None, scratch), eve.shape_after(start, scratch)
    labels = []
    for left in eve.crashes(act, scratch):
        labels.append(left.label)
        crash.run(left.folder, partial(look, left.label))
    assert any("INSERT INTO log_entry" in label for label in labels) or not LONG
    print(f"killed {len(labels)} times")


def test_what_a_killed_upload_leaves_is_removed_when_the_next_process_starts(on_sqlite, tmp_path):
    company, left = on_sqlite.company, []
    for kill in on_sqlite.crashes(lambda folder: upload(opened(company, folder)), tmp_path):
        drafts = list((kill.folder / "artifacts" / "incoming").glob("*"))
        left.append(len(drafts))
        if drafts:
            here = opened(company, kill.folder)
            here.close()
            with no_tables_of_tests():
                open_installation(here.settings, here.time).close()
            assert not any(draft.exists() for draft in drafts), kill.label
    assert max(left) == 1
