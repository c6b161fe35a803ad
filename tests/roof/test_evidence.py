"""The evidence of a campaign: every event with its receipt, every row as it was left, opened once."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from roadworthy.campaigns import actions as campaigns
from roadworthy.campaigns.model import Campaign
from roadworthy.evidence import Evidence, campaign_evidence
from roadworthy.kernel.errors import NotFound
from roadworthy.releases import actions as releases
from roadworthy.signing.keys import SigningKey
from roadworthy.storage import ArtifactStore
from roadworthy.transparency.making import NotLogged
from roadworthy.transparency.note import vkey_of
from roadworthy.transparency.receipt import open_receipt, open_row
from roadworthy.transparency.sequencer import Sequencer
from tests.rooms.upgrades import SBOM, Company

KEY = SigningKey.generate("test.example/log")
pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


class Case:
    """A campaign of two vehicles on its way, and the log it is told in."""

    def __init__(self, co: Company, folder: Path) -> None:
        self.co, self.log = co, folder / "log"
        self.artifacts = ArtifactStore(folder / "artifacts")
        self.artifacts.put([SBOM])
        paper = self.artifacts.put([b"a paper"]).sha256
        self.cars = co.cars(count=2)
        release = co.draft()
        co.fill(release, papers=())
        for kind, (writer, _) in {
            "risk_assessment_done": ("safety", 0),
            "notice_text_checked": ("compliance", 0),
        }.items():
            item = releases.attach_paper(co.database, co.people[writer], release.id, kind, "风险 ü.pdf", paper)
            releases.check_paper(co.database, co.second, item.id)
        for kind in ("functional_safety_validated", "test_evidence_complete", "sums_records_complete"):
            writer = "safety" if kind.startswith("functional") else "engineer"
            item = releases.attach_paper(co.database, co.people[writer], release.id, kind, "p.pdf", paper)
            releases.check_paper(co.database, co.second, item.id)
        releases.submit(co.database, co.engineer, release.id)
        self.release = releases.approve(co.database, co.manager, release.id)
        co.clear(self.release)
        self.campaign: Campaign = co.start(co.campaign(self.release))
        for car in self.cars:
            offer = campaigns.contact(co.database, car)
            assert offer is not None
            for word in ("retrieve", "download", "report"):
                campaigns.report(co.database, car, offer.action.number, word)

    def sequence(self) -> None:
        self.co.tick()
        Sequencer(self.co.database, self.log, KEY).tick()

    def gather(self) -> Evidence:
        with self.co.database.read() as view:
            return campaign_evidence(view, self.log, self.artifacts, self.campaign.id)


@pytest.fixture
def case(co: Company, tmp_path: Path) -> Iterator[Case]:
    with closing(co.database):
        yield Case(co, tmp_path)


def test_every_receipt_and_row_opens_offline_and_each_row_is_there_once(case: Case) -> None:
    case.sequence()
    found = case.gather()
    rows = []
    for record in found.receipts:
        event = open_receipt(record["receipt"], vkey_of(KEY)).event
        rows += [(one["table"], one["key"], open_row(one, event)) for one in record["rows"]]

    assert len({(table, key) for table, key, _ in rows}) == len(rows)
    tables = [table for table, _, _ in rows]
    assert {t: tables.count(t) for t in ("campaign", "wave", "release", "package", "sbom", "assignment", "action")} == {
        "campaign": 1, "wave": 1, "release": 1, "package": 1, "sbom": 1, "assignment": 2, "action": 2,
    }  # fmt: skip
    assert tables.count("dossier_item") == 5
    assert {row["status"] for table, _, row in rows if table == "action"} == {"reported"}
    assert {row["status"] for table, _, row in rows if table == "filing"} == {"valid"}
    assert found.scope["events_after_checkpoint"] == 0
    assert found.scope["vehicles"] == 2
    assert len(found.scope["filings"]) == 4  # type: ignore[arg-type]


def test_papers_and_answers_of_the_gate_are_in_it(case: Case) -> None:
    case.sequence()
    documents = case.gather().documents
    assert [name for name in documents if name.startswith("GTE-")]
    assert b"a paper" in documents.values()
    assert SBOM in documents.values()
    assert not [name for name in documents if "/" in name or "\\" in name]


def test_what_came_after_the_checkpoint_is_counted_and_not_claimed(case: Case) -> None:
    with pytest.raises(NotLogged):
        case.gather()
    case.sequence()
    whole = case.gather()
    campaigns.pause(case.co.database, case.co.manager, case.campaign.id)
    later = case.gather()
    assert later.scope["events_after_checkpoint"] == 2  # the pause and the end of its lease
    assert len(later.receipts) == len(whole.receipts)
    for record in later.receipts:
        event = open_receipt(record["receipt"], vkey_of(KEY)).event
        for one in record["rows"]:
            open_row(one, event)


def test_an_unknown_campaign_is_not_found(case: Case) -> None:
    case.sequence()
    with case.co.database.read() as view, pytest.raises(NotFound):
        campaign_evidence(view, case.log, case.artifacts, "CMP-01KJNN0Y000000000000000000")
