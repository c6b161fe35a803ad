"""Evidence bundles: written from an installation, checked by anybody offline."""

import json
from pathlib import Path
from typing import Any

import typer

from roadworthy.cli.client import ANSWER_IS_NO, USAGE, fail
from roadworthy.evidence import campaign_evidence
from roadworthy.installation import open_installation
from roadworthy.settings import Settings
from roadworthy.signing.keys import open_key
from roadworthy.transparency.bundle import BundleReport, verify_bundle, write_bundle


def export_campaign(settings: Settings, passphrase: str, campaign_id: str, to: Path) -> int:
    """Write the evidence of one campaign; give the number of receipts in it.

    Raises WrongPassphrase, NotFound, NotLogged while an event is not under a checkpoint yet.
    """
    opened = open_installation(settings)
    try:
        with opened.database.read() as view:
            found = campaign_evidence(view, settings.log, opened.artifacts, campaign_id)
    finally:
        opened.close()
    signer = open_key(settings.keys / "log.pem", passphrase)
    write_bundle(to, found.scope, found.receipts, found.documents, found.checkpoint, signer)
    return len(found.receipts)


def report_bundle(bundle: Path, log_key: Path | None) -> BundleReport:
    """Check a bundle against the log's key, or against the key inside it when none is given."""
    vkey = log_key.read_text("utf-8").strip() if log_key is not None else None
    return verify_bundle(bundle, vkey)


def verify_file(bundle: Path, log_key: Path | None, output: str) -> None:
    """Check a bundle and say so; leave with 3 when something in it was altered."""
    if not bundle.is_file():
        fail(USAGE, f"{bundle} is no file; check the path.")
    report = report_bundle(bundle, log_key)
    if output == "json":
        differences: list[dict[str, Any]] = [d.to_json() for d in report.differences]
        typer.echo(json.dumps({"ok": report.clean, "differences": differences}, indent=1))
    else:
        for difference in report.differences:
            typer.echo(f"DIFFERS {difference.key}: {difference.text.en}")
        typer.echo("Verified OK" if report.clean else f"NOT verified: {len(report.differences)} differences")
        if log_key is None:
            typer.echo("The log's key came from the bundle itself: compare it with the published one.", err=True)
    if not report.clean:
        raise typer.Exit(ANSWER_IS_NO)
