"""Tables of production consistency: checks, build records, what they cover, findings."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, Row, String, and_, exists, func, select

from roadworthy.admission.model import Check, ChkId, Comparison, Finding, FndId
from roadworthy.database import Instant, JsonText, View, Work, four_eyes, record_table
from roadworthy.kernel.errors import NotFound
from roadworthy.products.model import TypId

consistency_check = record_table(
    "consistency_check",
    Column("id", String(32), primary_key=True),
    Column("source", String(120), nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("value_count", Integer, nullable=False),
    Column("different", Integer, nullable=False),
    Column("unregistered", Integer, nullable=False),
    Column("checked_by", String(64), nullable=False),
    Column("checked_at", Instant, nullable=False),
    Column("salt", String(32), nullable=False),  # the hash of a small file of VINs could be guessed
    append_only=True,
)

# The check's own row is written last, when its counts are known, so there is no foreign key to it.
build_record = record_table(
    "build_record",
    Column("id", String(32), primary_key=True),
    Column("check_id", String(32), nullable=False),
    Column("vin", String(17), nullable=False),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False),
    Column("parameter_key", ForeignKey("parameter_definition.key"), nullable=False),
    Column("built", JsonText, nullable=False),
    Column("registered", JsonText),
    Column("verdict", String(16), nullable=False),
    Column("checked_at", Instant, nullable=False),
    Column("salt", String(32), nullable=False),
    Index(None, "check_id", "parameter_key", "verdict"),
    Index(None, "vin", "parameter_key"),
    append_only=True,
)

# What the gate asks: small, however many records there are.
check_coverage = record_table(
    "check_coverage",
    Column("check_id", String(32), primary_key=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), primary_key=True),
    Column("parameter_key", ForeignKey("parameter_definition.key"), primary_key=True),
    Column("compared", Integer, nullable=False),
    Column("different", Integer, nullable=False),
    Column("checked_at", Instant, nullable=False),
    key=("check_id", "vehicle_type_id", "parameter_key"),
    append_only=True,
)

consistency_finding = record_table(
    "consistency_finding",
    Column("id", String(32), primary_key=True),
    Column("check_id", ForeignKey("consistency_check.id"), nullable=False),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False, index=True),
    Column("parameter_key", ForeignKey("parameter_definition.key"), nullable=False),
    Column("registered", JsonText, nullable=False),
    Column("built", JsonText, nullable=False),
    Column("vehicles", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("opened_by", String(64), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_by", String(64)),
    Column("remark", String(2000)),
    four_eyes("opened_by", "closed_by"),
)


def new_check(work: Work, made: Check) -> None:
    """Insert a check."""
    plain = {name: value for name, value in made.to_json().items() if name != "values"}
    work.insert(
        consistency_check,
        {**plain, "value_count": made.values, "checked_at": made.checked_at, "salt": secrets.token_hex(16)},
    )


def put_records(work: Work, check_id: str, rows: Sequence[tuple[str, Comparison, str]]) -> None:
    """Insert build records: id, comparison and salt of each."""
    work.insert_all(
        build_record,
        [
            {
                "id": made, "check_id": check_id, "vin": one.record.vin, "vehicle_type_id": one.record.vehicle_type_id,
                "parameter_key": one.record.parameter_key, "built": one.record.built, "registered": one.registered,
                "verdict": str(one.verdict), "checked_at": work.now, "salt": salt,
            }
            for made, one, salt in rows
        ],
    )  # fmt: skip


def list_checks(view: View, after: str = "", limit: int = 50) -> list[Check]:
    """Give checks in the order of their ids, one more than `limit` where there are more."""
    table = consistency_check
    rows = view.all(select(table).where(table.c.id > after).order_by(table.c.id).limit(limit + 1))
    return [
        Check(
            ChkId(r.id), r.source, r.file_sha256, r.value_count, r.different, r.unregistered, r.checked_by, r.checked_at
        )
        for r in rows
    ]


def coverage_of(view: View, type_id: str) -> dict[str, datetime]:
    """Give when each parameter of a vehicle type was last compared, by key."""
    table = check_coverage
    query = select(table.c.parameter_key, func.max(table.c.checked_at).label("last"))
    query = query.where(table.c.vehicle_type_id == type_id, table.c.compared > 0).group_by(table.c.parameter_key)
    return {row.parameter_key: row.last for row in view.all(query)}


def load_finding(view: View, finding_id: str) -> Finding:
    """Give one finding.

    Raises NotFound.
    """
    row = view.first(select(consistency_finding).where(consistency_finding.c.id == finding_id))
    if row is None:
        raise NotFound(f"There is no finding {finding_id[:40]}; `roadworthy admission finding list` shows all.")
    return finding_of_row(row)


def list_findings(
    view: View, type_id: str = "", status: str = "", after: str = "", limit: int = 50
) -> list[Finding]:  # fmt: skip
    """Give findings in the order of their ids, one more than `limit` where there are more."""
    table = consistency_finding
    query = select(table).where(table.c.id > after).order_by(table.c.id).limit(limit + 1)
    for column, value in ((table.c.vehicle_type_id, type_id), (table.c.status, status)):
        query = query.where(column == value) if value else query
    return [finding_of_row(row) for row in view.all(query)]


def findings_of(view: View, type_id: str, statuses: Iterable[str]) -> list[Finding]:
    """Give the findings of a vehicle type in some states."""
    table = consistency_finding
    query = select(table).where(table.c.vehicle_type_id == type_id, table.c.status.in_(list(statuses)))
    return [finding_of_row(row) for row in view.all(query.order_by(table.c.id))]


def not_corrected(view: View, finding: Finding) -> int:
    """Give how many vehicles of a finding have no later record of this parameter that equals the registered value."""
    first, later = build_record.alias("first"), build_record.alias("later")
    again = exists().where(
        and_(
            later.c.vin == first.c.vin,
            later.c.parameter_key == first.c.parameter_key,
            later.c.verdict == "equal",
            later.c.checked_at > first.c.checked_at,
        )
    )
    query = select(func.count()).select_from(first).where(
        first.c.check_id == finding.check_id,
        first.c.vehicle_type_id == finding.vehicle_type_id,
        first.c.parameter_key == finding.parameter_key,
        first.c.verdict == "different",
        ~again,
    )  # fmt: skip
    return int(view.scalar(query))


def finding_of_row(row: Row[Any]) -> Finding:
    """Read a finding."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    ids = {"id": FndId(row.id), "check_id": ChkId(row.check_id), "vehicle_type_id": TypId(row.vehicle_type_id)}
    return Finding(**{**values, **ids, "built": tuple(row.built)})
