"""The reports that a campaign owes to MIIT: their clocks start by themselves and end with the receipt."""

from typing import Any

from roadworthy.kernel.time import parse_instant
from tests.story.company import Plan, Shipment, Story


def clocks(story: Story, campaign: str, state: str = "running") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = story.by("auditor").get("/clocks", subject=campaign, state=state)["items"]
    return found


def told(story: Story, name: str) -> list[str]:
    return [one["kind"] for one in story.by(name).get("/notices")["items"]]


def test_completing_a_campaign_starts_the_clock_of_its_report(shipping: Story, shipment: Shipment) -> None:
    """EIDC22-4c: five working days; what was sent stops nothing, the receipt does, and it is in the log."""
    shipping.do("complete", shipment.campaign)
    shipping.world.tick()
    (clock,) = clocks(shipping, shipment.campaign)
    assert (clock["duty"], clock["recipients"], clock["standing"]) == ("EIDC22-4c", ["MIIT"], "running")
    assert parse_instant(clock["due_at"]) > shipping.world.time.now()
    scope = {"release_id": shipment.release["id"], "package_sha256": shipment.package["sha256"]}
    report = shipping.submitted("miit_implementation_report", ["X5"], **scope)
    shipping.world.tick()
    assert clocks(shipping, shipment.campaign)
    shipping.accept(report, receipt_date=shipping.day(0))
    shipping.world.tick()
    assert clocks(shipping, shipment.campaign) == []
    (ended,) = clocks(shipping, shipment.campaign, "satisfied")
    assert (ended["standing"], ended["satisfied_by"]) == ("met", report)
    assert [one["data"]["by"] for one in shipping.events("clock.satisfied")] == [report]


def test_a_receipt_from_before_the_report_was_owed_ends_no_clock(shipping: Story, shipment: Shipment) -> None:
    """EIDC22-4c: a paper that the authority took before the completion cannot report on it."""
    scope = {"release_id": shipment.release["id"], "package_sha256": shipment.package["sha256"]}
    early = shipping.submitted("miit_implementation_report", ["X5"], **scope)
    shipping.do("complete", shipment.campaign)
    shipping.world.tick()
    shipping.accept(early)
    shipping.world.tick()
    assert [one["duty"] for one in clocks(shipping, shipment.campaign)] == ["EIDC22-4c"]


def test_a_report_that_nobody_files_is_overdue_and_people_are_told(shipping: Story, shipment: Shipment) -> None:
    """EIDC22-4c: reminders reach the officers, and the standing is red whatever ran or did not."""
    shipping.do("stop", shipment.campaign)
    shipping.world.tick()
    assert told(shipping, "homologation") == []
    shipping.world.time.advance(days=14)
    (clock,) = clocks(shipping, shipment.campaign)
    assert clock["standing"] == "overdue"
    shipping.world.tick()
    assert {"50%", "-24h"} <= set(told(shipping, "homologation"))
    assert "due" in told(shipping, "compliance")


def test_a_campaign_that_lasts_reports_each_half_year(story: Story) -> None:
    """EIDC22-4d: a stage report each six months; the stage under way falls away when the campaign ends."""
    shipment = story.started(Plan())
    (first,) = clocks(story, shipment.campaign)
    assert (first["duty"], first["occasion"]) == ("EIDC22-4d", "period 1")
    story.world.time.advance(days=190)
    story.world.tick()
    assert [one["occasion"] for one in clocks(story, shipment.campaign)] == ["period 1", "period 2"]
    story.do("stop", shipment.campaign)
    story.world.tick()
    assert {(one["duty"], one["occasion"]) for one in clocks(story, shipment.campaign)} == {
        ("EIDC22-4d", "period 1"),
        ("EIDC22-4c", ""),
    }
