"""Teaches Alembic the append-only guards: it compares, writes and runs them as it does columns."""

from typing import Any

from alembic.autogenerate import comparators, renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import MigrateOperation, Operations
from alembic.operations.ops import UpgradeOps
from alembic.util import DispatchPriority, PriorityDispatchResult

from roadworthy.database.append_only import append_only_tables, guard, guarded_tables, unguard


@Operations.register_operation("guard")
class Guard(MigrateOperation):
    """`op.guard("event")`: make a table append-only."""

    def __init__(self, table: str) -> None:
        """Guard `table`."""
        self.table = table

    @classmethod
    def guard(cls, operations: Operations, table: str) -> Any:
        """Make `table` append-only."""
        return operations.invoke(cls(table))

    def reverse(self) -> "Unguard":
        """Give what undoes it."""
        return Unguard(self.table)

    def to_diff_tuple(self) -> tuple[str, str]:
        """Give the difference in words."""
        return ("guard", self.table)


@Operations.register_operation("unguard")
class Unguard(MigrateOperation):
    """`op.unguard("event")`: make a table changeable again."""

    def __init__(self, table: str) -> None:
        """Take the guards off `table`."""
        self.table = table

    @classmethod
    def unguard(cls, operations: Operations, table: str) -> Any:
        """Make `table` changeable."""
        return operations.invoke(cls(table))

    def reverse(self) -> Guard:
        """Give what undoes it."""
        return Guard(self.table)

    def to_diff_tuple(self) -> tuple[str, str]:
        """Give the difference in words."""
        return ("unguard", self.table)


@Operations.implementation_for(Guard)
def _run_guard(operations: Operations, operation: Guard) -> None:
    guard(operations.get_bind(), operation.table)


@Operations.implementation_for(Unguard)
def _run_unguard(operations: Operations, operation: Unguard) -> None:
    unguard(operations.get_bind(), operation.table)


@comparators.dispatch_for("schema", priority=DispatchPriority.LAST)
def _compare_guards(context: AutogenContext, upgrade: UpgradeOps, _schemas: set[str | None]) -> PriorityDispatchResult:
    """Find tables whose guards are not what `info` says; last, so that a new table is created first."""
    if context.metadata is None or context.connection is None:
        return PriorityDispatchResult.CONTINUE
    tables = context.sorted_tables
    wanted = set(append_only_tables(tables))
    found = guarded_tables(context.connection)
    upgrade.ops.extend(Guard(name) for name in sorted(wanted - found))
    upgrade.ops.extend(Unguard(name) for name in sorted((found - wanted) & {table.name for table in tables}))
    return PriorityDispatchResult.CONTINUE


@renderers.dispatch_for(Guard)
def _write_guard(_context: AutogenContext, operation: Guard) -> str:
    return f'op.guard("{operation.table}")'


@renderers.dispatch_for(Unguard)
def _write_unguard(_context: AutogenContext, operation: Unguard) -> str:
    return f'op.unguard("{operation.table}")'
