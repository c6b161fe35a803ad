"""A small log made by hand, so that tests can also forge what the real one never would write."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from roadworthy.kernel.event import Event, canonical, row_digest
from roadworthy.kernel.ids import EventId
from roadworthy.kernel.merkle import leaf_hash, path_to, root_of
from roadworthy.kernel.time import to_text
from roadworthy.signing.keys import SigningKey
from roadworthy.transparency.checkpoint import Checkpoint, sign_checkpoint
from roadworthy.transparency.note import vkey_of

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
VIN = "LSVAA4187E0000001"
GATE, OTHER_GATE = "GTE-01HQXW5P7R8ZYFG9K3NMVBDC1A", "GTE-01HQXW5P7R8ZYFG9K3NMVBDC1B"
ASSIGNMENT, VEHICLE = "ASG-01HQXW5P7R8ZYFG9K3NMVBDC1A", "VEH-01HQXW5P7R8ZYFG9K3NMVBDC1A"
CAMPAIGN, RELEASE = "CMP-01HQXW5P7R8ZYFG9K3NMVBDC1A", "REL-01HQXW5P7R8ZYFG9K3NMVBDC1A"
IMAGE = b"image 4.2.1"
PATH = "acme/adcu/4.2.1.img"
SHA256 = "74c50a2aea9e6815f68b4964d3708aba5cd95cf80bde4d593ee5d104c65e4331"


@dataclass
class Logbook:
    """Collects entries and gives receipts of them under one checkpoint over all."""

    key: SigningKey = field(default_factory=lambda: SigningKey.generate("log.example"))
    entries: list[bytes] = field(default_factory=list)

    @property
    def vkey(self) -> str:
        return vkey_of(self.key)

    def add(self, kind: str, subject: str, data=None, rows=()) -> Event:
        """Log an event of the staff lane that covers `rows` (table, key, row)."""
        digests = [row_digest(*row) for row in rows]
        happened = Event(EventId.new(NOON), kind, subject, "USR-1", NOON, data or {}, len(digests), root_of(digests))
        self.entries.append(happened.to_bytes())
        return happened

    def receipt(self, event: Event, signer: SigningKey | None = None) -> dict:
        """Prove an event; `signer` signs the checkpoint instead of the log."""
        leaves = [leaf_hash(entry) for entry in self.entries]
        index = self.entries.index(event.to_bytes())
        head = Checkpoint(self.key.name, len(leaves), root_of(leaves))
        return {
            "batch": None,
            "checkpoint": sign_checkpoint(head, signer or self.key),
            "event": event.to_bytes().decode("ascii"),
            "index": index,
            "path": [step.hex() for step in path_to(leaves, index)],
        }

    def batch_receipt(self, event: Event) -> dict:
        """Prove an event of the fleet lane, alone in its batch."""
        inner = event.to_bytes()
        entry = canonical({"count": 1, "lane": "fleet", "root": leaf_hash(inner).hex(), "type": "batch/1"})
        self.entries[self.entries.index(inner)] = entry
        leaves = [leaf_hash(one) for one in self.entries]
        index = self.entries.index(entry)
        head = Checkpoint(self.key.name, len(leaves), root_of(leaves))
        return {
            "batch": {"entry": entry.decode("ascii"), "path": [], "position": 0},
            "checkpoint": sign_checkpoint(head, self.key),
            "event": inner.decode("ascii"),
            "index": index,
            "path": [step.hex() for step in path_to(leaves, index)],
        }


def decision(moment: datetime = NOON, **changes) -> dict:
    """Give the data of an open gate decision that began an hour before `moment` and lasts 24 hours from it."""
    data = {
        "approver": "USR-B",
        "author": "USR-A",
        "campaign": CAMPAIGN,
        "decision": "open",
        "facts": "0" * 64,
        "filings": [],
        "hardware_ids": ["adcu-hw3", "adcu-hw4"],
        "labels": ["general"],
        "max_vehicles": 2,
        "model_code": "ICV7001BEV",
        "not_after": to_text(moment + timedelta(hours=24)),
        "not_before": to_text(moment - timedelta(hours=1)),
        "package": {"length": len(IMAGE), "path": PATH, "sha256": SHA256},
        "packs": [],
        "release": RELEASE,
        "release_counter": 42,
        "tier": None,
        "vehicle_type": "TYP-1",
        "wave": 1,
    }
    package = {key: changes.pop(key) for key in ("path", "sha256", "length") if key in changes}
    return {**data, "package": {**data["package"], **package}, **changes}


def assignment(**changes) -> dict:
    """Give an assignment row of the vehicle."""
    row = {
        "campaign_id": CAMPAIGN,
        "decision_id": GATE,
        "ecu_serial": "SN000000001",
        "hardware_id": "adcu-hw3",
        "id": ASSIGNMENT,
        "length": len(IMAGE),
        "made_at": to_text(NOON),
        "path": PATH,
        "release_id": RELEASE,
        "salt": "00" * 16,
        "sha256": SHA256,
        "vehicle_id": VEHICLE,
        "vin": VIN,
        "wave": 1,
    }
    return {**row, **changes}


def opening(rows: list, position: int = 0) -> dict:
    """Open one of the rows (table, key, row) of an event."""
    digests = [row_digest(*row) for row in rows]
    table, key, row = rows[position]
    path = [step.hex() for step in path_to(digests, position)]
    return {"count": len(rows), "key": key, "path": path, "position": position, "row": row, "table": table}
