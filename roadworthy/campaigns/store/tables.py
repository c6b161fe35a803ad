"""The tables of campaigns."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, UniqueConstraint

from roadworthy.database import Instant, JsonText, four_eyes, record_table

campaign = record_table(
    "campaign",
    Column("id", String(32), primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("release_id", ForeignKey("release.id"), nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("filter", JsonText, nullable=False),
    Column("target_digest", String(64), nullable=False),
    Column("vehicles", Integer, nullable=False),
    Column("author_id", ForeignKey("person.id"), nullable=False),
    Column("approver_id", ForeignKey("person.id")),
    Column("created_at", Instant, nullable=False),
    Column("hold_reason", String(400), nullable=False),
    Column("ended_at", Instant),
    four_eyes("author_id", "approver_id"),
)

# Only for VIN lists; a filter is judged at a vehicle's first contact.
target_vehicle = record_table(
    "target_vehicle",
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("vehicle_id", ForeignKey("vehicle.id"), primary_key=True),
    key=("campaign_id", "vehicle_id"),
)

wave = record_table(
    "wave",
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String(60), nullable=False),
    Column("from_share", Integer, nullable=False),
    Column("to_share", Integer, nullable=False),
    Column("vehicles", Integer, nullable=False),
    Column("status", String(8), nullable=False),
    Column("opened_at", Instant),
    key=("campaign_id", "number"),
)

gate_decision = record_table(
    "gate_decision",
    Column("id", String(32), primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False, index=True),
    Column("wave", Integer, nullable=False),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False),
    Column("release_id", ForeignKey("release.id"), nullable=False),
    Column("decision", String(8), nullable=False),
    Column("labels", JsonText, nullable=False),
    Column("tier", String(4)),
    Column("report", JsonText, nullable=False),
    Column("facts", JsonText, nullable=False),
    Column("filing_ids", JsonText, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("not_after", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_reason", String(200), nullable=False),
)

assignment = record_table(
    "assignment",
    Column("id", String(32), primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("wave", Integer, nullable=False),
    Column("vehicle_id", ForeignKey("vehicle.id"), nullable=False),
    Column("vin", String(17), nullable=False),
    Column("decision_id", ForeignKey("gate_decision.id"), nullable=False),
    Column("release_id", ForeignKey("release.id"), nullable=False),
    Column("ecu_serial", String(64), nullable=False),
    Column("hardware_id", String(64), nullable=False),
    Column("path", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("salt", String(32), nullable=False),
    Column("made_at", Instant, nullable=False),
    UniqueConstraint("campaign_id", "vehicle_id", "decision_id"),
)

# PostgreSQL counts `number` up by a sequence (see `next_number`), so that vehicles need not wait for each other.
action = record_table(
    "action",
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("assignment_id", ForeignKey("assignment.id"), nullable=False, unique=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False, index=True),
    Column("wave", Integer, nullable=False),
    Column("vehicle_id", ForeignKey("vehicle.id"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("detail", String(400), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index(None, "campaign_id", "wave", "status"),
    key=("number",),
)

# Every word of a vehicle on its action, in order. Lines of free text may hold anything, so the row is salted.
action_report = record_table(
    "action_report",
    Column("action_number", ForeignKey("action.number"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("execution", String(16), nullable=False),
    Column("finished", String(8), nullable=False),
    Column("code", Integer),
    Column("details", JsonText, nullable=False),
    Column("salt", String(32), nullable=False),
    Column("told_at", Instant, nullable=False),
    key=("action_number", "position"),
)
