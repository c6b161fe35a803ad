"""`roadworthy campaign`."""

from pathlib import Path
from typing import Any

import typer

from roadworthy.cli.client import connect
from roadworthy.cli.output import Format, show
from roadworthy.cli.products import pairs
from roadworthy.cli.releases import show_gate

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
BASE = "/api/v1/campaigns"
_COLUMNS = ("id", "name", "status", "vehicles", "release_id", "hold_reason")


@app.command()
def create(
    context: typer.Context,
    name: str,
    release: str,
    waves: str = typer.Option("1,9,90", help="Per cent of the target set per wave; together 100."),
    where: list[str] = typer.Option([], help='Filter, such as sold=true or provinces=["Jiangsu"].'),
    vins: Path | None = typer.Option(None, help="File with one VIN per line, instead of a filter."),
) -> None:
    """Create a campaign over a filter or a VIN list."""
    listed = vins.read_text(encoding="utf-8").split() if vins else []
    body: dict[str, Any] = {"name": name, "release": release, "filter": pairs(where), "vins": listed}
    show(connect(context).post(BASE, {**body, "waves": [int(part) for part in waves.split(",")]}), Format.JSON)


@app.command("list")
def list_campaigns(context: typer.Context, output: Format = Output) -> None:
    """List campaigns."""
    show(list(connect(context).every(BASE)), output, _COLUMNS)


@app.command("show")
def show_campaign(context: typer.Context, campaign: str, output: Format = Output) -> None:
    """Show a campaign and how far its waves are."""
    found = connect(context).get(f"{BASE}/{campaign}")
    if output is not Format.TABLE:
        show(found, output)
        return
    show(found, output, _COLUMNS)
    show(found["waves"], output, ("number", "name", "status", "vehicles", "counts"))


@app.command()
def vehicles(
    context: typer.Context, campaign: str, status: str = "", wave: int | None = None, output: Format = Output
) -> None:
    """List the vehicles that have an action in a campaign."""
    lines = list(connect(context).every(f"{BASE}/{campaign}/vehicles", status=status, wave=wave))
    show(lines, output, ("number", "vin", "wave", "status", "changed_at", "detail"))


@app.command()
def gate(context: typer.Context, campaign: str, output: Format = Output) -> None:
    """Ask the gate as of now; exit code 3 when the answer is no."""
    show_gate(connect(context).get(f"{BASE}/{campaign}/gate"), output)


def _verb(name: str, text: str) -> None:
    @app.command(name, help=text)
    def act(context: typer.Context, campaign: str) -> None:
        show(connect(context).post(f"{BASE}/{campaign}/{name}"), Format.TABLE, _COLUMNS)


_verb("approve", "Approve a campaign as somebody who is not its author.")
_verb("start", "Ask the gate and open the first wave; exit code 3 when the gate is closed.")
_verb("advance", "Ask the gate and open the next wave.")
_verb("pause", "Offer nothing any more; links stop at once.")
_verb("resume", "Ask the gate again and go on.")
_verb("stop", "End a campaign for good and tell vehicles to cancel.")
_verb("complete", "Close a campaign whose vehicles are done.")
