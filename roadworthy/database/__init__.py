"""Rows, compulsory events and one unit of work, the same on SQLite and PostgreSQL.

    with database.begin(actor, attempt="filing.submit", subject=filing_id) as work:
        work.insert(filing, {...})
        work.record("filing.submitted", filing_id, {...})

The block commits on a clean exit and rolls back on an exception. A tracked row that was written without an
event after it is a Broken error at commit: there is no second way to change the truth. A Refused error is
recorded as an event of its own although what it refused is rolled back.
"""

from roadworthy.database.engine import Database
from roadworthy.database.schema import (
    FLEET,
    STAFF,
    Instant,
    JsonText,
    cache,
    four_eyes,
    metadata,
    record_table,
)
from roadworthy.database.work import Actor, Changed, View, Work

__all__ = [
    "FLEET", "STAFF", "Actor", "Changed", "Database", "Instant", "JsonText", "View", "Work", "cache",
    "four_eyes", "metadata", "record_table",
]  # fmt: skip
