"""Notice 45, II.1: nobody approves the own work, whatever roles they hold; and the attempt itself is on record."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy.exc import IntegrityError

from tests.story.company import Plan, Story, bill_of_materials


@dataclass(frozen=True)
class Approval:
    """Where somebody tries to approve the own work: method and path, with what, and the row it would change."""

    attempt: str
    path: str
    body: dict | None
    table: str
    author: str
    approver: str
    id: str


def release_of_jack(story: Story) -> Approval:
    jack, company = story.by("jack"), story.company
    body = {"name": "own", "version": "1", "vehicle_types": [company.types["X5"]], "ecus": [company.ecus["X5/CABIN"]]}
    release = jack.post("/releases", body)["id"]
    jack.upload(f"/releases/{release}/package", b"image", filename="image.bin")
    jack.upload(f"/releases/{release}/sbom", bill_of_materials(Plan()))
    jack.post(f"/releases/{release}/submit")
    return Approval(
        "release.approve", f"/releases/{release}/approve", None, "release", "author_id", "approver_id", release
    )


def campaign_of_jack(story: Story) -> Approval:
    release = story.by("auditor").get("/releases")["items"][0]["id"]
    body = {"name": "own", "release": release, "waves": [100], "filter": {"sold": True}}
    made = story.by("jack").post("/campaigns", body)["id"]
    path = f"/campaigns/{made}/approve"
    return Approval("campaign.approve", path, None, "campaign", "author_id", "approver_id", made)


def paper_of_jack(story: Story) -> Approval:
    release = story.by("auditor").get("/releases")["items"][0]["id"]
    query = {"kind": "test_evidence_complete", "filename": "own.txt"}
    paper = story.by("jack").upload(f"/releases/{release}/papers", b"own", **query)["id"]
    path = f"/releases/{release}/papers/{paper}/check"
    return Approval("release.check_paper", path, None, "dossier_item", "author_id", "approver_id", paper)


def filing_of_jack(story: Story) -> Approval:
    jack, day = story.by("jack"), story.day(1)
    filing = story.signed("miit_enterprise", by="jack")
    jack.post(f"/filings/{filing}/submit", {"submitted_on": day})
    receipt = {**story.receipt(filing, by="jack"), "receipt_date": day}
    return Approval("filing.accept", f"/filings/{filing}/accept", receipt, "filing", "author", "approver", filing)


@pytest.mark.parametrize("prepare", [release_of_jack, campaign_of_jack, paper_of_jack, filing_of_jack])
def test_nobody_approves_the_own_work(shipping: Story, prepare: Callable[[Story], Approval]) -> None:
    """Through the API: refused, rolled back, and recorded. By SQL: the database itself refuses."""
    own = prepare(shipping)
    before = row_of(shipping, own)

    problem = shipping.by("jack").refused("POST", own.path, own.body, status=403)
    assert problem["code"] == "four_eyes"
    assert row_of(shipping, own) == before
    refusal = shipping.events("action.refused", own.id)[-1]
    assert refusal["actor"] == shipping.by("jack").id
    assert (refusal["data"]["attempt"], refusal["data"]["code"]) == (own.attempt, "four_eyes")

    with pytest.raises(IntegrityError, match="four_eyes"):
        shipping.world.sql(f"UPDATE {own.table} SET {own.approver} = {own.author} WHERE id = :id", id=own.id)
    assert row_of(shipping, own) == before


def test_a_refused_start_is_on_record_with_what_was_missing(story: Story) -> None:
    campaign = story.planned(story.released(Plan()))
    missing = story.missing(campaign)
    assert story.campaign(campaign)["status"] == "approved"
    refusal = story.events("action.refused", campaign)[-1]
    assert refusal["data"]["attempt"] == "campaign.start"
    assert {finding.split(":")[0] for finding in refusal["data"]["findings"]} == missing


def row_of(story: Story, own: Approval) -> dict:
    return story.world.rows(f"SELECT * FROM {own.table} WHERE id = :id", id=own.id)[0]
