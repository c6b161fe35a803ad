"""Notice 45, I.3.2b: a main parameter changes, so the product change permit has to come first, for the very values."""

import pytest

from tests.story.company import Plan, Story

FASTER = Plan("drive", "4.2.1", ("X5",), "DRIVE", {"speed_max": "130", "hands_off_warning": "10"})


def test_a_changed_main_parameter_waits_for_the_permit_for_these_very_values(story: Story) -> None:
    """N45-7b: the class is computed from the registry, and a permit for other values opens nothing."""
    release = story.released(FASTER)
    assert [(one["labels"], one["tier"]) for one in release["classifications"]] == [(["parameters"], "T2b")]
    story.file_release(release, FASTER.models)
    campaign = story.planned(release)
    assert story.missing(campaign) == {"PARAM"}

    story.permit(["X5"], {"speed_max": "125"})
    story.permit(["X7"], {"speed_max": "130"})
    assert story.missing(campaign) == {"PARAM"}

    permit = story.permit(["X5"], {"speed_max": "130"})
    story.do("start", campaign)
    (decided,) = story.events("gate.decided")
    assert permit in decided["data"]["filings"]
    assert decided["data"]["labels"] == ["parameters"]


def test_a_parameter_that_nobody_declared_is_unknown_and_named(story: Story) -> None:
    """N45-7b: what a touched control unit can influence and nobody declared is unknown; unknown never opens."""
    release = story.released(Plan("drive", "4.2.2", ("X5",), "DRIVE", {"speed_max": "120"}))
    assert [one["decision"] for one in release["classifications"]] == ["blocked"]  # the filings are missing as well
    story.file_release(release, ["X5"])
    campaign = story.planned(release)
    assert story.missing(campaign) == {"FACTS"}
    assert story.unknown(campaign) == {"main_parameters_changed"}
    problem = story.by("manager").refused("POST", f"/campaigns/{campaign}/start")
    assert [finding["state"] for finding in problem["findings"]] == ["hold"]
    assert "hands_off_warning" in str(problem["findings"])


@pytest.mark.parametrize(
    "fact",
    [
        "main_parameters_changed",
        "changed_parameters",
        "change_permit_granted",
        "recall_plan_filed",
        "released_hash_equals_filed",
        "vins_outside_filed_scope",
        "filings.miit_activity.state",
        "labels",
        "tier",
    ],
)
def test_nobody_can_state_what_is_computed(shipping: Story, shipment, fact: str) -> None:
    """Nobody types the class: not even somebody with every role."""
    path = f"/releases/{shipment.release['id']}/answers/{fact}"
    problem = shipping.by("jack").refused("PUT", path, {"value": False}, status=422)
    assert problem["code"] == "fact.not_declarable"
    assert "computed" in problem["detail"]
