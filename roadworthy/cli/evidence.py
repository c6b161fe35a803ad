"""`roadworthy evidence`."""

import os
from pathlib import Path

import typer

from roadworthy.cli.bundles import export_campaign
from roadworthy.settings import load
from roadworthy.signing.keys import passphrase_for

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep `export` a word of its own, also while it is the only one."""


@app.command()
def export(
    campaign: str,
    to: Path = typer.Option(Path("evidence.zip"), "-o", "--to", help="Where to write the bundle."),
    home: Path = typer.Option(Path("roadworthy-data"), "--home", envvar="ROADWORTHY_HOME", help="The installation."),
) -> None:
    """Write the evidence of a campaign as one zip. Passphrase: ROADWORTHY_PASSPHRASE_WORKER (the log key signs it)."""
    count = export_campaign(load(home, os.environ), passphrase_for("WORKER", os.environ), campaign, to)
    typer.echo(f"{to}: {count} receipts")
