"""`roadworthy product`."""

import json
from pathlib import Path
from typing import Any

import typer
import yaml

from roadworthy.cli import tables
from roadworthy.cli.client import USAGE, connect, fail
from roadworthy.cli.output import Format, show

app = typer.Typer(no_args_is_help=True)
catalogue = typer.Typer(no_args_is_help=True)
app.add_typer(catalogue, name="catalogue", help="Catalogues of technical parameters.")
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
def announce(
    context: typer.Context,
    vehicle_type: str,
    batch: int,
    announced_on: str = typer.Option(..., "--on", help="Day of the announcement, like 2026-03-01."),
    kind: str = typer.Option("first", help="first, change, extension or revocation."),
) -> None:
    """Enter in which batch of the announcement a vehicle type stood."""
    body = {"batch": batch, "announced_on": announced_on, "kind": kind}
    show(connect(context).post(f"{TYPES}/{vehicle_type}/announcements", body), Format.JSON)


@app.command()
def variant(context: typer.Context, vehicle_type: str, code: str, name: str = "") -> None:
    """Add a variant of a vehicle type."""
    show(connect(context).post(f"{TYPES}/{vehicle_type}/variants", {"code": code, "name": name}), Format.JSON)


@app.command()
def parameters(context: typer.Context, output: Format = Output) -> None:
    """List the definitions of technical parameters."""
    columns = ("key", "type", "unit", "is_main", "tolerance", "annex2", "needed_if", "needs_report")
    show(list(connect(context).every("/api/v1/parameters")), output, columns)


@catalogue.command("list")
def list_catalogues(context: typer.Context) -> None:
    """List the shipped catalogues of technical parameters."""
    show([{"name": name} for name in connect(context).get("/api/v1/catalogues")["items"]], Format.TABLE)


@catalogue.command("show")
def show_catalogue(context: typer.Context, name: str, output: Format = Output) -> None:
    """Show the entries of a shipped catalogue."""
    columns = ("key", "type", "unit", "is_main", "annex2", "needed_if", "source")
    show(connect(context).get(f"/api/v1/catalogues/{name}")["items"], output, columns)


@catalogue.command("load")
def load_catalogue(
    context: typer.Context,
    name: str = typer.Argument("cn-annex2", help="A shipped catalogue, or a YAML file in the same form."),
) -> None:
    """Define what a catalogue has and the company has not; entries that differ are kept and named."""
    file = Path(name)
    body = {"entries": _entries(file)} if file.is_file() else {"name": name}
    found = connect(context).post("/api/v1/catalogues", body)
    show(found, Format.TABLE)


@app.command("import")
def import_table(
    context: typer.Context,
    what: str = typer.Argument(..., help="parameters or ecus."),
    file: Path = typer.Argument(..., help="CSV or Excel."),
    check_only: bool = typer.Option(False, "--check", help="Say what is wrong, and bring nothing in."),
    output: Format = Output,
) -> None:
    """Import definitions of parameters, or ECUs, from CSV or Excel: all rows or none; 3 when cells are wrong."""
    tables.send(context, what, file, output, check_only=check_only)


@app.command("export")
def export_table(
    context: typer.Context,
    what: str = typer.Argument(..., help="parameters or ecus."),
    to: Path = typer.Argument(..., help="A .csv or .xlsx file."),
    template: bool = typer.Option(False, help="An empty table to fill in."),
    model: str = typer.Option("", help="ECUs of this model only."),
    key: str = typer.Option("", help="Parameters whose key begins so."),
) -> None:
    """Write definitions of parameters, or ECUs, as a table that can be imported again."""
    tables.fetch(context, what, to, template="yes" if template else "", model_code=model, key=key)


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


def _entries(file: Path) -> list[dict[str, Any]]:
    try:
        plain = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        fail(USAGE, f"{file} is no YAML: {error}")
    if not isinstance(plain, dict) or not isinstance(plain.get("parameters"), list):
        fail(USAGE, f"{file} needs a list `parameters`; see `roadworthy product catalogue show cn-annex2`.")
    return list(plain["parameters"])


def pairs(given: list[str]) -> dict[str, Any]:
    """Read key=value arguments; a value that is a JSON list, true, false or null counts as such, else it is text."""
    found: dict[str, Any] = {}
    for text in given:
        key, sign, value = text.partition("=")
        if not sign:
            fail(USAGE, f"{text!r}: write key=value.")
        found[key] = json.loads(value) if value in {"true", "false", "null"} or value.startswith("[") else value
    return found
