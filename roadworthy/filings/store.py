"""The table of filings and all SQL over it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Column, Row, Select, String, or_, select

from roadworthy.database import Instant, JsonText, View, Work, four_eyes, record_table
from roadworthy.filings.model import Authority, FilId, Filing, FilingKind, Scope
from roadworthy.filings.states import FILING
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.lifecycle import Move
from roadworthy.products.model import TypId

filing = record_table(
    "filing",
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False, index=True),
    Column("authority", String(8), nullable=False),
    Column("vehicle_type_ids", JsonText, nullable=False),
    Column("release_id", String(32), index=True),
    Column("package_sha256", String(64), index=True),
    Column("vin_set_digest", String(64)),
    Column("parameter_values", JsonText),
    Column("planned_release", String(10)),
    Column("author", String(64), nullable=False),
    Column("approver", String(64)),
    Column("status", String(16), nullable=False),
    Column("submitted_on", String(10)),
    Column("package_delivered_on", String(10)),
    Column("receipt_number", String(120)),
    Column("receipt_date", String(10)),
    Column("document_sha256", String(64)),
    Column("valid_until", String(10)),
    Column("remark", String(2000)),
    Column("salt", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    four_eyes("author", "approver"),
    CheckConstraint(
        "status <> 'accepted' OR (approver IS NOT NULL AND receipt_number IS NOT NULL AND receipt_date IS NOT NULL"
        " AND document_sha256 IS NOT NULL)",
        name="receipt",
    ),
)


def load_filing(view: View, filing_id: str) -> Filing:
    """Give one filing.

    Raises NotFound.
    """
    row = view.first(select(filing).where(filing.c.id == filing_id))
    if row is None:
        raise NotFound(f"There is no filing {filing_id[:40]}; list filings to find the id.")
    return filing_of_row(row)


def list_filings(
    view: View,
    *,
    kind: str | None = None,
    status: str | None = None,
    release_id: str | None = None,
    package_sha256: str | None = None,
    after: str = "",
    limit: int = 50,
) -> list[Filing]:
    """Give filings in the order of their ids, one more than `limit` where there are more."""
    wanted = {"kind": kind, "status": status, "release_id": release_id, "package_sha256": package_sha256}
    conditions = [filing.c[name] == value for name, value in wanted.items() if value is not None]
    query = select(filing).where(filing.c.id > after, *conditions).order_by(filing.c.id).limit(limit + 1)
    return [filing_of_row(row) for row in view.all(query)]


def live_filings(view: View, kind: FilingKind) -> list[Filing]:
    """Give the submitted and accepted filings of a kind, newest first."""
    query = select(filing).where(filing.c.kind == str(kind), filing.c.status.in_(["accepted", "submitted"]))
    return [filing_of_row(row) for row in view.all(query.order_by(filing.c.created_at.desc(), filing.c.id.desc()))]


def accepted_select(ids: Iterable[str], today: date | None = None) -> Select[Any]:
    """Give a Select of the ids of those filings among `ids` that count, for higher rooms to use in one statement.

    With `today` (the day in Beijing), filings whose validity ended before it are left out.
    """
    query = select(filing.c.id).where(filing.c.id.in_(list(ids)), filing.c.status == "accepted")
    if today is None:
        return query
    return query.where(or_(filing.c.valid_until.is_(None), filing.c.valid_until >= today.isoformat()))


def ended_filings(view: View, today: date) -> list[FilId]:
    """Give the ids of accepted filings whose validity ended before `today` (the day in Beijing)."""
    query = select(filing.c.id).where(filing.c.status == "accepted", filing.c.valid_until < today.isoformat())
    return [FilId(row.id) for row in view.all(query.order_by(filing.c.id))]


def save_filing(work: Work, made: Filing) -> None:
    """Insert a filing."""
    work.insert(filing, {**made.to_json(), "salt": made.salt, "created_at": work.now})


def change_filing(work: Work, filing_id: FilId, changes: Mapping[str, Any], status: str) -> Filing:
    """Change a filing that is still in `status`, without moving it.

    Raises Changed.
    """
    return filing_of_row(work.update(filing, {"id": filing_id}, changes, status=status))


def move_filing(work: Work, filing_id: FilId, verb: str, changes: Mapping[str, Any]) -> tuple[Move, Filing]:
    """Move a filing along its life cycle.

    Raises WrongState, NotPermitted, Changed.
    """
    step, row = work.move(filing, {"id": filing_id}, FILING, verb, changes)
    return step, filing_of_row(row)


def scope_columns(scope: Scope) -> dict[str, Any]:
    """Give the columns of a scope."""
    values = scope.parameter_values
    return {
        "vehicle_type_ids": list(scope.vehicle_type_ids),
        "release_id": scope.release_id,
        "package_sha256": scope.package_sha256,
        "vin_set_digest": scope.vin_set_digest,
        "parameter_values": None if values is None else {one: dict(values[one]) for one in values},
        "planned_release": scope.planned_release,
    }


def filing_of_row(row: Row[Any]) -> Filing:
    """Read a filing."""
    scope = Scope(
        tuple(TypId(one) for one in row.vehicle_type_ids), row.release_id, row.package_sha256, row.vin_set_digest,
        row.parameter_values, row.planned_release,
    )  # fmt: skip
    return Filing(
        FilId(row.id), FilingKind(row.kind), Authority(row.authority), scope, row.author, row.approver, row.status,
        row.submitted_on, row.package_delivered_on, row.receipt_number, row.receipt_date, row.document_sha256,
        row.valid_until, row.remark, row.salt,
    )  # fmt: skip
