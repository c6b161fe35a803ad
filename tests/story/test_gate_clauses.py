"""Clauses of Notice 45 that each hold back a filed release until the one thing they ask for is there."""

import pytest

from tests.story.company import Plan, Story


def held(story: Story, plan: Plan) -> tuple[str, str]:
    """Have a release filed and in an approved campaign; give both ids."""
    release = story.released(plan)
    story.file_release(release, plan.models)
    return release["id"], story.planned(release)


@pytest.mark.parametrize(
    ("paper", "token"),
    [
        ("test_evidence_complete", "TEST"),  # N45-1b: every upgrade is tested and validated sufficiently
        ("notice_text_checked", "MKT"),  # N45-A1.3: what users are told is true and checked
        ("risk_assessment_done", "RISK"),  # N45 II.3, GB96-4.2
        ("functional_safety_validated", "SAFETY"),  # N45 II.3, GB96-4.4
        ("sums_records_complete", "SUMS"),  # GB96-4.3
    ],
)
def test_a_paper_that_is_missing_holds_the_campaign_until_it_is_checked(story: Story, paper: str, token: str) -> None:
    """N45-1b, N45-A1.3: the gate names the paper; attached but unchecked it is not there yet."""
    release, campaign = held(story, Plan(without=[paper]))
    assert story.missing(campaign) == {token}
    story.paper(release, paper)
    assert story.do("start", campaign)["status"] == "running"


def test_an_unanswered_defect_question_holds_the_campaign(story: Story) -> None:
    """N45-6c, REG-12a: no upgrade may hide a defect, so somebody must say whether it removes one."""
    release, campaign = held(story, Plan(without=["defect_removed"]))
    assert "DEFECT" in story.missing(campaign)
    story.answer(release, "defect_removed", "no")
    assert story.do("start", campaign)["status"] == "running"


def test_an_open_investigation_of_the_same_function_holds_the_campaign(story: Story) -> None:
    """N45-6c, REG-12a."""
    release, campaign = held(story, Plan(answers={"open_defect_investigation": True}))
    assert story.missing(campaign) == {"DEFECT"}
    story.answer(release, "open_defect_investigation", value=False)
    assert story.do("start", campaign)["status"] == "running"


def test_a_model_without_its_supplemented_parameters_gets_nothing(story: Story) -> None:
    """N45-2c: models admitted before the Notice supplement their Annex 2 parameters first."""
    vehicle_type = f"/vehicle-types/{story.company.types['X5']}"
    story.by("homologation").patch(vehicle_type, {"annex2_supplemented": False})
    _, campaign = held(story, Plan())
    assert story.missing(campaign) == {"PARAMREG"}
    story.by("second").patch(vehicle_type, {"annex2_supplemented": True})
    assert story.do("start", campaign)["status"] == "running"


def test_finished_cars_in_stock_wait_for_the_check_of_their_consistency(story: Story) -> None:
    """N45-2d: an unsold car is still production; COP stands before it and nobody has checked it."""
    for car in story.cars["X5"]:
        story.by("compliance").patch(f"/vehicles/{car.id}", {"sold": False})
    release = story.released(Plan())
    story.file_release(release, ["X5"])
    campaign = story.planned(release, filter={"sold": False})
    assert "COP" in story.missing(campaign)


def test_data_that_driving_automation_uses_needs_the_survey_approval(story: Story) -> None:
    """N45-6b: the car must conform after the upgrade; map data for driving automation needs its approval."""
    _, campaign = held(story, Plan(answers={"data_used_by_driving_automation": True}))
    assert "MAP" in story.missing(campaign)


def test_a_remedy_that_changes_a_main_parameter_waits_for_the_permit_too(story: Story) -> None:
    """N45-7d, N45-7e, N45-7b: the plan alone opens neither the field nor the halted production."""
    declared = {"speed_max": "110", "hands_off_warning": "10"}
    release = story.released(Plan("drive", "5.0.2", ecu="DRIVE", declared=declared, answers={"defect_removed": "yes"}))
    assert [set(one["labels"]) for one in release["classifications"]] == [{"parameters", "recall"}]
    story.file_release(release, ["X5"])
    story.file("recall_plan", ["X5"], release_id=release["id"], package_sha256=release["package"]["sha256"])
    for fact in ("sellers_told", "production_sale_stopped"):
        story.by("recall").put(f"/releases/{release['id']}/answers/{fact}", {"value": True})
    campaign = story.planned(release)
    assert story.missing(campaign) == {"PARAM", "PROD"}
    story.permit(["X5"], declared)
    assert story.do("start", campaign)["status"] == "running"
