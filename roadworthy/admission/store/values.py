"""The table of registered values and all SQL over it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Row, String, select

from roadworthy.admission.model import Ground, RegisteredValue, ValId
from roadworthy.database import Instant, JsonText, View, Work, record_table
from roadworthy.kernel.event import Json
from roadworthy.products.model import TypId

registered_value = record_table(
    "registered_value",
    Column("id", String(32), primary_key=True),
    Column("vehicle_type_id", ForeignKey("vehicle_type.id"), nullable=False),
    Column("parameter_key", ForeignKey("parameter_definition.key"), nullable=False),
    Column("value", JsonText, nullable=False),
    Column("ground", String(32), nullable=False),
    Column("reference", String(120), nullable=False),
    Column("registered_by", String(64), nullable=False),
    Column("registered_at", Instant, nullable=False),
    Column("current", Boolean, nullable=False),
)
# One value counts at a time, whoever writes; earlier ones stay for the history.
Index(
    "uq_registered_value_current",
    registered_value.c.vehicle_type_id,
    registered_value.c.parameter_key,
    unique=True,
    sqlite_where=registered_value.c.current,
    postgresql_where=registered_value.c.current,
)


def current_values(view: View, type_id: str) -> dict[str, RegisteredValue]:
    """Give the registered values of a vehicle type that count now, by parameter key."""
    table = registered_value
    query = select(table).where(table.c.vehicle_type_id == type_id, table.c.current).order_by(table.c.parameter_key)
    return {row.parameter_key: _value(row) for row in view.all(query)}


def all_values(view: View, type_ids: Iterable[str]) -> dict[str, dict[str, RegisteredValue]]:
    """Give the registered values that count now of some vehicle types, by type id, then parameter key."""
    table, wanted = registered_value, list(type_ids)
    query = select(table).where(table.c.current, table.c.vehicle_type_id.in_(wanted))
    found: dict[str, dict[str, RegisteredValue]] = {one: {} for one in wanted}
    for row in view.all(query.order_by(table.c.parameter_key)):
        found[row.vehicle_type_id][row.parameter_key] = _value(row)
    return found


def plain_values(view: View, type_id: str) -> dict[str, Json]:
    """Give the bare values of `current_values`, as `rules.diff` takes them."""
    return {key: one.value for key, one in current_values(view, type_id).items()}


def values_as_of(view: View, type_id: str, moment: datetime) -> dict[str, RegisteredValue]:
    """Give the registered values of a vehicle type that counted at `moment`, by parameter key."""
    table = registered_value
    query = select(table).where(table.c.vehicle_type_id == type_id, table.c.registered_at <= moment)
    return {row.parameter_key: _value(row) for row in view.all(query.order_by(table.c.registered_at, table.c.id))}


def value_history(view: View, type_id: str, parameter_key: str) -> list[RegisteredValue]:
    """Give all values that one parameter of a vehicle type has had, oldest first."""
    table = registered_value
    query = select(table).where(table.c.vehicle_type_id == type_id, table.c.parameter_key == parameter_key)
    return [_value(row) for row in view.all(query.order_by(table.c.registered_at, table.c.id))]


def replace_values(work: Work, old: Iterable[RegisteredValue], new: Iterable[RegisteredValue]) -> None:
    """Put `new` values in the place of `old` ones.

    Raises Changed when one of `old` no longer counts.
    """
    for one in old:
        work.update(registered_value, {"id": one.id}, {"current": False}, current=True)
    work.insert_all(registered_value, [{**one.to_json(), **_columns(one)} for one in new])


def _columns(one: RegisteredValue) -> dict[str, Any]:
    return {"parameter_key": one.parameter_key, "registered_at": one.registered_at}


def _value(row: Row[Any]) -> RegisteredValue:
    return RegisteredValue(
        ValId(row.id), TypId(row.vehicle_type_id), row.parameter_key, row.value, Ground(row.ground), row.reference,
        row.registered_by, row.registered_at, row.current,
    )  # fmt: skip
