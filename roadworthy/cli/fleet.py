"""`roadworthy vehicle`."""

import json
import os
from pathlib import Path
from typing import Any

import typer

from roadworthy.cli.client import ANSWER_IS_NO, connect
from roadworthy.cli.output import Format, show

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
BASE = "/api/v1/vehicles"
_COLUMNS = ("id", "vin", "vehicle_type_id", "province", "sold", "test_fleet", "provisioned")


@app.command("import")
def import_vehicles(context: typer.Context, file: Path, skip_bad: bool = False, output: Format = Output) -> None:
    """Import vehicles from CSV or Excel: all rows or none, unless bad ones are to be skipped; 3 when rows are bad."""
    found = connect(context).upload(f"{BASE}/import", file, skip_bad=str(skip_bad).lower())
    show(found, output, ("id", "count", "error_count", "warning_count"))
    if found["error_count"] and output is Format.TABLE:
        show(found["errors"], output)
    if found["error_count"] and not skip_bad:
        raise typer.Exit(ANSWER_IS_NO)


@app.command("list")
def list_vehicles(context: typer.Context, output: Format = Output) -> None:
    """List vehicles."""
    show(list(connect(context).every(BASE)), output, _COLUMNS)


@app.command("show")
def show_vehicle(context: typer.Context, vin: str) -> None:
    """Show a vehicle and what its ECUs report and attest."""
    show(connect(context).get(f"{BASE}/by-vin/{vin}"), Format.JSON)


@app.command()
def provision(context: typer.Context, import_id: str, to: Path) -> None:
    """Make keys and tokens for the vehicles of an import; write one provisioning file each, shown this once."""
    made = connect(context).post(f"{BASE}/provision", {"import_id": import_id})
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for vehicle in made["vehicles"]:
        write_secret(to / f"{vehicle['vin']}.json", {**vehicle, **made["shared"]})
    show({"vehicles": len(made["vehicles"]), "folder": str(to)}, Format.TABLE)


def write_secret(path: Path, content: dict[str, Any]) -> None:
    """Write a file that only its owner may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
