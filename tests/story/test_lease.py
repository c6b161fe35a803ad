"""A yes of the gate is a lease: without a worker that asks again it runs out, and delivery stops by itself (N45-6a)."""

from datetime import timedelta

import pytest

from roadworthy.kernel.time import SetTime, parse_instant
from roadworthy.vehicle.agent import Status
from tests.story.company import Shipment, Story


def test_without_a_worker_an_ended_lease_stops_every_door_by_itself(shipping: Story, shipment: Shipment) -> None:
    """DDI base, deployment and artifact, Director and image target: all are asked anew and all say no."""
    ddi, tuf, _ = shipping.cars["X5"]
    offered = ddi.offered()
    assert tuf.director("timestamp.json").status_code == 503  # first contact: the assignment goes into the log
    shipping.world.tick()
    assert list(tuf.ordered()) == [shipment.package["path"]]
    assert tuf.image(shipment.package).content == ddi.ask("GET", offered.download).content
    assert ddi.ask("GET", offered.download, headers={"range": "bytes=5-9"}).status_code == 206

    shipping.world.advance(hours=24)

    assert "deploymentBase" not in ddi.base()
    assert ddi.ask("GET", offered.deployment).status_code == 404
    for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"range": "bytes=5-9"})):
        assert ddi.ask(method, offered.download, headers=headers).status_code == 404, (method, headers)
    assert ddi.ask("GET", f"{offered.download}.MD5SUM").status_code == 404
    assert tuf.ordered() == {}
    assert [tuf.image(shipment.package, method).status_code for method in ("GET", "HEAD")] == [404, 404]
    assert shipping.campaign(shipment.campaign)["status"] == "running"  # nobody has acted


@pytest.mark.parametrize("seconds_before", [1, 90])
def test_delivery_lasts_to_the_end_of_the_lease_and_no_longer(
    shipping: Story, shipment: Shipment, seconds_before: int
) -> None:
    car = shipping.cars["X5"][0]
    offered = car.offered()
    (lease,) = [d for d in shipping.campaign(shipment.campaign)["decisions"] if d["live"]]
    left = parse_instant(lease["not_after"]) - shipping.world.time.now()
    shipping.world.advance(seconds=left.total_seconds() - seconds_before)
    assert car.ask("GET", offered.download).status_code == 200
    shipping.world.advance(seconds=seconds_before)
    assert car.ask("GET", offered.download).status_code == 404


def test_a_vehicle_refuses_and_reports_expired_director_metadata(shipping: Story, shipment: Shipment) -> None:
    """Uptane 5.4.4.2, freeze attack: a server that stands still cannot keep a vehicle at yesterday's order."""
    car = shipping.cars["X5"][0]
    assert car.poll().status is Status.COME_BACK
    shipping.world.tick()
    assert list(car.ordered()) == [shipment.package["path"]]
    ahead = SetTime(shipping.world.time.now() + timedelta(hours=25))
    outcome = car.agent_at(ahead).cycle()
    assert outcome.status is Status.REFUSED
    assert outcome.reason.startswith("freeze")
    assert shipping.counts(shipment.campaign) == {"offered": 1}


def test_the_worker_renews_at_half_life_and_a_begun_update_goes_on(shipping: Story, shipment: Shipment) -> None:
    """N45 I.3.2: the gate is asked again before the lease ends; the car's assignment is made anew under the answer."""
    ddi, tuf, _ = shipping.cars["X5"]
    offered = ddi.offered()
    assert tuf.poll().status is Status.COME_BACK
    ddi.feedback(offered.number, "proceeding")
    (first,) = shipping.campaign(shipment.campaign)["decisions"]

    for _ in range(3):  # a day and a half, far over the first lease
        shipping.world.advance(hours=12, minutes=1)
        shipping.world.tick()
    again = ddi.offered()
    assert again.number == offered.number
    assert ddi.ask("GET", again.download).status_code == 200
    assert tuf.update().status is Status.ATTESTED

    decisions = shipping.campaign(shipment.campaign)["decisions"]
    assert len(decisions) == 4
    (live,) = [one for one in decisions if one["live"] and one["id"] == decisions[-1]["id"]]
    lines = shipping.by("auditor").get(f"/campaigns/{shipment.campaign}/vehicles")["items"]
    assert {line["decision_id"] for line in lines} == {live["id"]} != {first["id"]}
    assert shipping.counts(shipment.campaign) == {"installing": 1, "attested": 1}
