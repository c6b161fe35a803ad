"""Tables of the register of software identification numbers."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ForeignKey, Row, String, UniqueConstraint, select

from roadworthy.admission.model import Regime, Swin, SwinLink, SwnId
from roadworthy.database import View, four_eyes, record_table
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.time import beijing_date
from roadworthy.products.model import TypId

swin = record_table(
    "swin",
    Column("id", String(32), primary_key=True),
    Column("regime", String(16), nullable=False),
    Column("regulation", String(60), nullable=False),
    Column("value", String(60), nullable=False),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("status", String(16), nullable=False),
    Column("author", String(64), nullable=False),
    Column("approver", String(64)),
    UniqueConstraint("vehicle_type_id", "regime", "regulation", "value"),
    four_eyes("author", "approver"),
)

# Many to many: which software (a release, on an ECU) stands under which number. The release is of a higher room, so
# its table is named here and nothing more of it is known.
swin_link = record_table(
    "swin_link",
    Column("swin_id", ForeignKey("swin.id"), primary_key=True),
    Column("ecu_id", ForeignKey("ecu.id"), primary_key=True),
    Column("release_id", ForeignKey("release.id"), primary_key=True),
    Column("author", String(64), nullable=False),
    key=("swin_id", "ecu_id", "release_id"),
    append_only=True,
)


def load_swin(view: View, swin_id: str) -> Swin:
    """Give one number.

    Raises NotFound.
    """
    row = view.first(select(swin).where(swin.c.id == swin_id))
    if row is None:
        raise NotFound(f"There is no number {swin_id[:40]}; `roadworthy admission swin list` shows all.")
    return swin_of_row(row)


def list_swins(view: View, type_id: str = "", after: str = "", limit: int = 50) -> list[Swin]:
    """Give numbers (of one vehicle type) in the order of their ids, one more than `limit` where there are more."""
    query = select(swin).where(swin.c.id > after).order_by(swin.c.id).limit(limit + 1)
    if type_id:
        query = query.where(swin.c.vehicle_type_id == type_id)
    return [swin_of_row(row) for row in view.all(query)]


def links_of(view: View, type_id: str, swin_ids: Collection[str] | None = None) -> list[SwinLink]:
    """Give which software stands under which number of a vehicle type (or under some numbers of it)."""
    query = select(swin, swin_link.c.ecu_id, swin_link.c.release_id).join(swin_link, swin_link.c.swin_id == swin.c.id)
    query = query.where(swin.c.vehicle_type_id == type_id).order_by(swin.c.id, swin_link.c.release_id)
    if swin_ids is not None:
        query = query.where(swin.c.id.in_(list(swin_ids)))
    today = beijing_date(view.now).isoformat()
    return [
        # A retired number was on vehicles: a release that carries it again has not moved it.
        SwinLink(
            r.id, r.regime, r.regulation, r.value, r.ecu_id, r.release_id,
            r.status == "registered" and r.valid_from <= today,
        )
        for r in view.all(query)
    ]  # fmt: skip


def swin_of_row(row: Row[Any]) -> Swin:
    """Read a number."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    ids = {"id": SwnId(row.id), "vehicle_type_id": TypId(row.vehicle_type_id)}
    return Swin(**{**values, **ids, "regime": Regime(row.regime)})
