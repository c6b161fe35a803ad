"""The tables of filings and of their documents, and all SQL over them."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    String,
    UniqueConstraint,
    and_,
    or_,
    select,
)

from roadworthy.database import Instant, JsonText, View, Work, four_eyes, record_table
from roadworthy.filings.model import (
    COUNTERPARTS,
    DEAD,
    PENDING,
    Authority,
    DocId,
    Document,
    FilId,
    Filing,
    FilingKind,
    Role,
    Scope,
)
from roadworthy.filings.states import FILING
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.lifecycle import Move
from roadworthy.products.model import TypId

_SENT = "'submitted', 'acknowledged', 'accepted', 'valid', 'suspended', 'returned', 'refused'"
_ACCEPTED = "'accepted', 'valid', 'suspended', 'amended', 'expired'"

filing = record_table(
    "filing",
    Column("id", String(32), primary_key=True),
    Column("group_id", String(32), nullable=False, index=True),
    Column("kind", String(32), nullable=False, index=True),
    Column("authority", String(8), nullable=False),
    Column("vehicle_type_ids", JsonText, nullable=False),
    Column("release_id", String(32), index=True),
    Column("package_sha256", String(64), index=True),
    Column("vin_set_digest", String(64)),
    Column("parameter_values", JsonText),
    Column("planned_release", String(10)),
    Column("facts", JsonText, nullable=False),
    Column("form_version", String(32), nullable=False),
    Column("round", Integer, nullable=False),
    Column("subject_type", String(32)),
    Column("subject_id", String(32)),
    Column("amends", String(32), ForeignKey("filing.id")),
    Column("author", String(64), nullable=False),
    Column("signed_by", String(64)),
    Column("approver", String(64)),
    Column("status", String(16), nullable=False),
    Column("packet_id", String(32)),
    Column("submitted_on", String(10)),
    Column("package_delivered_on", String(10)),
    Column("acknowledged_at", Instant),
    Column("submission_number", String(120)),
    Column("receipt_number", String(120)),
    Column("receipt_date", String(10)),
    Column("document_sha256", String(64)),
    Column("valid_from", String(10)),
    Column("valid_until", String(10)),
    Column("remark", String(2000)),
    Column("salt", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    four_eyes("author", "approver"),
    CheckConstraint("signed_by IS NULL OR signed_by <> author", name="sign_off"),
    CheckConstraint(f"status NOT IN ({_SENT}) OR signed_by IS NOT NULL", name="signed"),
    CheckConstraint(
        f"status NOT IN ({_ACCEPTED}) OR (approver IS NOT NULL AND receipt_number IS NOT NULL"
        " AND receipt_date IS NOT NULL AND document_sha256 IS NOT NULL)",
        name="receipt",
    ),
    Index(None, "subject_type", "subject_id"),
)

document = record_table(
    "filing_document",
    Column("id", String(32), primary_key=True),
    Column("filing_id", String(32), ForeignKey("filing.id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("length", Integer, nullable=False),
    Column("language", String(8)),
    Column("data_sha256", String(64)),
    Column("round", Integer, nullable=False),
    Column("pages", Integer),
    Column("codes", JsonText, nullable=False),
    Column("warnings", JsonText, nullable=False),
    Column("author", String(64), nullable=False),
    Column("confirmed_by", String(64)),
    Column("salt", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    four_eyes("author", "confirmed_by"),
    UniqueConstraint("filing_id", "role", "sha256"),
)


def load_filing(view: View, filing_id: str) -> Filing:
    """Give one filing.

    Raises NotFound.
    """
    row = view.first(select(filing).where(filing.c.id == filing_id))
    if row is None:
        raise NotFound(f"There is no filing {filing_id[:40]}; list filings to find the id.")
    return filing_of_row(row)


def list_filings(view: View, *, after: str = "", limit: int = 50, **wanted: str | None) -> list[Filing]:
    """Give filings in the order of their ids, one more than `limit` where there are more.

    `wanted` are values of columns: kind, status, authority, release_id, package_sha256, group_id, subject_id.
    """
    conditions = [filing.c[name] == value for name, value in wanted.items() if value is not None]
    query = select(filing).where(filing.c.id > after, *conditions).order_by(filing.c.id).limit(limit + 1)
    return [filing_of_row(row) for row in view.all(query)]


def newest_filings(view: View, *, status: str = "", kind: str = "", before: str = "", limit: int = 50) -> list[Filing]:
    """Give filings, newest first, one more than `limit` where there are more; empty words ask for any."""
    wanted = {"status": status, "kind": kind}
    query = select(filing).where(*(filing.c[name] == value for name, value in wanted.items() if value))
    query = query.where(filing.c.id < before) if before else query
    return [filing_of_row(row) for row in view.all(query.order_by(filing.c.id.desc()).limit(limit + 1))]


def live_filings(view: View, kind: FilingKind) -> list[Filing]:
    """Give the filings of a kind that are sent or in force, newest first."""
    query = select(filing).where(filing.c.kind == str(kind), filing.c.status.in_(["valid", *sorted(PENDING)]))
    return [filing_of_row(row) for row in view.all(query.order_by(filing.c.created_at.desc(), filing.c.id.desc()))]


def companions(view: View, known: Filing) -> list[Filing]:
    """Give the live papers that other authorities get in the same matter: of its group, or of its release.

    Of the papers of a release, those that share a vehicle type.
    """
    same = and_(filing.c.group_id == known.group_id, filing.c.kind.in_(_kinds_beside(known)))
    if known.scope.release_id is not None and known.kind in COUNTERPARTS:
        counterpart = str(COUNTERPARTS[known.kind])
        same = or_(same, and_(filing.c.kind == counterpart, filing.c.release_id == known.scope.release_id))
    query = select(filing).where(
        same, filing.c.authority != str(known.authority), filing.c.status.not_in([*sorted(DEAD), "closed"])
    )
    found = [filing_of_row(row) for row in view.all(query.order_by(filing.c.id))]
    mine = set(known.scope.vehicle_type_ids)
    return [one for one in found if one.group_id == known.group_id or mine & set(one.scope.vehicle_type_ids)]


def _kinds_beside(known: Filing) -> list[str]:
    return [str(known.kind), *([str(COUNTERPARTS[known.kind])] if known.kind in COUNTERPARTS else [])]


def of_subject(view: View, subject_type: str, subject_id: str) -> list[Filing]:
    """Give the filings about one thing, oldest first."""
    about = and_(filing.c.subject_type == subject_type, filing.c.subject_id == subject_id)
    return [filing_of_row(row) for row in view.all(select(filing).where(about).order_by(filing.c.id))]


def valid_select(ids: Iterable[str], today: date | None = None) -> Select[Any]:
    """Give a Select of the ids of those filings among `ids` that count, for higher rooms to use in one statement.

    With `today` (the day in Beijing), filings whose validity ended before it are left out.
    """
    query = select(filing.c.id).where(filing.c.id.in_(list(ids)), filing.c.status == "valid")
    if today is None:
        return query
    return query.where(or_(filing.c.valid_until.is_(None), filing.c.valid_until >= today.isoformat()))


def ended_filings(view: View, today: date) -> list[FilId]:
    """Give the ids of valid or suspended filings whose validity ended before `today` (the day in Beijing)."""
    in_force = filing.c.status.in_(["valid", "suspended"])
    query = select(filing.c.id).where(in_force, filing.c.valid_until < today.isoformat())
    return [FilId(row.id) for row in view.all(query.order_by(filing.c.id))]


def begun_filings(view: View, today: date) -> list[FilId]:
    """Give the ids of accepted filings whose validity has begun by `today` (the day in Beijing)."""
    query = select(filing.c.id).where(filing.c.status == "accepted", filing.c.valid_from <= today.isoformat())
    return [FilId(row.id) for row in view.all(query.order_by(filing.c.id))]


def save_filing(work: Work, made: Filing) -> None:
    """Insert a filing."""
    line = {name: value for name, value in vars(made).items() if name != "scope"}
    authority, kind = str(made.authority), str(made.kind)
    work.insert(
        filing, {**line, **scope_columns(made.scope), "facts": dict(made.facts), "authority": authority, "kind": kind}
    )


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
        FilId(row.id), FilId(row.group_id), FilingKind(row.kind), Authority(row.authority), scope, row.facts,
        row.form_version, row.round, row.subject_type, row.subject_id, FilId(row.amends) if row.amends else None,
        row.author, row.signed_by, row.approver, row.status, row.packet_id, row.submitted_on, row.package_delivered_on,
        row.acknowledged_at, row.submission_number, row.receipt_number, row.receipt_date, row.document_sha256,
        row.valid_from, row.valid_until, row.remark, row.salt, row.created_at,
    )  # fmt: skip


def save_document(work: Work, made: Document) -> None:
    """Insert a document."""
    lists = {"codes": list(made.codes), "warnings": [dict(one) for one in made.warnings]}
    work.insert(document, {**vars(made), **lists, "role": str(made.role), "created_at": work.now})


def documents_of(view: View, filing_id: str) -> list[Document]:
    """Give the documents of a filing, oldest first."""
    query = select(document).where(document.c.filing_id == filing_id).order_by(document.c.id)
    return [document_of_row(row) for row in view.all(query)]


def load_document(view: View, filing_id: str, document_id: str) -> Document:
    """Give one document of a filing.

    Raises NotFound.
    """
    row = view.first(select(document).where(document.c.id == document_id, document.c.filing_id == filing_id))
    if row is None:
        raise NotFound(f"Filing {filing_id[:40]} has no document {document_id[:40]}; list its documents.")
    return document_of_row(row)


def find_document(view: View, filing_id: str, role: Role, sha256: str) -> Document | None:
    """Give the document of a filing in a role with these bytes, or None."""
    mine = and_(document.c.filing_id == filing_id, document.c.role == str(role), document.c.sha256 == sha256)
    row = view.first(select(document).where(mine))
    return None if row is None else document_of_row(row)


def confirm_document(work: Work, known: Document, by: str) -> Document:
    """Note who confirmed a document that nobody has confirmed yet.

    Raises Changed.
    """
    return document_of_row(work.update(document, {"id": known.id}, {"confirmed_by": by}, confirmed_by=None))


def document_of_row(row: Row[Any]) -> Document:
    """Read a document."""
    return Document(
        DocId(row.id), FilId(row.filing_id), Role(row.role), row.name, row.media_type, row.sha256, row.length,
        row.language, row.data_sha256, row.round, row.pages, tuple(row.codes), tuple(row.warnings), row.author,
        row.confirmed_by, row.salt,
    )  # fmt: skip


def new_salt() -> str:
    """Give a salt for a row: its digest in the log then reveals nothing."""
    return secrets.token_hex(16)
