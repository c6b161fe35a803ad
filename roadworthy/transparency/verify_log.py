"""First part of the check: the log itself, from its entries up to the signed and published heads."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from roadworthy.database import FLEET, STAFF, View
from roadworthy.database.schema import event
from roadworthy.kernel.errors import Broken, Malformed
from roadworthy.kernel.event import Json, canonical
from roadworthy.kernel.merkle import leaf_hash, root_of
from roadworthy.kernel.time import to_text
from roadworthy.transparency.checkpoint import Checkpoint, open_checkpoint
from roadworthy.transparency.files import read_tile
from roadworthy.transparency.note import Unproved, Verifier
from roadworthy.transparency.reading import as_bytes, stored
from roadworthy.transparency.report import Findings
from roadworthy.transparency.store import log_checkpoint, log_entry, log_place
from roadworthy.transparency.tiles import WIDTH, Tile, encode_bundle, tiles_of
from roadworthy.transparency.tree import MemoryTree

_NOWHERE = bytes(32)


@dataclass
class CheckedLog:
    """What the next parts need: the tree, each entry's lane, and the sizes of the last signed and published heads.

    `sizes` are those of all heads; `differs` says that a signed root is not that of the entries; `placed` are the
    staff entries behind which an event has been found.
    """

    tree: MemoryTree = field(default_factory=MemoryTree)
    lanes: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    signed: int = 0
    published: int = 0
    differs: bool = False
    placed: set[int] = field(default_factory=set)


def check_log(view: View, log_dir: Path, published: str | None, log_vkey: str, findings: Findings) -> CheckedLog:
    """Recompute the log; `published` is the checkpoint file's content.

    Raises Malformed for a wrong `log_vkey`.
    """
    Verifier.parse(log_vkey)
    log = CheckedLog()
    heads = _check_heads(view, log_vkey, findings)
    log.sizes = sorted(heads)
    log.signed = max(heads, default=0)
    log.published = _check_published(published, heads, log_vkey, findings)
    _check_entries(view, log_dir, log, findings)
    wrong = [size for size, head in heads.items() if size > len(log.tree) or log.tree.root(size) != head.root]
    for size in wrong:
        zh = f"前 {size} 条日志记录算出的根与已签名的不同"
        findings.add("log_checkpoint", size, "note", zh, f"the first {size} entries give another root than was signed")
    log.differs = bool(wrong)
    _check_files(view, log_dir, log, findings)
    for idx, lane in enumerate(log.lanes):
        if lane == FLEET:
            _check_batch(view, idx, findings)
    return log


def _check_heads(view: View, log_vkey: str, findings: Findings) -> dict[int, Checkpoint]:
    heads: dict[int, Checkpoint] = {}
    before = 0
    for row in view.all(stored(log_checkpoint).order_by(log_checkpoint.c.size)):
        try:
            head = open_checkpoint(row.note, log_vkey)
        except (Malformed, Unproved, TypeError, AttributeError) as error:
            en = f"the checkpoint is not signed by the log ({error})"
            findings.add("log_checkpoint", row.size, "note", "检查点没有日志的有效签名", en)
            before = row.size
            continue
        if head.size != row.size:
            en = f"the checkpoint stored as {row.size} was signed for {head.size}"
            findings.add("log_checkpoint", head.size, "size", f"检查点 {head.size} 被存为 {row.size}", en)
            findings.add("log_checkpoint", row.size, "size", f"检查点 {head.size} 被存为 {row.size}", en)
        if head.at is None or to_text(head.at) != row.at:
            findings.add("log_checkpoint", row.size, "at", "时间与签名的时间不同", "the time is not the one signed")
        if row.previous != before:
            en = f"the checkpoint {row.previous} before this one is gone, or this link was changed"
            findings.add("log_checkpoint", row.previous, "", "检查点缺失", en)
            findings.add("log_checkpoint", row.size, "previous", "与前一检查点的链接不符", en)
        heads[head.size] = head
        before = row.size
    return heads


def _check_published(note: str | None, heads: Mapping[int, Checkpoint], log_vkey: str, findings: Findings) -> int:
    if note is None:
        return 0
    try:
        head = open_checkpoint(note, log_vkey)
    except (Malformed, Unproved) as error:
        findings.add(
            "log", "checkpoint", "", "已发布的检查点没有有效签名", f"the published checkpoint is wrong ({error})"
        )
        return 0
    known = heads.get(head.size)
    if head.size and known is None:
        en = f"the published checkpoint of {head.size} entries is gone from the database"
        findings.add("log_checkpoint", head.size, "", f"数据库缺少已发布的检查点 {head.size}", en)
    elif known is not None and known.root != head.root:
        en = "two different heads of the same size were signed"
        findings.add("log", "checkpoint", "", "同一大小有两个不同的签名根", en)
    return head.size


def _check_entries(view: View, log_dir: Path, log: CheckedLog, findings: Findings) -> None:
    end = max(log.signed, log.published)
    in_file = _LeavesInFiles(log_dir, log.signed)
    for row in _entries(view):
        while len(log.tree) < min(row.idx, end):
            _missing_entry(in_file, log, findings)
        if row.idx != len(log.tree):
            findings.add("log_entry", row.idx, "idx", "该日志记录不在序列中", "this entry stands outside the sequence")
            continue
        log.lanes.append(row.lane)
        log.tree.append(_leaf(row, in_file.get(row.idx), findings))
    while len(log.tree) < end:
        _missing_entry(in_file, log, findings)


def _entries(view: View) -> Iterator[Any]:
    at = -1
    while rows := view.all(stored(log_entry).where(log_entry.c.idx > at).order_by(log_entry.c.idx).limit(WIDTH)):
        yield from rows
        at = rows[-1].idx


def _missing_entry(in_file: "_LeavesInFiles", log: CheckedLog, findings: Findings) -> None:
    idx = len(log.tree)
    findings.add("log_entry", idx, "", "日志记录被删除", "this entry of the log is gone")
    log.lanes.append("")
    log.tree.append(in_file.get(idx) or _NOWHERE)


def _leaf(row: Any, tile: bytes | None, findings: Findings) -> bytes:
    """Give an entry's leaf hash; when its copies differ, the one that two of three agree on."""
    computed = leaf_hash(as_bytes(row.entry))
    kept = as_bytes(row.leaf_hash)
    if _lane_of(row.entry) != row.lane:
        findings.add("log_entry", row.idx, "lane", "通道与内容不符", "the lane is not that of the entry")
    if computed == kept:
        return computed
    column = {computed: "leaf_hash", kept: "entry"}.get(tile or b"-", "")
    findings.add("log_entry", row.idx, column, "日志记录与其哈希不符", "the entry does not have its leaf hash")
    return tile if tile in {computed, kept} and tile is not None else computed


