"""Gathers what proves one campaign: every event about it with its receipt, and the rows those events opened.

1. the release, its package and papers; 2. the filings and the gate decisions that rest on them; 3. the campaign's
own moves; 4. each vehicle's assignment and how it went. Rows hold VINs: a bundle goes to whoever may see them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from roadworthy.campaigns import store as campaigns_store
from roadworthy.database import View
from roadworthy.database.schema import event, event_row
from roadworthy.kernel.event import Json
from roadworthy.releases import store as releases_store
from roadworthy.storage import ArtifactStore
from roadworthy.transparency.making import Log, Superseded, make_receipt, make_row_opening

_OPENED = frozenset({"campaign", "release", "package", "sbom", "filing", "gate_decision", "assignment", "action"})
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
    """Gather the evidence of one campaign under the published checkpoint.

    Raises NotFound, NotLogged.
    """
    found = campaigns_store.get(view, campaign_id)
    release = releases_store.get(view, found.release_id)
    decisions = campaigns_store.decisions(view, campaign_id)
    filings = sorted({filing for decision in decisions for filing in decision.filing_ids})
    assignments = campaigns_store.assignment_ids(view, campaign_id)
    subjects = [release.id, *filings, campaign_id, *(d.id for d in decisions), *assignments]
    log = Log(log_dir)
    note = log.checkpoint()
    receipts = [_record(view, log, note, row) for row in _events(view, subjects)]
    scope = {
        "campaign": campaign_id,
        "release": release.id,
        "package": release.package.sha256 if release.package else None,
        "decisions": [d.id for d in decisions],
        "filings": filings,
        "vehicles": len(assignments),
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


def _record(view: View, log: Log, note: str, row: Any) -> dict[str, Any]:
    lines = view.all(select(event_row).where(event_row.c.event_id == row.id).order_by(event_row.c.position))
    openings = []
    for line in lines:
        if line.table_name in _OPENED:
            try:
                openings.append(make_row_opening(view, row.id, line.table_name, line.row_key))
            except Superseded:
                continue  # a later event about this row is in the bundle too, and opens what it left
    return {"receipt": make_receipt(view, log, row.id, note), "rows": openings}


def _documents(view: View, artifacts: ArtifactStore, release_id: str, decisions: Iterable[Any]) -> dict[str, bytes]:
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
        report = json.dumps(decision.report, ensure_ascii=False, indent=1, sort_keys=True)
        found[f"{decision.id}.json"] = report.encode("utf-8")
    return found
