"""What the gate's yes rests on falls away: delivery stops at once, the worker then draws every consequence (N45-6a)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from roadworthy.database.history import newest_event
from roadworthy.kernel.errors import Refused
from roadworthy.signing.image_repository import released_portion
from roadworthy.signing.model import ImageTarget
from roadworthy.transparency.making import make_receipt, make_row_opening
from roadworthy.vehicle.agent import Status
from tests.story.cars import Car, Offered
from tests.story.company import Plan, Shipment, Story


def withdraw_activity(story: Story, shipment: Shipment) -> None:
    story.by("compliance").post(f"/filings/{shipment.activity}/withdraw", {"remark": "wrong form"})


def withdraw_record(story: Story, shipment: Shipment) -> None:
    story.by("compliance").post(f"/filings/{shipment.record}/withdraw", {"remark": "wrong form"})


def withdraw_release(story: Story, shipment: Shipment) -> None:
    story.by("manager").post(f"/releases/{shipment.release['id']}/withdraw")


def pause(story: Story, shipment: Shipment) -> None:
    story.do("pause", shipment.campaign)


def stop(story: Story, shipment: Shipment) -> None:
    story.do("stop", shipment.campaign)


def assert_nothing_is_delivered(ddi: Car, offered: Offered, tuf: Car, shipment: Shipment) -> None:
    assert "deploymentBase" not in ddi.base()
    assert ddi.ask("GET", offered.deployment).status_code == 404
    assert ddi.ask("GET", offered.download).status_code == 404
    assert tuf.ordered() == {}
    assert tuf.image(shipment.package).status_code == 404


@pytest.mark.parametrize(
    ("what", "state"),
    [
        (withdraw_activity, "held"),
        (withdraw_record, "held"),
        (withdraw_release, "held"),
        (pause, "paused"),
        (stop, "stopped"),
    ],
)
def test_delivery_stops_at_once_and_everywhere(
    shipping: Story, shipment: Shipment, what: Callable[[Story, Shipment], None], state: str
) -> None:
    """Before any worker has noticed; and after it has, neither key signs for the closed gate again."""
    ddi, tuf, late = shipping.cars["X5"]
    offered = ddi.offered()
    assert tuf.poll().status is Status.COME_BACK
    shipping.world.tick()
    assert list(tuf.ordered()) == [shipment.package["path"]]
    proof = _proof(shipping, tuf)

    what(shipping, shipment)
    assert_nothing_is_delivered(ddi, offered, tuf, shipment)
    assert late.ordered() == {}

    shipping.world.tick()
    campaign = shipping.campaign(shipment.campaign)
    assert campaign["status"] == state
    assert shipping.listed() == []
    assert_nothing_is_delivered(ddi, offered, tuf, shipment)
    _assert_both_signers_refuse(shipping, shipment, tuf, proof)


def test_a_held_campaign_says_why(shipping: Story, shipment: Shipment) -> None:
    withdraw_activity(shipping, shipment)
    shipping.world.tick()
    assert shipping.campaign(shipment.campaign)["hold_reason"].startswith("ACT: ")
    (held,) = shipping.events("campaign.held")
    (withdrawn,) = shipping.events("filing.withdrawn")
    assert held["cause"] == withdrawn["id"]
    assert "ACT" in held["data"]["findings"]


def test_a_filing_whose_validity_ends_stops_delivery_at_midnight_in_beijing(story: Story) -> None:
    """N45-6a: valid until 2 March means to the end of that day; then nothing, without anybody's doing."""
    release = story.released(Plan())
    story.file("miit_activity", ["X5"], until=story.day(0), **_scope(release))
    filing = story.by("auditor").get("/filings", kind="miit_activity")["items"][-1]["id"]
    story.file("samr_record", ["X5"], **_scope(release))
    campaign = story.planned(release)
    story.do("start", campaign)
    story.world.tick()
    ddi, tuf, _ = story.cars["X5"]
    offered = ddi.offered()
    assert tuf.poll().status is Status.COME_BACK
    story.world.tick()
    shipment = Shipment(release, campaign, filing, "")

    story.world.advance(hours=13, minutes=40)  # 23:4x in Beijing; the worker has asked again meanwhile
    story.world.tick()
    assert ddi.ask("GET", ddi.offered().download).status_code == 200
    story.world.advance(minutes=20)
    assert_nothing_is_delivered(ddi, offered, tuf, shipment)
    story.world.tick()
    found = story.campaign(campaign)
    assert (found["status"], found["hold_reason"][:4]) == ("held", "ACT:")
    assert story.listed() == []
    assert story.by("auditor").get(f"/filings/{filing}")["status"] == "expired"


def test_filing_anew_lets_the_campaign_go_on_under_a_new_decision(shipping: Story, shipment: Shipment) -> None:
    """N45-7a: the old yes stays closed for ever; the car's assignment is made anew under the new one."""
    ddi, tuf, _ = shipping.cars["X5"]
    offered = ddi.offered()
    assert tuf.poll().status is Status.COME_BACK
    withdraw_activity(shipping, shipment)
    shipping.world.tick()
    assert "ACT" in shipping.missing(shipment.campaign, "resume")

    shipping.file("miit_activity", ["X5"], **_scope(shipment.release))
    assert shipping.do("resume", shipment.campaign)["hold_reason"] == ""
    shipping.world.tick()
    old, new = shipping.campaign(shipment.campaign)["decisions"]
    assert (old["live"], new["live"]) == (False, True)
    assert shipping.listed() == [shipment.package["path"]]

    assert ddi.offered().number == offered.number
    assert tuf.update().status is Status.ATTESTED
    lines = shipping.by("auditor").get(f"/campaigns/{shipment.campaign}/vehicles")["items"]
    assert {line["decision_id"] for line in lines} == {new["id"]}
    made = [event["subject"] for event in shipping.events("assignment.made")]
    assert len(made) == 4


def _scope(release) -> dict[str, str]:
    return {"release_id": release["id"], "package_sha256": release["package"]["sha256"]}


def _proof(story: Story, car: Car) -> dict:
    """Everything that a thief of the database could send to the Director signer."""
    line = story.world.rows("SELECT id, decision_id FROM assignment WHERE vin = :vin", vin=car.vin)[-1]
    with story.world.database.read() as view:
        log = story.world.log()
        made = newest_event(view, "assignment.made", line["id"])
        return {
            "gate": make_receipt(view, log, newest_event(view, "gate.decided", line["decision_id"])),
            "assignment": make_receipt(view, log, made),
            "opening": make_row_opening(view, made, "assignment", line["id"]),
        }


def _assert_both_signers_refuse(story: Story, shipment: Shipment, car: Car, proof: dict) -> None:
    now, package = story.world.time.now(), shipment.package
    director, gate = story.world.director_signer, story.world.gate_signer
    with pytest.raises(Refused, match="was closed"):
        director.sign(car.id, car.vin, director.last_version(car.vin) + 1, now + timedelta(hours=1), proof)
    decision = story.campaign(shipment.campaign)["decisions"][0]["id"]
    target = ImageTarget(
        package["path"],
        package["sha256"],
        package["length"],
        tuple(package["hardware_ids"]),
        package["release_counter"],
        (decision,),
    )
    portion = released_portion(gate.last_version() + 1, now + timedelta(hours=1), [target])
    with pytest.raises(Refused, match="was closed"):
        gate.sign(portion, [proof["gate"]])
