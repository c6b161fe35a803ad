"""A little room of its own for these tests: one record table with a life cycle, four eyes and a salt."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table

from roadworthy.database import Database, Instant, JsonText, four_eyes
from roadworthy.kernel.lifecycle import Lifecycle, Move

# Not in the product's MetaData: no migration may find it.
tables = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})

widget = Table(
    "widget",
    tables,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("size", Integer),
    Column("facts", JsonText),
    Column("made_at", Instant),
    Column("print", LargeBinary),
    Column("author", String(64)),
    Column("approver", String(64)),
    Column("parent_id", ForeignKey("widget.id")),
    Column("salt", String(32)),
    four_eyes("author", "approver"),
    info={"record": True, "key": ("id",)},
)
scratch = Table("scratch", tables, Column("id", Integer, primary_key=True), info={"cache": "of no importance"})

CYCLE = Lifecycle(
    "widget",
    "draft",
    (
        Move("draft", "submit", "submitted", "engineer", "Notice 45, II.3"),
        Move("submitted", "approve", "approved", "manager"),
        Move("approved", "expire", "expired"),
    ),
)


def make_tables(database: Database) -> None:
    """Add the widgets to a database."""
    with database.engine.begin() as connection:
        tables.create_all(connection)


def a_widget(number: int = 1, **changes: object) -> dict[str, object]:
    """One valid row."""
    return {"id": f"WDG-{number}", "name": f"widget {number}", "status": "draft", "salt": "00" * 16, **changes}
