"""Checks the database against its log and names every record that differs.

1. the log       entries, leaf hashes, batches, tree, tiles, stored and published checkpoints    `verify_log`
2. the events    each stands in the log once (or waits); columns and rows' digests fit its body  `verify_events`
3. the records   each row is what its last event left; its status follows from the moves         `verify_rows`

What this can tell: any single edit, insertion or deletion made in a SQL shell or in a file, and any number of
them made by somebody without the log's key. What it cannot: whoever holds the log's key and the database and the
folder can write another history and sign it. Only heads kept elsewhere (a witness, a receipt, an evidence bundle,
a regulator's copy) show that. An event that still waits is not proved; and a queue line lost with its event, both
before they were logged, leaves no trace.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Table, func, select

from roadworthy.database import View
from roadworthy.database.schema import event, event_row, pending
from roadworthy.kernel.errors import Broken
from roadworthy.kernel.lifecycle import Lifecycle
from roadworthy.transparency.files import read_checkpoint
from roadworthy.transparency.reading import any_text
from roadworthy.transparency.report import Difference, Findings, Report
from roadworthy.transparency.store import log_checkpoint, log_entry, log_place
from roadworthy.transparency.verify_events import check_events
from roadworthy.transparency.verify_log import check_log
from roadworthy.transparency.verify_rows import check_rows

__all__ = ["Difference", "Report", "verify_database"]

_CHECKED = frozenset(table.name for table in (event, event_row, log_entry, log_place, log_checkpoint))


def verify_database(
    view: View, log_dir: Path, log_vkey: str, cycles: Mapping[str, Lifecycle], tables: Iterable[Table]
) -> Report:
    """Compare everything in `view` and `log_dir` with what was signed.

    `cycles` are the life cycles by table name, `tables` all tables of the schema. On PostgreSQL give a view whose
    transaction is REPEATABLE READ, or stop the writers. Raises Broken for a table that nobody answers for (a
    programming error) and Malformed for a wrong `log_vkey`; everything found is in the report.
    """
    records = [table for table in tables if _is_record(table)]
    published = read_checkpoint(log_dir)  # before the view's moment: the folder is then never ahead of the tables
    findings = Findings()
    with any_text(view):
        log = check_log(view, log_dir, published, log_vkey, findings)
        facts = check_events(view, log, cycles, findings)
        rows = check_rows(view, records, facts, cycles, findings)
        events = int(view.scalar(select(func.count()).select_from(event)))
        waiting = int(view.scalar(select(func.count()).select_from(pending).where(pending.c.consumer == "log")))
    return Report(tuple(findings.found), log.signed, log.published, events, rows, waiting)


def _is_record(table: Table) -> bool:
    if "record" in table.info:
        return True
    if "cache" in table.info or table.name in _CHECKED:
        return False
    raise Broken(f"table {table.name} is neither a record nor a cache, and verify does not know it.")
