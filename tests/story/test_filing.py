"""An activity on its way to the authority over HTTP, and back: acknowledged, accepted, returned, or nobody knows."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests import papers
from tests.story.company import Plan, Story

MODELS = ("X5",)


def signed_activity(story: Story) -> tuple[str, str]:
    """A campaign whose gate wants nothing but the activity; give the campaign and the signed filing."""
    release = story.released(Plan(models=MODELS))
    campaign = story.planned(release)
    scope = {"release_id": release["id"], "package_sha256": release["package"]["sha256"]}
    story.file("samr_record", MODELS, **scope)
    types = [story.company.types[model] for model in MODELS]
    filing = story.signed("miit_activity", MODELS, vehicle_type_ids=types, **scope)
    assert "ACT" in story.missing(campaign)
    return campaign, filing


def send(story: Story, filing: str) -> dict[str, Any]:
    """Send a signed paper, and let the worker deliver it."""
    sent = story.by("homologation").post(f"/filings/{filing}/send")
    assert (sent["status"], sent["submitted_on"]) == ("submitted", None)
    story.world.tick()
    return shown(story, filing)


def shown(story: Story, filing: str) -> dict[str, Any]:
    return dict(story.by("auditor").get(f"/filings/{filing}"))


def today(story: Story, filing: str) -> Mapping[str, Any]:
    return {**story.receipt(filing), "receipt_date": story.day(0)}


def at_the_desk(story: Story, scenario: str | None) -> None:
    """Tell the authority how to behave; None: as it does by itself."""
    if scenario is None:
        story.world.desk.delete("/admin/scenarios").raise_for_status()
    else:
        story.world.desk.post("/admin/scenarios", json={"scenario": scenario}).raise_for_status()


def test_the_gate_opens_exactly_when_the_authority_has_accepted_the_activity(story: Story) -> None:
    """EIDC22-2, N45-6a: neither signed nor sent nor acknowledged opens it."""
    campaign, filing = signed_activity(story)
    found = send(story, filing)
    assert (found["status"], found["submitted_on"]) == ("acknowledged", story.day(0))
    assert found["submission_number"].startswith("MOCK-")
    assert found["packet"]["status"] == "sent"
    assert {one["language"] for one in found["documents"] if one["role"] == "form"} == {"zh", "en"}
    assert "ACT" in story.missing(campaign)
    accepted = story.by("second").post(f"/filings/{filing}/accept", today(story, filing))
    assert accepted["status"] == "valid"
    story.do("start", campaign)
    kinds = [event["kind"] for event in story.subject_events(filing)]
    assert [kind for kind in kinds if kind not in {"filing.drawn", "filing.attached"}] == [
        "filing.drafted", "filing.completed", "filing.countersigned", "filing.submitted", "filing.acknowledged",
        "filing.accepted", "filing.activated",
    ]  # fmt: skip


def test_a_returned_activity_is_amended_signed_and_sent_again(story: Story) -> None:
    campaign, filing = signed_activity(story)
    at_the_desk(story, "return")
    found = send(story, filing)
    assert "returned" in found["packet"]["evidence"]["answer_begins"]
    officer = story.by("homologation")
    officer.post(f"/filings/{filing}/return", {"remark": "item 3 is incomplete"})
    assert "ACT" in story.missing(campaign)
    amended = officer.post(f"/filings/{filing}/amend", {"facts": {"activity": {"purpose": "a clearer purpose"}}})
    assert (amended["status"], amended["round"], amended["signed_by"]) == ("draft", 2, None)
    officer.post(f"/filings/{filing}/complete")
    problem = story.by("second").refused("POST", f"/filings/{filing}/sign-off")
    assert [one["code"] for one in problem["findings"]] == ["miit_activity.purpose.differs"]
    officer.post(f"/filings/{filing}/reopen")
    told_to_samr = papers.facts_of("samr_record", [])["activity"]["purpose"]
    officer.patch(f"/filings/{filing}", {"facts": {"activity": {"purpose": told_to_samr}}})
    officer.post(f"/filings/{filing}/complete")
    story.by("second").post(f"/filings/{filing}/sign-off")
    at_the_desk(story, None)
    again = send(story, filing)
    assert again["packet"]["id"] != found["packet"]["id"]
    assert "ACT" in story.missing(campaign)
    story.by("second").post(f"/filings/{filing}/accept", today(story, filing))
    story.do("start", campaign)


def test_a_lost_answer_is_unknown_until_the_authority_says_and_nothing_is_sent_twice(story: Story) -> None:
    campaign, filing = signed_activity(story)
    at_the_desk(story, "lose")
    found = send(story, filing)
    assert (found["status"], found["submitted_on"], found["packet"]["status"]) == ("submitted", None, "unsure")
    assert "check with the authority" in found["packet"]["reason"]["en"]
    problem = story.by("second").refused("POST", f"/filings/{filing}/accept", today(story, filing))
    assert problem["code"] == "packet.open"
    assert "ACT" in story.missing(campaign)
    assert story.by("homologation").refused("POST", f"/filings/{filing}/send")["code"] == "state.wrong"
    story.world.tick()
    assert story.world.desk.get(f"/submissions/{found['packet_id']}").status_code == 200
    story.world.advance(minutes=2)
    story.world.tick()
    settled = shown(story, filing)
    assert (settled["status"], settled["packet"]["status"]) == ("acknowledged", "sent")
    assert settled["packet"]["attempt"] == 1


def test_papers_of_one_activity_that_differ_are_found_on_both_and_not_signed(story: Story) -> None:
    """Notice 45 (8): what MIIT and SAMR are told of one activity is the same, field by field."""
    release = story.released(Plan(models=MODELS))
    types = [story.company.types[model] for model in MODELS]
    scope = {"vehicle_type_ids": types, "release_id": release["id"], "package_sha256": release["package"]["sha256"]}
    officer, made = story.by("homologation"), {}
    for kind in ("miit_activity", "samr_record"):
        facts = papers.facts_of(kind, [(one, one) for one in MODELS], papers.named_by(scope))
        facts["notice"]["text"] = f"notice for {kind}"
        facts["systems"][0]["after"] = kind
        made[kind] = officer.post("/filings", {"kind": kind, "facts": facts, **scope})["id"]
    for kind, other in (("miit_activity", "samr_record"), ("samr_record", "miit_activity")):
        found = shown(story, made[kind])
        assert {one["code"] for one in found["findings"]} == {f"{kind}.notice_text.differs", f"{kind}.systems.differs"}
        assert all(made[other] in one["text"]["zh"] and made[other] in one["text"]["en"] for one in found["findings"])
        assert [one["id"] for one in found["beside"]] == [made[other]]
        officer.post(f"/filings/{made[kind]}/complete")
        problem = story.by("second").refused("POST", f"/filings/{made[kind]}/sign-off")
        assert problem["code"] == "filing.incomplete"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", ["docx", "xlsx", "pdf", "json"])
def test_a_paper_is_drawn_in_every_kind_and_language_and_kept_by_its_hash(
    shipping: Story, kind: str, language: str
) -> None:
    officer = shipping.by("homologation")
    filing = officer.get("/filings", kind="miit_type")["items"][0]["id"]
    drawn = officer.post(f"/filings/{filing}/documents/draw", {"kind": kind, "language": language})
    assert drawn == officer.post(f"/filings/{filing}/documents/draw", {"kind": kind, "language": language})
    assert drawn["name"] == f"miit_type-{filing}.{language}.{kind}"
    content = officer.attempt("GET", f"/filings/{filing}/documents/{drawn['id']}/content")
    assert len(content.content) == drawn["length"]
    assert content.headers["content-disposition"].startswith("attachment")
