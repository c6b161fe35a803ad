"""Receipts: what proves one event, and one row of it, to somebody who has only the log's public key.

Receipt = {"event": str, "batch": null | {"position": int, "path": [hex], "entry": str}, "index": int,
"path": [hex], "checkpoint": str}. Without a batch the event's bytes are the log's entry `index`; with one the
entry is the batch, and the event stands at `position` in it. Row opening = {"table": str, "key": str, "row":
{...}, "position": int, "count": int, "path": [hex]}, under the event's `rows.root`.

Opening is pure and needs the kernel and `cryptography` only: signer processes and verifiers use it on raw bytes,
so the makers of receipts, which read the database, are imported when they are called.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from roadworthy.kernel.errors import Broken, Malformed
from roadworthy.kernel.event import canonical, row_digest
from roadworthy.kernel.merkle import leaf_hash, root_from_path
from roadworthy.transparency.checkpoint import open_checkpoint
from roadworthy.transparency.note import Unproved
from roadworthy.transparency.proof import MAX_PATH, verify_inclusion

if TYPE_CHECKING:
    from roadworthy.database import View
    from roadworthy.transparency.making import Log

__all__ = ["LoggedEvent", "Unproved", "make_receipt", "make_row_opening", "open_receipt", "open_row"]

MAX_BATCH = 4096
_HASH = re.compile("[0-9a-f]{64}")
_RECEIPT = {"event", "batch", "index", "path", "checkpoint"}
_OPENING = {"table", "key", "row", "position", "count", "path"}


@dataclass(frozen=True)
class LoggedEvent:
    """An event that is proved to stand in the log: parsed, in entry `index` of the tree of `size`, in which lane."""

    event: dict[str, Any]
    index: int
    size: int
    lane: str


def open_receipt(receipt: Mapping[str, Any], log_vkey: str) -> LoggedEvent:
    """Check a receipt against the log's public key.

    1. the event is one canonical event; 2. it is the entry, or stands in the batch that is; 3. the checkpoint is
    signed by the log; 4. the entry stands in the tree of the checkpoint. Raises Unproved at the first that fails.
    """
    _shape(receipt, _RECEIPT, "receipt")
    event = _document(receipt["event"], "event/1", "event")
    rows = event.get("rows")
    if not isinstance(rows, dict) or set(rows) != {"count", "root"}:
        raise Unproved("the event of the receipt does not say which rows it covers.")
    leaf, lane = leaf_hash(receipt["event"].encode("ascii")), "staff"
    if receipt["batch"] is not None:
        leaf, lane = _leaf_of_batch(receipt["batch"], leaf), "fleet"
    try:
        head = open_checkpoint(_text(receipt["checkpoint"], "checkpoint"), log_vkey)
    except Malformed as error:
        raise Unproved(f"the receipt cannot be checked: {error.message}") from error
    index = _number(receipt["index"], "index")
    verify_inclusion(leaf, index, head.size, _path(receipt["path"]), head.root)
    return LoggedEvent(event, index, head.size, lane)


def open_row(opening: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, Any]:
    """Check that `event` (parsed, proved by its receipt) wrote the row of `opening`; give the row.

    Raises Unproved.
    """
    _shape(opening, _OPENING, "row opening")
    table, key, row = _text(opening["table"], "table"), _text(opening["key"], "key"), opening["row"]
    rows = event.get("rows")
    if not isinstance(row, Mapping) or not isinstance(rows, Mapping):
        raise Unproved("the row opening holds no row, or its event covers none.")
    position, count = _number(opening["position"], "position"), _number(opening["count"], "count")
    try:
        leaf = row_digest(table, key, row)
    except (Broken, RecursionError, ValueError) as error:
        raise Unproved("the row of the row opening is no plain JSON.") from error
    root = root_from_path(leaf, position, count, _path(opening["path"]))
    if root is None or rows.get("count") != count or rows.get("root") != root.hex():
        raise Unproved(f"the event does not cover this row of {table[:64]}; ask for a fresh opening.")
    return dict(row)


def make_receipt(view: "View", log: "Log", event_id: str, note: str | None = None) -> dict[str, Any]:
    """Make the receipt of an event under the published checkpoint, or under `note`, an earlier one.

    Raises NotFound when there is no such event, NotLogged (409) while no checkpoint covers it.
    """
    from roadworthy.transparency import making  # noqa: PLC0415 - see above: opening must not need the database

    return making.make_receipt(view, log, event_id, note)


def make_row_opening(view: "View", event_id: str, table: str, key: str) -> dict[str, Any]:
    """Make the opening of the row `key` of `table` as the event left it; the row must be unchanged since.

    Raises NotFound when the event wrote no such row, Superseded (409) when the row has changed since.
    """
    from roadworthy.transparency import making  # noqa: PLC0415 - see above: opening must not need the database

    return making.make_row_opening(view, event_id, table, key)


def _leaf_of_batch(batch: Any, leaf: bytes) -> bytes:
    if not isinstance(batch, Mapping):
        raise Unproved("the batch of the receipt is no object.")
    _shape(batch, {"position", "path", "entry"}, "batch")
    entry = _document(batch["entry"], "batch/1", "batch entry")
    if set(entry) != {"type", "count", "root", "lane"} or entry["lane"] != "fleet":
        raise Unproved("the batch entry of the receipt is none.")
    count = _number(entry["count"], "count")
    root = root_from_path(leaf, _number(batch["position"], "position"), count, _path(batch["path"]))
    if root is None or count > MAX_BATCH or entry["root"] != root.hex():
        raise Unproved("the event does not stand in the batch of the receipt; ask for a fresh receipt.")
    return leaf_hash(batch["entry"].encode("ascii"))


def _shape(value: Mapping[str, Any], keys: set[str], what: str) -> None:
    if set(value) != keys:
        raise Unproved(f"a {what} has exactly the members {', '.join(sorted(keys))}.")


def _document(text: Any, kind: str, what: str) -> dict[str, Any]:
    """Read canonical JSON: with one spelling only, two readers cannot understand the same bytes differently."""
    text = _text(text, what)
    try:
        value = json.loads(text) if len(text) <= 65_535 else None
        if isinstance(value, dict) and value.get("type") == kind and canonical(value) == text.encode("ascii"):
            return value
    except (ValueError, RecursionError, Broken) as error:
        raise Unproved(f"the {what} of the receipt cannot be read.") from error
    raise Unproved(f"the {what} of the receipt is no canonical {kind}.")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise Unproved(f"the {what} is no text.")
    return value


def _number(value: Any, what: str) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise Unproved(f"the {what} is no number from 0.")
    return value


def _path(value: Any) -> list[bytes]:
    if not isinstance(value, list | tuple) or len(value) > MAX_PATH:
        raise Unproved("a path is a list of at most 64 hashes.")
    if not all(isinstance(step, str) and _HASH.fullmatch(step) for step in value):
        raise Unproved("a step of a path is 64 lower-case hex digits.")
    return [bytes.fromhex(step) for step in value]