def _lane_of(entry: Any) -> str | None:
    kind = (parse_canonical(entry) or {}).get("type")
    return {"event/1": STAFF, "batch/1": FLEET}.get(kind) if isinstance(kind, str) else None


def parse_canonical(text: Any) -> dict[str, Json] | None:
    """Read an object that is stored in its one spelling; None when it is none."""
    try:
        value = json.loads(text)
        return value if isinstance(value, dict) and canonical(value).decode("ascii") == text else None
    except (ValueError, TypeError, RecursionError, Broken):
        return None


class _LeavesInFiles:
    """The leaf hashes as the tiles of level 0 have them, read in order."""

    def __init__(self, log_dir: Path, size: int) -> None:
        self._size = size
        self._tile = lru_cache(maxsize=1)(lambda tile: read_tile(log_dir, tile))

    def get(self, idx: int) -> bytes | None:
        if idx >= self._size:
            return None
        number, at = idx // WIDTH, idx % WIDTH * 32
        data = self._tile(Tile(0, number, min(WIDTH, self._size - number * WIDTH)))
        return data[at : at + 32] if data is not None and len(data) >= at + 32 else None


def _check_files(view: View, log_dir: Path, log: CheckedLog, findings: Findings) -> None:
    """Check every tile and bundle that any head needs; narrow ones of earlier heads may have been deleted."""
    last = min(log.signed, len(log.tree))
    needed = {tile for tile in tiles_of(last) if tile.width < WIDTH}
    before = 0
    for size in [size for size in log.sizes if size <= last]:
        for tile in tiles_of(size, since=before):
            needless = tile.width < WIDTH and tile not in needed
            if not needless or (log_dir / tile.path).is_file():
                _check_file(view, tile, read_tile(log_dir, tile), log, findings)
        before = size


