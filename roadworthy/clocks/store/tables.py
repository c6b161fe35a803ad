"""The tables of clocks."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, UniqueConstraint

from roadworthy.database import Instant, JsonText, cache, record_table

clock = record_table(
    "clock",
    Column("id", String(32), primary_key=True),
    Column("subject_type", String(32), nullable=False),
    Column("subject_id", String(64), nullable=False),
    Column("duty", String(64), nullable=False),
    Column("occasion", String(64), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("report", String(64), nullable=False),
    Column("recipients", JsonText, nullable=False),
    Column("citation", String(400), nullable=False),
    Column("title", JsonText, nullable=False),
    Column("profile", String(32), nullable=False),
    Column("pack_id", String(120), nullable=False),
    Column("pack_digest", String(64), nullable=False),
    Column("occurred_at", Instant),
    Column("known_at", Instant),
    Column("started_at", Instant, nullable=False),
    Column("basis", String(32), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("alternative_due_at", Instant),
    Column("late_at_knowledge", Boolean, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("calendar_digest", String(64), nullable=False),
    Column("recipe", JsonText, nullable=False),
    Column("reminders", JsonText, nullable=False),
    Column("status", String(16), nullable=False),
    Column("satisfied_at", Instant),
    Column("satisfied_by", String(200)),
    Column("reason", String(2000)),
    Column("superseded_by", ForeignKey("clock.id")),
    Column("salt", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    # The same duty cannot run twice, whoever starts it.
    UniqueConstraint("subject_type", "subject_id", "duty", "occasion", "generation"),
    Index(None, "status", "due_at"),
    CheckConstraint(
        "status <> 'satisfied' OR (satisfied_at IS NOT NULL AND satisfied_by IS NOT NULL)", name="acknowledged"
    ),
    CheckConstraint("status <> 'superseded' OR superseded_by IS NOT NULL", name="superseded"),
)

timer = record_table(
    "timer",
    Column("clock_id", ForeignKey("clock.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("fire_at", Instant, nullable=False),
    Column("roles", JsonText, nullable=False),
    Column("escalate", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("fired_at", Instant),
    key=("clock_id", "kind"),
)
Index(
    "ix_timer_due",
    timer.c.fire_at,
    sqlite_where=timer.c.status == "pending",
    postgresql_where=timer.c.status == "pending",
)

outbox = cache(
    "outbox",
    "what is still to be told and how often that was tried: a lost line is made again from its fired timer, and what "
    "people were told are notices, which are records",
    Column("dedupe_key", String(64), primary_key=True),
    Column("topic", String(32), nullable=False),
    Column("payload", JsonText, nullable=False),
    Column("roles", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("delivered_at", Instant),
    Column("last_error", String(500)),
)
Index(
    "ix_outbox_due",
    outbox.c.next_attempt_at,
    sqlite_where=outbox.c.delivered_at.is_(None),
    postgresql_where=outbox.c.delivered_at.is_(None),
)

notice = record_table(
    "notice",
    Column("id", String(32), primary_key=True),
    Column("dedupe_key", String(64), nullable=False),
    Column("clock_id", ForeignKey("clock.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("topic", String(32), nullable=False),
    Column("role", String(32), nullable=False, index=True),
    Column("given_at", Instant, nullable=False),
    Column("seen_at", Instant),
    Column("seen_by", String(64)),
    UniqueConstraint("dedupe_key", "role"),
)

clock_watch = cache(
    "clock_watch",
    "when each poller last looked: a lost or false line makes the watch look dead or the time look wrong, never right",
    Column("poller", String(64), primary_key=True),
    Column("ticked_at", Instant, nullable=False, index=True),
)
