"""`roadworthy verify`: the database against its log, or an evidence bundle, offline."""

import json
import os
from pathlib import Path

import typer

from roadworthy.cli.bundles import verify_file
from roadworthy.cli.client import ANSWER_IS_NO, USAGE, fail
from roadworthy.installation import check_records
from roadworthy.settings import load


def verify(
    bundle: Path | None = typer.Argument(None, help="Evidence bundle; without one the installation is checked."),
    home: Path = typer.Option(Path("roadworthy-data"), "--home", envvar="ROADWORTHY_HOME", help="The installation."),
    log_key: Path | None = typer.Option(None, help="File with the log's public key (trust/log.vkey), for a bundle."),
    output: str = typer.Option("table", "-o", "--output", help="table or json."),
) -> None:
    """Say whether records are what the log says; 0 yes, 3 no, and then what differs is named."""
    if bundle is not None:
        verify_file(bundle, log_key, output)
        return
    if not (home / "roadworthy.toml").is_file():
        fail(USAGE, f"{home} holds no installation; name it with --home, or name an evidence bundle.")
    report = check_records(load(home, os.environ))
    if output == "json":
        differences = [difference.to_json() for difference in report.differences]
        typer.echo(json.dumps({"ok": report.clean, "differences": differences, "events": report.events}, indent=1))
    else:
        for difference in report.differences:
            where = f"{difference.table} {difference.key} {difference.column}".rstrip()
            typer.echo(f"DIFFERS {where}: {difference.text.en}")
        word = "Verified" if report.clean else f"NOT verified, {len(report.differences)} differences"
        typer.echo(f"{word}: {report.events} events, {report.rows} records, log of {report.size} entries.")
    if not report.clean:
        raise typer.Exit(ANSWER_IS_NO)
