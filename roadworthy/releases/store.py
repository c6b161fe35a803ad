"""Tables of releases: the only SQL of this room."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
)

from roadworthy.database import Instant, JsonText, View, Work, four_eyes, record_table
from roadworthy.database.schema import event
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.event import Json
from roadworthy.releases.model import (
    Classification,
    ClsId,
    DosId,
    Dossier,
    DossierItem,
    DossierKind,
    Package,
    Release,
    RelId,
    Sbom,
)

release = record_table(
    "release",
    Column("id", String(32), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("version", String(60), nullable=False),
    Column("status", String(16), nullable=False, index=True),
    Column("delivery", String(24), nullable=False),
    Column("content_only", Boolean, nullable=False),
    Column("vehicle_type_ids", JsonText, nullable=False),
    Column("ecu_ids", JsonText, nullable=False),
    Column("planned_release", String(10)),
    Column("swin", String(60), nullable=False),
    Column("author_id", ForeignKey("person.id"), nullable=False),
    Column("approver_id", ForeignKey("person.id")),
    Column("created_at", Instant, nullable=False),
    Column("submitted_at", Instant),
    UniqueConstraint("name", "version"),
    four_eyes("author_id", "approver_id"),
)

package = record_table(
    "package",
    Column("release_id", ForeignKey("release.id"), primary_key=True),
    Column("path", String(200), nullable=False, unique=True),
    Column("filename", String(120), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("sha1", String(40), nullable=False),
    Column("md5", String(32), nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("hardware_ids", JsonText, nullable=False),
    Column("release_counter", Integer, nullable=False, unique=True),
    key=("release_id",),
)

sbom = record_table(
    "sbom",
    Column("release_id", ForeignKey("release.id"), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("spec_version", String(8), nullable=False),
    Column("components", Integer, nullable=False),
    key=("release_id",),
)

declaration = record_table(
    "declaration",
    Column("release_id", ForeignKey("release.id"), primary_key=True),
    Column("ecu_id", ForeignKey("ecu.id"), primary_key=True),
    Column("parameter", String(80), primary_key=True),
    Column("value", JsonText),
    Column("author_id", ForeignKey("person.id"), nullable=False),
    key=("release_id", "ecu_id", "parameter"),
)

answer = record_table(
    "answer",
    Column("release_id", ForeignKey("release.id"), primary_key=True),
    Column("fact", String(60), primary_key=True),
    Column("value", JsonText),
    Column("author_id", ForeignKey("person.id"), nullable=False),
    Column("at", Instant, nullable=False),
    key=("release_id", "fact"),
)

dossier_item = record_table(
    "dossier_item",
    Column("id", String(32), primary_key=True),
    Column("release_id", ForeignKey("release.id"), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("filename", String(120), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("author_id", ForeignKey("person.id"), nullable=False),
    Column("approver_id", ForeignKey("person.id")),
    four_eyes("author_id", "approver_id"),
)

classification = record_table(
    "classification",
    Column("id", String(32), primary_key=True),
    Column("release_id", ForeignKey("release.id"), nullable=False, index=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False),
    Column("labels", JsonText, nullable=False),
    Column("tier", String(4)),
    Column("decision", String(8), nullable=False),
    Column("report", JsonText, nullable=False),
    Column("facts", JsonText, nullable=False),
    Column("made_at", Instant, nullable=False),
)


def get(view: View, release_id: str) -> Release:
    """Give a release with its package.

    Raises NotFound.
    """
    row = view.first(select(release).where(release.c.id == release_id))
    if row is None:
        raise NotFound(f"There is no release {release_id}; `roadworthy release list` shows all.")
    return _release(row, package_of(view, release_id))


def package_of(view: View, release_id: str) -> Package | None:
    """Give the package of a release, if it has one."""
    row = view.first(select(package).where(package.c.release_id == release_id))
    if row is None:
        return None
    values = {name: value for name, value in row._mapping.items() if name != "release_id"}  # noqa: SLF001
    return Package(**{**values, "hardware_ids": tuple(row.hardware_ids)})


def page(view: View, after: str, limit: int) -> list[Release]:
    """List releases by id after `after`, at most `limit`."""
    rows = view.all(select(release).where(release.c.id > after).order_by(release.c.id).limit(limit))
    return [_release(row, package_of(view, row.id)) for row in rows]


def dossier_of(view: View, release_id: str) -> Dossier:
    """Give everything that stands beside a release."""
    items = view.all(select(dossier_item).where(dossier_item.c.release_id == release_id).order_by(dossier_item.c.id))
    answers = view.all(select(answer).where(answer.c.release_id == release_id))
    lines = view.all(select(declaration).where(declaration.c.release_id == release_id))
    declared: dict[str, dict[str, Json]] = {}
    for line in lines:
        declared.setdefault(line.ecu_id, {})[line.parameter] = line.value
    bill = view.first(select(sbom).where(sbom.c.release_id == release_id))
    return Dossier(
        items=tuple(_item(row) for row in items),
        answers={row.fact: row.value for row in answers},
        declared=declared,
        sbom=None if bill is None else Sbom(RelId(bill.release_id), bill.sha256, bill.spec_version, bill.components),
    )


def item(view: View, item_id: str) -> DossierItem:
    """Give one dossier item.

    Raises NotFound.
    """
    row = view.first(select(dossier_item).where(dossier_item.c.id == item_id))
    if row is None:
        raise NotFound(f"There is no dossier item {item_id}; `roadworthy release show` lists them.")
    return _item(row)


def latest_classifications(view: View, release_id: str) -> list[Classification]:
    """Give the newest classification of each vehicle type of a release."""
    rows = view.all(
        select(classification).where(classification.c.release_id == release_id).order_by(classification.c.id)
    )
    newest = {row.vehicle_type_id: row for row in rows}
    return [_classification(row) for row in newest.values()]


def next_counter(view: View) -> int:
    """Give the next release counter: one count for all images, so that any two of them can be compared."""
    return 1 + int(view.scalar(select(func.coalesce(func.max(package.c.release_counter), 0))))


def counter_of(view: View, sha256: str) -> int | None:
    """Give the release counter of the newest package with these bytes, or None for bytes of no release."""
    found: int | None = view.scalar(select(func.max(package.c.release_counter)).where(package.c.sha256 == sha256))
    return found


def swin_taken_before(view: View, release_id: str, swin: str) -> bool:
    """Whether a release approved before this one carries this software identification number (GB 44496, 4.2)."""
    approved = select(event.c.seq, event.c.subject).where(event.c.kind == "release.approved").subquery()
    mine = select(func.max(approved.c.seq)).where(approved.c.subject == release_id).scalar_subquery()
    query = select(release.c.id).join(approved, approved.c.subject == release.c.id)
    query = query.where(release.c.swin == swin, release.c.id != release_id)
    return view.first(query.where(or_(mine.is_(None), approved.c.seq < mine))) is not None


def approved_before(view: View, release_id: str, others: Collection[str]) -> set[str]:
    """Give those of `others` that were approved before a release was, or at all while it is not approved."""
    approved = select(event.c.subject, func.min(event.c.seq).label("first")).where(event.c.kind == "release.approved")
    wanted = sorted({*others, release_id})
    rows = view.all(approved.where(event.c.subject.in_(wanted)).group_by(event.c.subject))
    first = {row.subject: row.first for row in rows}
    mine = first.pop(release_id, None)
    return {one for one, seq in first.items() if mine is None or seq < mine}


def not_approved(view: View, release_ids: Collection[str]) -> set[str]:
    """Give those of some releases that are not approved now."""
    query = select(release.c.id).where(release.c.id.in_(sorted(release_ids)), release.c.status != "approved")
    return {row.id for row in view.all(query)}


def put(work: Work, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert a tracked row, or change the one that has this key; `work.record` must follow."""
    if work.first(select(table).where(and_(*(table.c[name] == value for name, value in key.items())))) is None:
        work.insert(table, {**key, **values})
    else:
        work.update(table, key, values)


def _release(row: Row[Any], found: Package | None) -> Release:
    return Release(
        id=RelId(row.id),
        name=row.name,
        version=row.version,
        status=row.status,
        delivery=row.delivery,
        content_only=row.content_only,
        vehicle_type_ids=tuple(row.vehicle_type_ids),
        ecu_ids=tuple(row.ecu_ids),
        planned_release=None if row.planned_release is None else date.fromisoformat(row.planned_release),
        swin=row.swin,
        author_id=row.author_id,
        approver_id=row.approver_id,
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        package=found,
    )


def _item(row: Row[Any]) -> DossierItem:
    return DossierItem(
        DosId(row.id),
        RelId(row.release_id),
        DossierKind(row.kind),
        row.filename,
        row.sha256,
        row.author_id,
        row.approver_id,
    )


def _classification(row: Row[Any]) -> Classification:
    return Classification(
        id=ClsId(row.id),
        release_id=RelId(row.release_id),
        vehicle_type_id=row.vehicle_type_id,
        labels=tuple(row.labels),
        tier=row.tier,
        decision=row.decision,
        report=row.report,
        facts=row.facts,
        made_at=row.made_at,
    )
