"""Second part of the check: events against the log and against the lines of `event_row`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from roadworthy.database import FLEET, STAFF, View
from roadworthy.database.schema import event, event_row, pending
from roadworthy.kernel.lifecycle import Lifecycle
from roadworthy.kernel.merkle import leaf_hash, root_of
from roadworthy.transparency.reading import as_bytes, stored
from roadworthy.transparency.report import Findings
from roadworthy.transparency.store import log_entry, log_place, rows_digest
from roadworthy.transparency.verify_log import CheckedLog, parse_canonical

_CHUNK = 500
_COLUMNS = ("id", "kind", "subject", "actor", "at")

Row = tuple[str, str]  # table, key


@dataclass
class Facts:
    """What the events say about records: each row's last digest, and its moves `(from, verb, to)` in order."""

    digests: dict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    moves: dict[Row, list[tuple[str, str, str]]] = field(default_factory=lambda: defaultdict(list))


def check_events(view: View, log: CheckedLog, cycles: Mapping[str, Lifecycle], findings: Findings) -> Facts:
    """Check every event and every place; give what they say about records."""
    facts = Facts()
    for events in _chunks(view):
        low, high = events[0].seq, events[-1].seq
        between = stored(log_place).where(log_place.c.event_seq >= low, log_place.c.event_seq <= high)
        places = {row.event_seq: row for row in view.all(between)}
        queued = {row[0] for row in view.all(select(pending.c.event_seq).where(
            pending.c.consumer == "log", pending.c.event_seq >= low, pending.c.event_seq <= high))}  # fmt: skip
        lines = _lines(view, low, high)
        for row in events:
            body = parse_canonical(row.body)
            place = places.get(row.seq)
            _check_columns(row, body, findings)
            _check_rows(row, body or {}, place, lines.get(row.seq, []), findings)
            if place is not None:
                _check_place(view, log, row, place, findings)
            elif row.seq not in queued:
                _unplaced(row, findings)
            _gather(body or {}, lines.get(row.seq, []), cycles, facts)
    _check_orphans(view, log, findings)
    _check_queue(view, findings)
    return facts


def _chunks(view: View) -> Iterator[Sequence[Any]]:
    at = None
    while True:
        query = stored(event).order_by(event.c.seq).limit(_CHUNK)
        rows = view.all(query if at is None else query.where(event.c.seq > at))
        if not rows:
            return
        yield rows
        at = rows[-1].seq


def _lines(view: View, low: int, high: int) -> dict[int, list[Any]]:
    lines: dict[int, list[Any]] = defaultdict(list)
    query = stored(event_row).add_columns(event.c.seq).join(event, event.c.id == event_row.c.event_id)
    query = query.where(event.c.seq >= low, event.c.seq <= high)
    for row in view.all(query.order_by(event.c.seq, event_row.c.position)):
        lines[row.seq].append(row)
    return lines


def _check_columns(row: Any, body: Mapping[str, Any] | None, findings: Findings) -> None:
    if body is None or body.get("type") != "event/1":
        findings.add("event", row.seq, "body", "事件内容无法读取", "the event's body is not what an event looks like")
        return
    for name in _COLUMNS:
        if body.get(name) != getattr(row, name):
            findings.add("event", row.seq, name, f"{name} 与事件内容不符", f"{name} is not what the event's body says")


def _check_place(view: View, log: CheckedLog, row: Any, place: Any, findings: Findings) -> None:
    lane = log.lanes[place.idx] if type(place.idx) is int and 0 <= place.idx < len(log.lanes) else None
    if lane is None:
        findings.add("log_place", row.seq, "idx", "指向不存在的日志记录", "the place is an entry that does not exist")
        return
    if row.lane != lane and (row.lane not in {STAFF, FLEET} or (place.position is None) == (lane == STAFF)):
        findings.add("event", row.seq, "lane", "通道与日志不符", "the lane is not the one it was logged in")
    if lane == FLEET:
        if place.position is None:
            findings.add("log_place", row.seq, "position", "批次中没有位置", "the place has no position in its batch")
        return
    if place.position is not None or place.leaf_hash is not None:
        column = "idx" if place.position is not None and place.leaf_hash is not None else "position"
        column = "leaf_hash" if place.position is None else column
        findings.add("log_place", row.seq, column, "单独的日志记录没有批次位置", "a leaf of its own has no position")
    if log.tree.node(0, place.idx) == leaf_hash(as_bytes(row.body)):
        log.placed.add(place.idx)
        return
    entry = parse_canonical(view.scalar(select(log_entry.c.entry).where(log_entry.c.idx == place.idx))) or {}
    if entry.get("id") in {row.id, (parse_canonical(row.body) or {}).get("id")}:
        log.placed.add(place.idx)
        if not findings.names("log_entry"):
            findings.add("event", row.seq, "body", "事件内容与日志不符", "the event is not the one logged")
    else:
        findings.add(
            "log_place", row.seq, "idx", "日志中该处是另一事件", "another event stands at this place in the log"
        )


def _unplaced(row: Any, findings: Findings) -> None:
    en = "the event is neither in the log nor waiting for it: it was added, or its place was deleted"
    zh = "事件既不在日志中也不在等待:系后加,或其位置被删除"
    findings.add("event", row.seq, "", zh, en)
    findings.add("log_place", row.seq, "", zh, en)


