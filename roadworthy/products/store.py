"""Tables of vehicle types, variants, ECUs and parameter definitions, and all SQL over them."""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Row, String, UniqueConstraint, select

from roadworthy.database import JsonText, View, Work, record_table
from roadworthy.database.schema import event
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import NotFound
from roadworthy.products.model import (
    AnnId,
    Announcement,
    AnnouncementKind,
    ClientProfile,
    Ecu,
    EcuId,
    ParameterDefinition,
    ParameterType,
    TypId,
    Variant,
    VarId,
    VehicleType,
)

vehicle_type = record_table(
    "vehicle_type",
    Column("id", String(32), primary_key=True),
    Column("model_code", String(32), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("automation_level", Integer, nullable=False),
    Column("licensed_manufacturer", String(120)),
    Column("imported", Boolean, nullable=False),
    Column("annex2_supplemented", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
)

variant = record_table(
    "variant",
    Column("id", String(32), primary_key=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False),
    Column("code", String(64), nullable=False),
    Column("name", String(120), nullable=False),
    UniqueConstraint("vehicle_type_id", "code"),
)

ecu = record_table(
    "ecu",
    Column("id", String(32), primary_key=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("hardware_id", String(64), nullable=False),
    Column("supplier", String(120), nullable=False),
    Column("client_profile", String(16), nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("holds_driving_automation", Boolean, nullable=False),
    Column("approval_relevant", Boolean, nullable=False),
    Column("influences", JsonText),
    UniqueConstraint("vehicle_type_id", "name"),
)
Index(
    "uq_ecu_primary",
    ecu.c.vehicle_type_id,
    unique=True,
    sqlite_where=ecu.c.is_primary,
    postgresql_where=ecu.c.is_primary,
)

parameter_definition = record_table(
    "parameter_definition",
    Column("key", String(54), primary_key=True),
    Column("label_zh", String(200), nullable=False),
    Column("label_en", String(200), nullable=False),
    Column("type", String(8), nullable=False),
    Column("unit", String(32), nullable=False),
    Column("is_main", Boolean),
    Column("tolerance", String(64)),
    Column("annex2", Boolean, nullable=False),
    Column("needed_if", String(54)),
    Column("needs_report", Boolean, nullable=False),
    Column("source", String(200), nullable=False),
    key=("key",),
)

announcement = record_table(
    "announcement",
    Column("id", String(32), primary_key=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False),
    Column("batch", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("announced_on", String(10), nullable=False),
    UniqueConstraint("vehicle_type_id", "batch"),
    append_only=True,
)


def load_vehicle_type(view: View, type_id: str) -> VehicleType:
    """Give one vehicle type.

    Raises NotFound.
    """
    row = view.first(select(vehicle_type).where(vehicle_type.c.id == type_id))
    if row is None:
        raise NotFound(f"There is no vehicle type {type_id[:40]}; list vehicle types to find the id.")
    return type_of_row(row)


def type_by_code(view: View, model_code: str) -> VehicleType | None:
    """Give the vehicle type of a model code, or None."""
    row = view.first(select(vehicle_type).where(vehicle_type.c.model_code == model_code))
    return None if row is None else type_of_row(row)


def list_vehicle_types(view: View, after: str = "", limit: int = 50) -> list[VehicleType]:
    """Give vehicle types in the order of their ids, one more than `limit` where there are more."""
    query = select(vehicle_type).where(vehicle_type.c.id > after).order_by(vehicle_type.c.id).limit(limit + 1)
    return [type_of_row(row) for row in view.all(query)]


def all_vehicle_types(view: View) -> dict[str, VehicleType]:
    """Give all vehicle types by model code."""
    return {row.model_code: type_of_row(row) for row in view.all(select(vehicle_type))}


def save_vehicle_type(work: Work, made: VehicleType) -> None:
    """Insert a vehicle type."""
    work.insert(vehicle_type, made.to_json())


def list_variants(view: View, type_id: str | None = None) -> list[Variant]:
    """Give the variants of one vehicle type, or of all, in the order of their ids."""
    query = select(variant).order_by(variant.c.id)
    if type_id is not None:
        query = query.where(variant.c.vehicle_type_id == type_id)
    return [Variant(VarId(r.id), TypId(r.vehicle_type_id), r.code, r.name) for r in view.all(query)]


def save_variant(work: Work, made: Variant) -> None:
    """Insert a variant."""
    work.insert(variant, made.to_json())


def load_variant(view: View, variant_id: str) -> Variant:
    """Give one variant.

    Raises NotFound.
    """
    row = view.first(select(variant).where(variant.c.id == variant_id))
    if row is None:
        raise NotFound(f"There is no variant {variant_id[:40]}; the vehicle type lists its variants.")
    return Variant(VarId(row.id), TypId(row.vehicle_type_id), row.code, row.name)


def list_announcements(view: View, type_id: str) -> list[Announcement]:
    """Give the announcements of a vehicle type by batch number."""
    table = announcement
    rows = view.all(select(table).where(table.c.vehicle_type_id == type_id).order_by(table.c.batch))
    return [
        Announcement(AnnId(r.id), TypId(r.vehicle_type_id), r.batch, AnnouncementKind(r.kind), r.announced_on)
        for r in rows
    ]


def load_ecu(view: View, ecu_id: str) -> Ecu:
    """Give one ECU.

    Raises NotFound.
    """
    row = view.first(select(ecu).where(ecu.c.id == ecu_id))
    if row is None:
        raise NotFound(f"There is no ECU {ecu_id[:40]}; list the ECUs of the vehicle type to find the id.")
    return ecu_of_row(row)


def list_ecus(view: View, type_ids: Iterable[str] | None = None) -> list[Ecu]:
    """Give the ECUs of some vehicle types (default: of all), in the order of their ids."""
    query = select(ecu).order_by(ecu.c.id)
    if type_ids is not None:
        query = query.where(ecu.c.vehicle_type_id.in_(list(type_ids)))
    return [ecu_of_row(row) for row in view.all(query)]


def save_ecu(work: Work, made: Ecu) -> None:
    """Insert an ECU."""
    work.insert(ecu, made.to_json())


def all_definitions(view: View) -> dict[str, ParameterDefinition]:
    """Give all parameter definitions by key, in the order of keys."""
    query = select(parameter_definition).order_by(parameter_definition.c.key)
    return {row.key: definition_of_row(row) for row in view.all(query)}


def load_definition(view: View, key: str) -> ParameterDefinition:
    """Give one parameter definition.

    Raises NotFound.
    """
    row = view.first(select(parameter_definition).where(parameter_definition.c.key == key))
    if row is None:
        raise NotFound(f"There is no parameter {key[:80]!r}; define it first or correct the key.")
    return definition_of_row(row)


def save_definitions(work: Work, made: Iterable[ParameterDefinition]) -> None:
    """Insert parameter definitions."""
    work.insert_all(parameter_definition, [definition_row(one) for one in made])


def history(view: View, subject: str) -> list[dict[str, Any]]:
    """Give what happened to `subject` (an id, or `parameter:` and a key), oldest first, as the events tell it."""
    query = select(event.c.id, event.c.kind, event.c.actor, event.c.at, event.c.body)
    rows = view.all(query.where(event.c.subject == subject).order_by(event.c.seq))
    return [
        {"event": r.id, "kind": r.kind, "actor": r.actor, "at": r.at, "data": json.loads(r.body)["data"]} for r in rows
    ]


def definition_row(one: ParameterDefinition) -> dict[str, Any]:
    """Give the columns of a definition."""
    plain = one.to_json()
    label = plain.pop("label")
    return {**plain, "label_zh": label["zh"], "label_en": label["en"]}


def definition_of_row(row: Row[Any]) -> ParameterDefinition:
    """Read a definition."""
    label = Text(row.label_zh, row.label_en)
    return ParameterDefinition(
        row.key, label, ParameterType(row.type), row.unit, row.is_main, row.tolerance, row.annex2, row.needed_if,
        row.needs_report, row.source,
    )  # fmt: skip


def type_of_row(row: Row[Any]) -> VehicleType:
    """Read a vehicle type."""
    return VehicleType(**{**row._mapping, "id": TypId(row.id)})  # noqa: SLF001 - SQLAlchemy's public name


def ecu_of_row(row: Row[Any]) -> Ecu:
    """Read an ECU."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
    values |= {
        "id": EcuId(row.id),
        "vehicle_type_id": TypId(row.vehicle_type_id),
        "client_profile": ClientProfile(row.client_profile),
        "influences": None if row.influences is None else tuple(row.influences),
    }
    return Ecu(**values)
