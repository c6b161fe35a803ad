"""Notice 45, I.3.2a: without a change of main parameters, an upgrade goes out once both authorities have it on file."""

import pytest

from roadworthy.vehicle.agent import Status
from tests.story.company import Plan, Story


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_general_release_ships_exactly_when_its_receipts_are_in(story: Story) -> None:
    """N45-7a, N45-6a, EIDC22-2, SAMR20-1; success is only what the car's own key attests (N45 II.3)."""
    release = story.released(Plan())
    assert [(one["labels"], one["tier"]) for one in release["classifications"]] == [(["general"], "T1")]
    campaign = story.planned(release)
    first, second, third = story.cars["X5"]

    assert story.missing(campaign) >= {"ACT", "SAMR"}
    assert first.ordered() == {}
    assert set(first.base()) == {"configData"}

    scope = {"release_id": release["id"], "package_sha256": release["package"]["sha256"]}
    activity = story.submitted("miit_activity", ["X5"], **scope)
    record = story.submitted("samr_record", ["X5"], **scope)
    assert story.missing(campaign) >= {"ACT", "SAMR"}  # sent is not received
    story.accept(activity)
    assert story.missing(campaign) == {"SAMR"}
    story.accept(record)

    assert story.do("start", campaign)["status"] == "running"
    story.world.tick()
    assert story.listed() == [release["package"]["path"]]

    assert [car.update().status for car in (first, second)] == [Status.ATTESTED] * 2
    assert first.poll().status is Status.NOTHING_NEW
    offered = third.offered()
    assert offered.artifact["hashes"]["sha256"] == release["package"]["sha256"]
    assert third.ask("GET", offered.download).content == Plan().image
    assert third.feedback(offered.number, "closed", "success").status_code == 200
    assert story.counts(campaign) == {"attested": 2, "reported": 1}  # a car's word is not its signature
    unit = next(e for e in story.by("auditor").get(f"/vehicles/{first.id}")["ecus"] if e["attested"])
    assert unit["attested"]["sha256"] == release["package"]["sha256"]