def _check_rows(row: Any, body: Mapping[str, Any], place: Any, lines: Sequence[Any], findings: Findings) -> None:
    said = body.get("rows")
    if not isinstance(said, dict):
        return  # the body has been named already
    count = said.get("count") if type(said.get("count")) is int else 0
    there = {line.position for line in lines}
    for missing in sorted(set(range(count or 0)) - there):
        findings.add("event_row", f"{row.id}/{missing}", "", "事件的行记录被删除", "this line of the event is gone")
    for extra in sorted(there - set(range(count or 0)), key=str):
        findings.add("event_row", f"{row.id}/{extra}", "", "事件的行记录系后加", "the event has no such line")
    if len(lines) != count or not all(isinstance(line.digest, bytes | memoryview) for line in lines):
        _name_strange_digests(row, lines, findings)
        return
    key = f"{row.id}/0" if count == 1 else row.id
    names_fit = place is None or _digest(lines) == (as_bytes(place.rows) or None)
    if root_of([bytes(line.digest) for line in lines]).hex() != said.get("root"):
        if not names_fit:
            en = "the digest of this line, or of one of these lines, is not the one logged"
            findings.add("event_row", key, "digest", "行摘要与日志不符", en)
    elif not names_fit:
        en = "table or key of a line of this event were changed, or the digest kept beside its place"
        findings.add("event_row", key, "row_key", "行记录的表或键被修改,或其摘要被修改", en)
        findings.add("log_place", row.seq, "rows", "行记录的表或键被修改,或其摘要被修改", en)


def _name_strange_digests(row: Any, lines: Sequence[Any], findings: Findings) -> None:
    for line in lines:
        if not isinstance(line.digest, bytes | memoryview):
            findings.add("event_row", f"{row.id}/{line.position}", "digest", "行摘要无法读取", "this is no digest")


def _digest(lines: Sequence[Any]) -> bytes | None:
    return rows_digest((str(line.table_name), str(line.row_key), line.digest) for line in lines)


def _gather(body: Mapping[str, Any], lines: Sequence[Any], cycles: Mapping[str, Lifecycle], facts: Facts) -> None:
    for line in lines:
        if isinstance(line.digest, bytes | memoryview):
            facts.digests[line.table_name][line.row_key] = bytes(line.digest)
    data = body.get("data")
    move = data.get("move") if isinstance(data, dict) else None
    if isinstance(move, dict):
        step = (move.get("from"), move.get("verb"), move.get("to"))
        moved = _moved_row(str(body.get("subject")), step, lines, cycles)
        if moved is not None:
            facts.moves[moved].append((str(step[0]), str(step[1]), str(step[2])))


def _moved_row(
    subject: str, step: tuple[Any, Any, Any], lines: Sequence[Any], cycles: Mapping[str, Lifecycle]
) -> Row | None:
    """Find the row that an event moved: of those it wrote that can move so, its subject or the only one."""
    fitting = {
        (line.table_name, line.row_key)
        for line in lines
        if line.table_name in cycles and any((m.state, m.verb, m.target) == step for m in cycles[line.table_name].moves)
    }
    named = {row for row in fitting if row[1] == subject}
    chosen = named if len(named) == 1 else fitting
    return chosen.pop() if len(chosen) == 1 else None


def _check_orphans(view: View, log: CheckedLog, findings: Findings) -> None:
    ids, seqs = select(event.c.id), select(event.c.seq)
    for line in view.all(stored(event_row).where(event_row.c.event_id.not_in(ids))):
        findings.add("event_row", f"{line.event_id}/{line.position}", "event_id", "没有对应的事件", "it has no event")
    for place in view.all(stored(log_place).where(log_place.c.event_seq.not_in(seqs))):
        en = f"event {place.event_seq} is gone, or this place was added"
        zh = f"事件 {place.event_seq} 被删除,或该位置系后加"
        findings.add("event", place.event_seq, "", zh, en)
        findings.add("log_place", place.event_seq, "", zh, en)
    for idx, lane in enumerate(log.lanes):
        if lane == STAFF and idx not in log.placed:
            findings.add("log_entry", idx, "", "该日志记录没有对应的事件", "no event stands behind this entry")


def _check_queue(view: View, findings: Findings) -> None:
    """Name lines of the queue that no unit of work left: their event is gone, or in the log already.

    The first is all that remains of an event that wrote no record; the second would stop the sequencer.
    """
    query = select(pending, event.c.seq.label("there"), log_place.c.idx.label("placed"))
    query = query.outerjoin(event, event.c.seq == pending.c.event_seq)
    query = query.outerjoin(log_place, log_place.c.event_seq == pending.c.event_seq)
    for line in view.all(query.where(event.c.seq.is_(None) | log_place.c.event_seq.is_not(None))):
        key = f"{line.consumer}/{line.event_seq}"
        if line.there is None:
            en = "the event that waited is gone, or this line was changed"
            findings.add("pending", key, "", "等待中的事件被删除，或该行被修改", en)
        elif line.consumer == "log":
            en = "the event is in the log already: this line was added"
            findings.add("pending", key, "", "事件已在日志中：该行系后加", en)
