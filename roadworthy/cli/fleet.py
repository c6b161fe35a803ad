"""`roadworthy vehicle`."""

from pathlib import Path

import typer

from roadworthy.cli.client import ANSWER_IS_NO, NOT_FOUND, connect, fail
from roadworthy.cli.files import write_secret
from roadworthy.cli.output import Format, show

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
BASE = "/api/v1/vehicles"
_COLUMNS = ("id", "vin", "vehicle_type_id", "province", "sold", "test_fleet", "provisioned")


@app.command("import")
def import_vehicles(context: typer.Context, file: Path, skip_bad: bool = False, output: Format = Output) -> None:
    """Import vehicles from CSV or Excel: all rows or none, unless bad ones are to be skipped; 3 when rows are bad."""
    found = connect(context).upload_form(f"{BASE}/import", file, skip_bad=skip_bad)
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
def show_vehicle(context: typer.Context, vehicle: str) -> None:
    """Show a vehicle (id or VIN) and what its ECUs report and attest."""
    client = connect(context)
    if not vehicle.startswith("VEH-"):
        found = client.get(BASE, vin=vehicle)["items"]
        if not found:
            fail(NOT_FOUND, f"There is no vehicle {vehicle}; check the VIN.")
        vehicle = found[0]["id"]
    show(client.get(f"{BASE}/{vehicle}"), Format.JSON)


@app.command()
def provision(context: typer.Context, import_id: str, to: Path) -> None:
    """Make keys and tokens for the vehicles of an import; write one provisioning file each, shown this once."""
    client = connect(context)
    shared = client.get("/api/v1/trust")
    made = client.post(f"{BASE}/provision", {"import_id": import_id})["items"]
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for vehicle in made:
        write_secret(to / f"{vehicle['vin']}.json", {**vehicle, **shared})
    show({"vehicles": len(made), "folder": str(to)}, Format.TABLE)