def _check_file(view: View, tile: Tile, data: bytes | None, log: CheckedLog, findings: Findings) -> None:
    stop = tile.first + tile.width
    if data is None:
        findings.add("log", tile.path, "", "日志文件缺失", "this file of the log is missing")
    elif tile.level is None:
        query = select(log_entry.c.entry).where(log_entry.c.idx >= tile.first, log_entry.c.idx < stop)
        lines = [as_bytes(row[0]) for row in view.all(query.order_by(log_entry.c.idx))]
        if data != encode_bundle(lines) and not findings.names("log_entry"):
            findings.add("log", tile.path, "", "日志文件与数据库不同", "this entry bundle holds other entries")
    elif data != log.tree.nodes(8 * tile.level, tile.first, stop):
        if not log.differs:
            findings.add("log", tile.path, "", "日志文件与签名的树不符", "this tile does not fit the signed tree")
        elif tile.level == 0:
            _name_entries(log, tile, data, findings)


def _name_entries(log: CheckedLog, tile: Tile, data: bytes, findings: Findings) -> None:
    for n in range(tile.width):
        if log.tree.node(0, tile.first + n) != data[32 * n : 32 * n + 32]:
            findings.add("log_entry", tile.first + n, "", "日志记录与签名的树不符", "the entry is not the one signed")


def _check_batch(view: View, idx: int, findings: Findings) -> None:
    """Check that the events placed in batch `idx` are all of its events, unaltered."""
    said = parse_canonical(view.scalar(select(log_entry.c.entry).where(log_entry.c.idx == idx))) or {}
    query = stored(log_place).add_columns(event.c.body).where(log_place.c.idx == idx)
    places = view.all(query.outerjoin(event, event.c.seq == log_place.c.event_seq).order_by(log_place.c.event_seq))
    count = said.get("count")
    positions = [row.position for row in places]
    if type(count) is not int or sorted(positions, key=str) != sorted(range(count), key=str):
        _name_places(idx, count, places, findings)
        return
    in_order = sorted(places, key=lambda row: row.position)
    kept = [as_bytes(row.leaf_hash) for row in in_order]
    computed = [leaf_hash(as_bytes(row.body)) for row in in_order]
    if root_of(kept).hex() == said.get("root"):
        for row, leaf, copy in zip(in_order, computed, kept, strict=True):
            if leaf != copy and row.body is not None:
                findings.add("event", row.event_seq, "body", "事件内容与日志不符", "the event is not the one logged")
    else:
        for row, leaf, copy in zip(in_order, computed, kept, strict=True):
            if leaf != copy:
                en = "the leaf hash is not that of its event"
                findings.add("log_place", row.event_seq, "leaf_hash", "叶哈希与事件不符", en)
        if computed == kept:
            findings.add(
                "log_entry", idx, "entry", "批次的根与其事件不符", "the batch has another root than its events"
            )


def _name_places(idx: int, count: Any, places: Sequence[Any], findings: Findings) -> None:
    seen: dict[Any, int] = {}
    for row in places:
        outside = type(row.position) is not int or type(count) is not int or not 0 <= row.position < count
        if outside or row.position in seen:
            for seq in {row.event_seq, seen.get(row.position, row.event_seq)}:
                en = f"the position in batch {idx} is taken twice or does not exist"
                findings.add("log_place", seq, "position", f"批次 {idx} 中的位置重复或不存在", en)
        seen[row.position] = row.event_seq
    if len(seen) != count:
        en = f"the batch counts {count} events, {len(seen)} have their places"
        findings.add("log_entry", idx, "", f"批次应有 {count} 个事件,实有 {len(seen)} 个", en)
