"""The gate is enforced by keys: a row that somebody writes into the database moves no signature (N45 I.3.1)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from roadworthy.database.history import newest_event
from roadworthy.kernel.errors import Refused
from roadworthy.kernel.event import canonical, row_digest
from roadworthy.kernel.time import to_text
from roadworthy.signing.image_repository import released_portion
from roadworthy.signing.model import ImageTarget
from roadworthy.transparency.making import make_receipt
from tests.story.cars import Car
from tests.story.company import Plan, Shipment, Story


def insert(story: Story, table: str, row: dict[str, Any]) -> None:
    story.world.sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})", **row)


def delete(story: Story, table: str, column: str, value: Any) -> None:
    story.world.sql(f"DELETE FROM {table} WHERE {column} = :value", value=value)


def named(story: Story, table: str, key: str) -> bool:
    return any((found.table, found.key) == (table, key) for found in story.world.verify().differences)


def forged_assignment(story: Story, shipment: Shipment, car: Car, decision: str) -> dict[str, Any]:
    """What an honest assignment of this car would look like."""
    package = shipment.package
    return {
        "id": "ASG-01KJP4FTHW0000000000000000",
        "campaign_id": shipment.campaign,
        "wave": 1,
        "vehicle_id": car.id,
        "vin": car.vin,
        "decision_id": decision,
        "release_id": shipment.release["id"],
        "ecu_serial": next(ecu["serial"] for ecu in car.document["ecus"] if ecu["hardware_id"] == "cabin-1"),
        "hardware_id": "cabin-1",
        "path": package["path"],
        "sha256": package["sha256"],
        "length": package["length"],
        "salt": "00" * 16,
        "made_at": to_text(story.world.time.now()),
    }


def test_an_assignment_written_by_sql_gets_no_signature(shipping: Story, shipment: Shipment) -> None:
    """A car outside the campaign (model X7), a row and an action for it, but no event in the log: nothing is signed."""
    car, helper = shipping.cars["X7"][0], shipping.cars["X5"][0]
    assert helper.director("timestamp.json").status_code == 503
    shipping.world.tick()
    honest = shipping.world.rows("SELECT id, decision_id FROM assignment")[0]
    row = forged_assignment(shipping, shipment, car, honest["decision_id"])
    action = {
        "number": 99,
        "assignment_id": row["id"],
        "campaign_id": shipment.campaign,
        "wave": 1,
        "vehicle_id": car.id,
        "status": "offered",
        "detail": "",
        "changed_at": row["made_at"],
    }
    insert(shipping, "assignment", row)
    insert(shipping, "action", action)

    assert "deploymentBase" not in car.base()
    assert car.image(shipment.package).status_code == 404
    answer = car.director("timestamp.json")
    assert answer.status_code == 503 or car.ordered() == {}
    with pytest.raises(Refused):
        _ask_director(shipping, car, row, honest["id"], honest["decision_id"])

    assert named(shipping, "assignment", row["id"])
    assert named(shipping, "action", "99")
    delete(shipping, "action", "number", 99)
    delete(shipping, "assignment", "id", row["id"])


@pytest.mark.parametrize("edit", ["not_after = :later", "closed_at = NULL, not_after = :later"])
def test_a_lease_that_somebody_prolongs_by_sql_ends_all_the_same(
    shipping: Story, shipment: Shipment, edit: str
) -> None:
    """The doors and the keys go by what was logged, not by the row."""
    ddi, tuf, _ = shipping.cars["X5"]
    offered = ddi.offered()
    (row,) = shipping.world.rows("SELECT id, not_after, closed_at FROM gate_decision")
    if "closed_at" in edit:
        shipping.do("pause", shipment.campaign)
        shipping.world.tick()
        (row,) = shipping.world.rows("SELECT id, not_after, closed_at FROM gate_decision")
        shipping.world.sql("UPDATE campaign SET status = 'running'")
    shipping.world.sql(f"UPDATE gate_decision SET {edit}", later=to_text(shipping.world.time.now() + timedelta(days=9)))
    if "closed_at" not in edit:
        shipping.world.advance(hours=25)

    assert "deploymentBase" not in ddi.base()
    assert ddi.ask("GET", offered.download).status_code == 404
    assert tuf.director("timestamp.json").status_code != 200 or tuf.ordered() == {}
    assert named(shipping, "gate_decision", row["id"])

    status = "paused" if "closed_at" in edit else "running"
    shipping.world.sql("UPDATE campaign SET status = :status", status=status)
    shipping.world.sql("UPDATE gate_decision SET not_after = :not_after, closed_at = :closed_at WHERE id = :id", **row)


def _ask_director(story: Story, car: Car, row: dict[str, Any], honest: str, decision: str) -> None:
    """Lend the forged row the receipt of an honest assignment, with the opening that would belong to it."""
    with story.world.database.read() as view:
        log = story.world.log()
        gate = make_receipt(view, log, newest_event(view, "gate.decided", decision))
        made = make_receipt(view, log, newest_event(view, "assignment.made", honest))
    opening = {"table": "assignment", "key": row["id"], "row": row, "position": 0, "count": 1, "path": []}
    assert row_digest("assignment", row["id"], row)
    now = story.world.time.now()
    proof = {"gate": gate, "assignment": made, "opening": opening}
    story.world.director_signer.sign(car.id, car.vin, 1, now + timedelta(hours=1), proof)


def test_a_gate_decision_written_by_sql_publishes_and_signs_nothing(story: Story) -> None:
    """An approved but unfiled release, a row that says `open`, a campaign set to running: neither key follows."""
    release = story.released(Plan())
    campaign = story.planned(release)
    decision = "GTE-01KJP4FTHW0000000000000000"
    now = story.world.time.now()
    row = {
        "id": decision,
        "campaign_id": campaign,
        "wave": 1,
        "vehicle_type_id": story.company.types["X5"],
        "release_id": release["id"],
        "decision": "open",
        "labels": '["general"]',
        "tier": "T1",
        "report": "{}",
        "facts": "{}",
        "filing_ids": "[]",
        "not_before": to_text(now - timedelta(hours=1)),
        "not_after": to_text(now + timedelta(hours=20)),
        "closed_reason": "",
    }
    insert(story, "gate_decision", row)
    story.world.sql("UPDATE campaign SET status = 'running' WHERE id = :id", id=campaign)
    story.world.sql("UPDATE wave SET status = 'open' WHERE campaign_id = :id", id=campaign)

    car = story.cars["X5"][0]
    for _ in range(3):
        assert "deploymentBase" not in car.base()
        assert car.director("timestamp.json").status_code != 200 or car.ordered() == {}
        story.world.worker.tick()
    assert story.listed() == []
    assert story.counts(campaign) == {}
    assert car.image(release["package"]).status_code == 404
    _assert_gate_signer_wants_a_logged_decision(story, release["package"], decision)

    assert named(story, "gate_decision", decision)
    _undo(story, campaign, decision)


def _assert_gate_signer_wants_a_logged_decision(story: Story, package: dict[str, Any], decision: str) -> None:
    gate = story.world.gate_signer
    names = ("path", "sha256", "length", "hardware_ids", "release_counter")
    path, sha256, length, hardware, counter = (package[name] for name in names)
    target = ImageTarget(path, sha256, length, tuple(hardware), counter, (decision,))
    expires = story.world.time.now() + timedelta(hours=10)
    portion = released_portion(gate.last_version() + 1, expires, [target])
    with pytest.raises(Refused, match="no receipt proves"):
        gate.sign(portion, [])
    (some,) = story.world.rows("SELECT id FROM event WHERE kind = 'release.approved'")
    with story.world.database.read() as view:
        receipt = make_receipt(view, story.world.log(), some["id"])
    with pytest.raises(Refused, match=r"not gate\.decided"):
        gate.sign(portion, [receipt])
    event = json.loads(receipt["event"])
    forged = {**event, "kind": "gate.decided", "subject": decision}
    with pytest.raises(Refused):
        gate.sign(portion, [{**receipt, "event": canonical(forged).decode()}])


def _undo(story: Story, campaign: str, decision: str) -> None:
    delete(story, "gate_decision", "id", decision)
    story.world.sql("UPDATE campaign SET status = 'approved', hold_reason = '' WHERE id = :id", id=campaign)
    story.world.sql("UPDATE wave SET status = 'planned' WHERE campaign_id = :id", id=campaign)
