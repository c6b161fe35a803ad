"""Third part of the check: each record is what its last event left, and its status follows from its moves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from roadworthy.database import View
from roadworthy.kernel.errors import Broken, Refused
from roadworthy.kernel.event import row_digest
from roadworthy.kernel.lifecycle import Lifecycle
from roadworthy.transparency.reading import all_stored, key_of, strict_values
from roadworthy.transparency.report import Findings
from roadworthy.transparency.verify_events import Facts, Row


def check_rows(
    view: View, records: Iterable[Table], facts: Facts, cycles: Mapping[str, Lifecycle], findings: Findings
) -> int:
    """Check all record tables; give the number of rows."""
    count = 0
    known = set()
    for table in records:
        known.add(table.name)
        expected = dict(facts.digests.get(table.name, {}))
        for raw in all_stored(view, table):
            count += 1
            _check_row(table, raw, _Past(expected, facts.moves, cycles.get(table.name)), findings)
        for key in expected:
            en = "the events wrote this record, and it is gone (or its event's line was changed)"
            findings.add(table.name, key, "", "事件写入的记录已不存在(或事件的行记录被改)", en)
    for name in sorted(set(facts.digests) - known, key=str):
        for key in facts.digests[name]:
            findings.add(str(name), key, "", "没有这样的表", "the events wrote to a table that does not exist")
    return count


@dataclass(frozen=True)
class _Past:
    """What the events say about the rows of one table; a row that is found leaves `digests`."""

    digests: dict[str, bytes]
    moves: Mapping[Row, list[tuple[str, str, str]]]
    cycle: Lifecycle | None


def _check_row(table: Table, raw: Mapping[str, Any], past: _Past, findings: Findings) -> None:
    key = key_of(table, raw)
    values, strange = strict_values(table, raw)
    digest = past.digests.pop(key, None)
    for column in strange:
        findings.add(
            table.name, key, column, "存储的值不是系统写入的形式", "the stored value is not one that was written"
        )
    if digest is None:
        findings.add(table.name, key, "", "没有事件写入过这条记录", "no event wrote this record")
        return
    refolded = values.get("status")
    if past.cycle is not None:
        refolded = _refold(past.cycle, past.moves.get((table.name, key), []))
    if refolded != values.get("status"):
        zh = f"状态应为 {refolded},实为 {values.get('status')}"
        findings.add(
            table.name, key, "status", zh, f"the moves lead to {refolded}, the record is {values.get('status')}"
        )
    elif not strange and _digest(table, key, values) != digest:
        findings.add(table.name, key, "", "记录与最后的事件不符", "the record is not what its last event left")


def _refold(cycle: Lifecycle, moves: list[tuple[str, str, str]]) -> str:
    try:
        return cycle.refold(moves)
    except Refused as error:
        return f"({error.message})"


def _digest(table: Table, key: str, values: Mapping[str, Any]) -> bytes:
    try:
        return row_digest(table.name, key, values)
    except Broken:
        return b""
