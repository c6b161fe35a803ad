"""Gathers what proves one campaign: every event about it with its receipt, and the rows those events opened.

1. the release, its package and papers; 2. the filings and the gate decisions that rest on them; 3. the campaign's
own moves; 4. each vehicle's assignment and how it went. Rows hold VINs: a bundle goes to whoever may see them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from roadworthy.campaigns import store as campaigns_store
from roadworthy.campaigns.model import GateDecision
from roadworthy.database import View
from roadworthy.database.schema import event, event_row
from roadworthy.kernel.event import Json
from roadworthy.releases import store as releases_store
from roadworthy.storage import ArtifactStore
from roadworthy.transparency.making import Log, NotLogged, Superseded, make_receipt, make_row_opening

_OPENED = frozenset(
    {
        "action",
        "answer",
        "assignment",
        "campaign",
        "classification",
        "declaration",
        "dossier_item",
        "filing",
        "gate_decision",
        "package",
        "release",
        "sbom",
        "wave",
    }
)
_PIECE = 400
MAX_DOCUMENT = 8 * 2**20


@dataclass(frozen=True)
class Evidence:
    """What goes into a bundle."""

    scope: Mapping[str, Json]
    receipts: list[dict[str, Any]]
    documents: Mapping[str, bytes]
    checkpoint: str


def campaign_evidence(view: View, log_dir: Path, artifacts: ArtifactStore, campaign_id: str) -> Evidence:
    """Gather the evidence of one campaign under the published checkpoint; later events are only counted.

    Raises NotFound, NotLogged before the first checkpoint.
    """
    found = campaigns_store.get(view, campaign_id)
    release = releases_store.get(view, found.release_id)
    decisions = campaigns_store.decisions(view, campaign_id)
    filings = sorted({filing for decision in decisions for filing in decision.filing_ids})
    assignments = campaigns_store.assignment_ids(view, campaign_id)
    subjects = [release.id, *filings, campaign_id, *(d.id for d in decisions), *assignments]
    log = Log(log_dir)
    note = log.checkpoint()
    events = _events(view, subjects)
    last_writer = _last_writers(view, [row.id for row in events])
    receipts = []
    for row in events:
        try:
            receipt = make_receipt(view, log, row.id, note)
        except NotLogged:
            continue  # it came after the checkpoint; how many did is said in the scope
        receipts.append({"receipt": receipt, "rows": _openings(view, row.id, last_writer.get(row.id, []))})
    scope = {
        "campaign": campaign_id,
        "release": release.id,
        "package": release.package.sha256 if release.package else None,
        "decisions": [d.id for d in decisions],
        "filings": filings,
        "vehicles": len(assignments),
        "events_after_checkpoint": len(events) - len(receipts),
    }
    return Evidence(scope, receipts, _documents(view, artifacts, release.id, decisions), note)


def _events(view: View, subjects: Iterable[str]) -> list[Any]:
    wanted = list(dict.fromkeys(subjects))
    found: list[Any] = []
    for start in range(0, len(wanted), _PIECE):
        piece = wanted[start : start + _PIECE]
        query = select(event.c.seq, event.c.id, event.c.kind).where(event.c.subject.in_(piece))
        found += view.all(query)
    return sorted(found, key=lambda row: row.seq)


def _last_writers(view: View, event_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Give the rows (table, key) to open by the event that wrote them last; `event_ids` are oldest first."""
    writer: dict[tuple[str, str], str] = {}
    for start in range(0, len(event_ids), _PIECE):
        piece = event_ids[start : start + _PIECE]
        place = {event_id: n for n, event_id in enumerate(piece)}
        columns = select(event_row.c.event_id, event_row.c.table_name, event_row.c.row_key)
        lines = view.all(columns.where(event_row.c.event_id.in_(piece), event_row.c.table_name.in_(sorted(_OPENED))))
        for line in sorted(lines, key=lambda one: place[one.event_id]):
            writer[line.table_name, line.row_key] = line.event_id
    found: dict[str, list[tuple[str, str]]] = {}
    for row, event_id in writer.items():
        found.setdefault(event_id, []).append(row)
    return found


def _openings(view: View, event_id: str, rows: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    openings = []
    for table, key in sorted(rows):
        try:
            openings.append(make_row_opening(view, event_id, table, key))
        except Superseded:
            continue  # an event that is not of this campaign, or came after the checkpoint, wrote it again
    return openings


def _documents(
    view: View, artifacts: ArtifactStore, release_id: str, decisions: Iterable[GateDecision]
) -> dict[str, bytes]:
    """Give the dossier's papers (to 8 MiB each) by hash and the gate's whole answers."""
    dossier = releases_store.dossier_of(view, release_id)
    papers = [(item.sha256, item.filename) for item in dossier.items]
    if dossier.sbom is not None:
        papers.append((dossier.sbom.sha256, "sbom.cdx.json"))
    found: dict[str, bytes] = {}
    for sha256, filename in papers:
        if artifacts.length(sha256) <= MAX_DOCUMENT:
            found[f"{sha256[:12]}-{filename}"] = b"".join(artifacts.read(sha256))
    for decision in decisions:
        _, answer = campaigns_store.decision_basis(view, decision.id)
        report = json.dumps(answer, ensure_ascii=False, indent=1, sort_keys=True)
        found[f"{decision.id}.json"] = report.encode("utf-8")
    return found
