"""`roadworthy product`."""

import json
from typing import Any

import typer

from roadworthy.cli.client import USAGE, connect, fail
from roadworthy.cli.output import Format, show

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
TYPES = "/api/v1/vehicle-types"


@app.command("add")
def add_type(
    context: typer.Context,
    model_code: str,
    name: str,
    level: int = typer.Option(..., help="Driving automation level 0..5 as admitted (GB/T 40429)."),
    manufacturer: str = typer.Option("", help="Holder of the production licence; empty for an imported model."),
    imported: bool = False,
    annex2: bool = typer.Option(False, help="The Annex 2 parameters are on file at MIIT."),
) -> None:
    """Add a vehicle type."""
    body = {
        "model_code": model_code,
        "name": name,
        "automation_level": level,
        "licensed_manufacturer": manufacturer or None,
        "imported": imported,
        "annex2_supplemented": annex2,
    }
    show(connect(context).post(TYPES, body), Format.JSON)


@app.command("list")
def list_types(context: typer.Context, output: Format = Output) -> None:
    """List vehicle types."""
    columns = ("id", "model_code", "name", "automation_level", "annex2_supplemented", "status")
    show(list(connect(context).every(TYPES)), output, columns)


@app.command("show")
def show_type(context: typer.Context, vehicle_type: str) -> None:
    """Show a vehicle type with its ECUs and variants."""
    show(connect(context).get(f"{TYPES}/{vehicle_type}"), Format.JSON)


@app.command()
def ecu(
    context: typer.Context,
    vehicle_type: str,
    name: str,
    hardware_id: str,
    supplier: str = typer.Option(..., help="Who makes it."),
    influences: list[str] = typer.Option([], help="Parameter its software can change; may stand several times."),
    primary: bool = typer.Option(False, help="It talks to the server."),
    client_profile: str = typer.Option("tuf", help="tuf or swupdate."),
    driving_automation: bool = typer.Option(False, help="It holds a driving automation function of level 3 or more."),
    approval_relevant: bool = typer.Option(False, help="Its software bears on type approval (SWIN)."),
) -> None:
    """Add an ECU to a vehicle type."""
    body = {
        "name": name,
        "hardware_id": hardware_id,
        "supplier": supplier,
        "influences": influences,
        "is_primary": primary,
        "client_profile": client_profile,
        "holds_driving_automation": driving_automation,
        "approval_relevant": approval_relevant,
    }
    show(connect(context).post(f"{TYPES}/{vehicle_type}/ecus", body), Format.JSON)


@app.command()
def parameter(
    context: typer.Context,
    key: str,
    zh: str = typer.Option(..., help="Chinese name."),
    en: str = typer.Option(..., help="English name."),
    kind: str = typer.Option("number", help="number, text, bool or list."),
    unit: str = "",
    main: bool | None = typer.Option(
        None, "--main/--not-main", help="Main technical parameter; unknown counts as main."
    ),
    tolerance: str = typer.Option("", help="Decimal number in the unit."),
) -> None:
    """Define a technical parameter."""
    body = {"key": key, "label": {"zh": zh, "en": en}, "type": kind, "unit": unit, "is_main": main}
    show(connect(context).post("/api/v1/parameters", {**body, "tolerance": tolerance or None}), Format.JSON)


@app.command()
def register(
    context: typer.Context,
    vehicle_type: str,
    value: list[str] = typer.Argument(..., help="key=value; lists as JSON."),
    ground: str = typer.Option(..., help="Why it counts, such as announcement or change_permit."),
    reference: str = typer.Option(..., help="Announcement batch or filing."),
) -> None:
    """Register parameter values of a vehicle type."""
    body = {"ground": ground, "reference": reference, "values": pairs(value)}
    show(connect(context).post(f"{TYPES}/{vehicle_type}/parameter-values", body)["items"], Format.JSON)


def pairs(given: list[str]) -> dict[str, Any]:
    """Read key=value arguments; a value that is a JSON list, true, false or null counts as such, else it is text."""
    found: dict[str, Any] = {}
    for text in given:
        key, sign, value = text.partition("=")
        if not sign:
            fail(USAGE, f"{text!r}: write key=value.")
        found[key] = json.loads(value) if value in {"true", "false", "null"} or value.startswith("[") else value
    return found
