"""The other classes of Notice 45, and who is outside: level 3, imports, test fleets, recalls."""

from roadworthy.vehicle.agent import Status
from tests.story.company import Plan, Story


def test_touching_a_level_3_model_is_automated_driving_and_waits(story: Story) -> None:
    """N45-7c, EIDC22-3.3: filings and unchanged parameters do not open it without the permission for the upgrade."""
    same = {"speed_max": "120", "hands_off_warning": "10"}
    release = story.released(Plan("drive", "9.0.0", ("A9",), "DRIVE", same))
    assert [(one["labels"], one["tier"]) for one in release["classifications"]] == [(["automated_driving"], "T3")]
    story.file_release(release, ["A9"])
    campaign = story.planned(release)
    assert story.missing(campaign) <= {"ADS", "FACTS"}
    assert "ads_odd_inside_permit" in story.unknown(campaign)
    story.by("homologation").put(f"/releases/{release['id']}/answers/ads_odd_inside_permit", {"value": True})
    story.file("l3_permit", ["A9"])
    assert story.missing(campaign) == {"ADS"}  # it admitted the model, but not with this software
    story.file("l3_permit", ["A9"], package_sha256="0" * 64)
    assert story.missing(campaign) == {"ADS"}
    assert story.cars["A9"][0].ordered() == {}
    permit = story.file("l3_permit", ["A9"], package_sha256=release["package"]["sha256"])
    story.do("start", campaign)
    (decided,) = story.events("gate.decided")
    assert permit in decided["data"]["filings"]


def test_the_cabin_of_a_level_3_model_is_a_general_release(story: Story) -> None:
    """Q-17: what holds no automated driving is not touched by it."""
    release = story.released(Plan("cabin", "9.0.0", ("A9",)))
    assert [one["labels"] for one in release["classifications"]] == [["general"]]


def test_an_imported_model_files_with_samr_only(story: Story) -> None:
    """Q-19, SAMR20-1: neither enterprise, model nor activity filing at MIIT, and no tier."""
    release = story.released(Plan("cabin", "3.0.0", ("R3",)))
    assert [(one["labels"], one["tier"]) for one in release["classifications"]] == [(["general"], None)]
    campaign = story.planned(release)
    assert "SAMR" in story.missing(campaign)
    assert not story.missing(campaign) & {"ENT", "TYPE", "ACT", "PARAMREG"}
    story.file("samr_record", ["R3"], release_id=release["id"], package_sha256=release["package"]["sha256"])
    story.do("start", campaign)
    story.world.tick()
    assert story.cars["R3"][0].update().status is Status.ATTESTED


def test_an_unsold_test_fleet_is_out_of_scope(story: Story) -> None:
    """Test cars in the yard get what nobody has filed, yet only what two people have approved (N45 II.3)."""
    release = story.released(Plan("drive", "0.1.0", ("T1",), "DRIVE", {"speed_max": "180", "hands_off_warning": "3"}))
    campaign = story.planned(release, filter={"test_fleet": True})
    story.do("start", campaign)
    (decided,) = story.events("gate.decided")
    assert (decided["data"]["labels"], decided["data"]["tier"]) == ([], None)
    story.world.tick()
    assert story.cars["T1"][0].update().status is Status.ATTESTED


def test_a_sold_test_car_is_in_scope_again(story: Story) -> None:
    release = story.released(Plan("cabin", "0.2.0", ("T1",)))
    story.by("administrator").patch(f"/vehicles/{story.cars['T1'][0].id}", {"sold": True})
    campaign = story.planned(release, filter={"test_fleet": True})
    assert story.missing(campaign) >= {"ACT", "SAMR"}


def test_a_recall_remedy_waits_for_the_plan_and_the_stop_orders(story: Story) -> None:
    """N45-7d, REG-16, REG-17, SAMR20-2."""
    release = story.released(Plan("cabin", "5.0.1", answers={"defect_removed": "yes"}))
    assert [one["labels"] for one in release["classifications"]] == [["recall"]]
    story.file_release(release, ["X5"])
    campaign = story.planned(release)
    assert story.missing(campaign) == {"RECALL", "FACTS"}
    answers = f"/releases/{release['id']}/answers"
    story.by("recall").put(f"{answers}/sellers_told", {"value": True})
    story.by("recall").put(f"{answers}/production_sale_stopped", {"value": False})
    assert story.missing(campaign) == {"RECALL"}
    story.by("recall").put(f"{answers}/production_sale_stopped", {"value": True})
    assert story.missing(campaign) == {"RECALL"}

    story.file("recall_plan", ["X5"])  # the plan of some other defect: it names neither release nor package
    assert story.missing(campaign) == {"RECALL"}
    scope = {"release_id": release["id"], "package_sha256": release["package"]["sha256"]}
    story.file("recall_plan", ["X5"], **scope)
    story.do("start", campaign)
    story.world.tick()
    assert story.cars["X5"][0].update().status is Status.ATTESTED
