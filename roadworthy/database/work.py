"""The unit of work: reads, tracked writes, and the event that every tracked write needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Executable, Row, Select, Table, and_, insert, text, update

from roadworthy.database.schema import STAFF, event, event_row, pending, row_key, row_values
from roadworthy.kernel.errors import Broken, NotPermitted, Refused
from roadworthy.kernel.event import Event, Json, row_digest
from roadworthy.kernel.ids import EventId
from roadworthy.kernel.lifecycle import Lifecycle, Move
from roadworthy.kernel.merkle import root_of


class Changed(Refused):
    """Somebody else changed this meanwhile; look at it again and repeat."""

    code = "changed_meanwhile"


@dataclass(frozen=True)
class Actor:
    """Who acts: `id` is a person's id, `vehicle:VEH-...` or `system:<name>`; `roles` are what they may do."""

    id: str
    roles: frozenset[str] = field(default_factory=frozenset)

    def require(self, role: str) -> None:
        """Refuse unless the actor holds `role`; an empty role is for the system only.

        Raises NotPermitted.
        """
        if self.id.startswith("system:"):
            return
        if not role:
            raise NotPermitted("Only Roadworthy itself makes this move.", code="role.system")
        if role not in self.roles:
            raise NotPermitted(f"This needs the role {role}; ask somebody who holds it.", code="role.missing")


class View:
    """Reads in one transaction."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        """Read over `connection` at the moment `now`."""
        self.connection = connection
        self.now = now

    def execute(self, statement: Executable, rows: Sequence[Mapping[str, Any]] | None = None) -> Any:
        """Run a statement; for reads, and for writes to cache tables."""
        return self.connection.execute(statement, rows) if rows else self.connection.execute(statement)

    def all(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """Give all rows."""
        return self.connection.execute(query).all()

    def first(self, query: Select[Any]) -> Row[Any] | None:
        """Give the first row or None."""
        return self.connection.execute(query).first()

    def scalar(self, query: Select[Any]) -> Any:
        """Give the first column of the first row, or None."""
        return self.connection.execute(query).scalar()


class Work(View):
    """One unit of work: everything commits, with its events, or nothing does."""

    def __init__(
        self, connection: Connection, now: datetime, actor: Actor, reactions: frozenset[str], cause: str
    ) -> None:
        """Work over `connection` at the moment `now` on behalf of `actor`."""
        super().__init__(connection, now)
        self.actor = actor
        self._reactions = reactions
        self._cause = cause
        self._unrecorded: list[tuple[str, str, bytes]] = []

    def alone(self, what: str) -> None:
        """Let only one unit of work at a time go on from here with `what`, until it ends; the others wait.

        For what is counted up. SQLite has one writer at a time anyway (BEGIN IMMEDIATE).
        """
        if self.connection.dialect.name == "postgresql":
            number = int.from_bytes(sha256(what.encode()).digest()[:8], "big", signed=True)
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})

    def insert(self, table: Table, row: Mapping[str, Any]) -> None:
        """Insert one tracked row; `record` must follow."""
        self.insert_all(table, [row])

    def insert_all(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert tracked rows of the same columns in one statement; `record` must follow."""
        whole = [{column.name: row.get(column.name) for column in table.columns} for row in rows]
        if whole:
            self.connection.execute(insert(table), whole)
            self._track(table, whole)

    def update(self, table: Table, key: Mapping[str, Any], changes: Mapping[str, Any], **expected: Any) -> Row[Any]:
        """Change one tracked row and give it back; `record` must follow.

        `expected` names column values that must still hold. Raises Changed when the row is no longer so.
        """
        conditions = [table.c[name] == value for name, value in {**key, **expected}.items()]
        statement = update(table).where(and_(*conditions)).values(dict(changes)).returning(*table.columns)
        rows = self.connection.execute(statement).all()
        if len(rows) != 1:
            raise Changed
        self._track(table, [row_values(table, rows[0])])
        return rows[0]

    def move(
        self,
        table: Table,
        key: Mapping[str, Any],
        cycle: Lifecycle,
        verb: str,
        changes: Mapping[str, Any] | None = None,
    ) -> tuple[Move, Row[Any]]:
        """Move one row along its life cycle: check the table of moves and the role, then change `status`.

        Give the move and the changed row; pass the move on to `record`. Raises WrongState, NotPermitted, Changed.
        """
        columns = [table.c[name] == value for name, value in key.items()]
        state = self.connection.execute(table.select().where(and_(*columns)).with_for_update()).first()
        if state is None:
            raise Changed
        step = cycle.move(state.status, verb)
        self.actor.require(step.role)
        row = self.update(table, key, {**(changes or {}), "status": step.target}, status=step.state)
        return step, row

    def record(
        self,
        kind: str,
        subject: str,
        data: Mapping[str, Json] | None = None,
        *,
        move: Move | None = None,
        lane: str = STAFF,
    ) -> Event:
        """Write the event that covers all tracked rows written since the last one; give it back."""
        rows, self._unrecorded = self._unrecorded, []
        facts = dict(data or {})
        if move is not None:
            facts["move"] = {"clause": move.clause, "from": move.state, "to": move.target, "verb": move.verb}
        happened = Event(
            id=EventId.new(self.now),
            kind=kind,
            subject=subject,
            actor=self.actor.id,
            at=self.now,
            data=facts,
            row_count=len(rows),
            row_root=root_of([digest for _, _, digest in rows]),
            cause=self._cause,
        )
        self._save(happened, rows, lane)
        return happened

    def close(self) -> None:
        """Check that every tracked row has its event.

        Raises Broken: a programming error, found at the first run of the path.
        """
        if self._unrecorded:
            names = sorted({f"{table} {key}" for table, key, _ in self._unrecorded})
            raise Broken(f"rows were written without an event: {', '.join(names[:5])}")

    def _track(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        if "record" not in table.info:
            raise Broken(f"{table.name} is no record table; write it with execute.")
        for row in rows:
            values = row_values(table, row)
            key = row_key(table, values)
            self._unrecorded.append((table.name, key, row_digest(table.name, key, values)))

    def _save(self, happened: Event, rows: Sequence[tuple[str, str, bytes]], lane: str) -> None:
        line = {
            "id": happened.id,
            "kind": happened.kind,
            "subject": happened.subject,
            "actor": happened.actor,
            "at": happened.at,
            "lane": lane,
            "body": happened.to_bytes().decode("ascii"),
        }
        seq = self.connection.execute(insert(event).values(line).returning(event.c.seq)).scalar_one()
        if rows:
            self.connection.execute(
                insert(event_row),
                [
                    {"event_id": happened.id, "position": n, "table_name": t, "row_key": k, "digest": d}
                    for n, (t, k, d) in enumerate(rows)
                ],
            )
        consumers = ["log", *(["reactions"] if happened.kind in self._reactions else [])]
        self.connection.execute(insert(pending), [{"consumer": c, "event_seq": seq} for c in consumers])
