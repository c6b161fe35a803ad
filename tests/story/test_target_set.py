"""Who a campaign aims at is counted and digested when it is created; that set, and no other, is what was filed."""

from roadworthy.campaigns.rules import target_digest
from roadworthy.vehicle.agent import Status
from tests.story.company import Plan, Shipment, Story

NEXT = Plan("cabin", "5.1.0", declared={"theme": "noon"})


def test_a_car_that_never_finished_a_completed_campaign_gets_the_next_release(
    shipping: Story, shipment: Shipment
) -> None:
    """An update left open must not keep a car from every later one, a recall remedy above all."""
    tuf, ddi, _ = shipping.cars["X5"]
    assert tuf.poll().status is Status.COME_BACK
    shipping.world.tick()
    assert list(tuf.ordered()) == [shipment.package["path"]]
    shipping.do("complete", shipment.campaign)
    assert tuf.ordered() == {}

    following = shipping.started(NEXT)
    assert tuf.update().status is Status.ATTESTED
    assert ddi.offered().artifact["hashes"]["sha256"] == following.package["sha256"]
    assert shipping.counts(following.campaign)["attested"] == 1


def test_a_filing_for_a_set_of_vins_covers_this_set_only(story: Story) -> None:
    """N45-6a, D25-2d: SCOPE holds a campaign to the very cars that were filed."""
    release = story.released(Plan())
    one, two, three = story.cars["X5"]
    story.file_release(release, ["X5"], vin_set_digest=target_digest([one.vin, two.vin]))
    assert story.missing(story.planned(release)) == {"SCOPE"}
    assert story.missing(story.planned(release, vins=[one.vin, three.vin])) == {"SCOPE"}
    campaign = story.planned(release, vins=[two.vin, one.vin])
    story.do("start", campaign)
    story.world.tick()
    assert [car.update().status for car in (one, three)] == [Status.ATTESTED, Status.NOTHING_NEW]


def test_a_car_that_begins_to_match_a_filed_filter_later_gets_nothing(story: Story) -> None:
    """N45-6a, D25-2d: a car that moves into the filter after the set was counted lies outside the filed set."""
    one, two, late = story.cars["X5"]
    move = f"/vehicles/{late.id}"
    story.by("administrator").patch(move, {"province": "浙江"})
    release = story.released(Plan())
    story.file_release(release, ["X5"], vin_set_digest=target_digest([one.vin, two.vin]))
    campaign = story.planned(release, filter={"provinces": ["江苏"]})
    story.do("start", campaign)
    story.world.tick()
    assert one.update().status is Status.ATTESTED

    story.by("administrator").patch(move, {"province": "江苏"})
    assert late.update().status is Status.NOTHING_NEW
    assert "deploymentBase" not in late.base()
