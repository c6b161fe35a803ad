"""Alembic's entry: works on the connection that `roadworthy.database.migrate` hands over, in its transaction."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateTableOp, MigrationScript
from sqlalchemy.types import TypeDecorator

from roadworthy.migrations import guards  # noqa: F401 - registers op.guard and op.unguard
from roadworthy.migrations.tables import load_tables


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write the plain type under a column type of ours: a revision must not change when our code does."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def leave_out_info(_context: Any, _revision: Any, scripts: list[MigrationScript]) -> None:
    """Leave `Table.info` out of revisions: it speaks to the code of today, not to the database."""
    for script in scripts:
        for ops in script.upgrade_ops_list:
            for operation in ops.ops:
                if isinstance(operation, CreateTableOp):
                    operation.info = {}


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=load_tables(),
    render_item=render_item,
    process_revision_directives=leave_out_info,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
