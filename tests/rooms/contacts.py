"""What tests of contacts share: a vehicle that calls, and one that attests."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event as on
from sqlalchemy import func, select

from roadworthy.campaigns import actions, store
from roadworthy.database import Database
from roadworthy.database.schema import event
from roadworthy.fleet import store as fleet_store
from roadworthy.fleet.model import Vehicle

from .upgrades import Company


def call(co: Company, vehicle: Vehicle) -> actions.Offer | None:
    co.tick()
    return actions.contact(co.database, vehicle)


def offered(co: Company, vehicle: Vehicle) -> actions.Offer:
    found = call(co, vehicle)
    assert found is not None
    return found


def attest(co: Company, vehicle: Vehicle, sha256: str, *, success: bool | None = True) -> None:
    """Settle as the manifest of a vehicle does, whose ECU shows these bytes."""
    co.tick()
    with co.database.begin(actions.vehicle_actor(vehicle)) as work:
        (unit,) = fleet_store.units_of(work, vehicle.id)
        columns = {"attested_path": "p", "attested_sha256": sha256, "attested_at": work.now}
        unit = fleet_store.change_unit(work, unit, {**columns, "report_counter": unit.report_counter + 1})
        work.record("software.attested", vehicle.id, {}, lane="fleet")
        known = store.open_actions(work, vehicle.id)
        failed = known[-1][0].assignment_id if known and success is False else ""
        actions.settle(work, vehicle, {unit.serial: sha256}, failed, "boot failed")


def status(co: Company, vehicle: Vehicle, number: int) -> str:
    with co.database.read() as view:
        return store.action_by_number(view, vehicle.id, number).status


def events(co: Company) -> int:
    with co.database.read() as view:
        return int(view.scalar(select(func.count()).select_from(event)))


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Note the statements that reach the database."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    on.listen(database.engine, "before_cursor_execute", note)
    yield seen
    on.remove(database.engine, "before_cursor_execute", note)
