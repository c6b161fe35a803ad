"""`roadworthy filing`."""

from pathlib import Path
from typing import Any

import typer

from roadworthy.cli.client import connect
from roadworthy.cli.files import sha256_of
from roadworthy.cli.output import Format, show
from roadworthy.cli.products import pairs

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
BASE = "/api/v1/filings"
_COLUMNS = ("id", "kind", "authority", "status", "submitted_on", "receipt_number", "receipt_date")


@app.command()
def new(
    context: typer.Context,
    kind: str,
    vehicle_type: list[str] = typer.Option([], "--type", help="Vehicle type it covers; may stand several times."),
    release: str = typer.Option("", help="Release whose package it covers."),
    value: list[str] = typer.Option([], help="Permitted parameter value, key=value, for every type named."),
    vin_set_digest: str = "",
    planned: str = typer.Option("", help="Planned first release day."),
) -> None:
    """Draft a filing: miit_enterprise, miit_type, miit_activity, miit_change_permit, samr_record or recall_plan."""
    client = connect(context)
    sha256 = client.get(f"/api/v1/releases/{release}")["package"]["sha256"] if release else None
    values = pairs(value)
    body: dict[str, Any] = {
        "kind": kind,
        "vehicle_type_ids": vehicle_type,
        "release_id": release or None,
        "package_sha256": sha256,
        "vin_set_digest": vin_set_digest or None,
        "parameter_values": dict.fromkeys(vehicle_type, values) if values else None,
        "planned_release": planned or None,
    }
    show(client.post(BASE, body), Format.JSON)


@app.command("list")
def list_filings(context: typer.Context, kind: str = "", output: Format = Output) -> None:
    """List filings."""
    show(list(connect(context).every(BASE, kind=kind)), output, _COLUMNS)


@app.command("show")
def show_filing(context: typer.Context, filing: str) -> None:
    """Show a filing."""
    show(connect(context).get(f"{BASE}/{filing}"), Format.JSON)


@app.command()
def submit(
    context: typer.Context,
    filing: str,
    on: str = typer.Option(..., help="Beijing day on which it was sent."),
    package: str = typer.Option("", help="Beijing day on which SAMR got the package."),
) -> None:
    """Record that a filing was sent."""
    body = {"submitted_on": on, "package_delivered_on": package or None}
    show(connect(context).post(f"{BASE}/{filing}/submit", body), Format.TABLE, _COLUMNS)


@app.command()
def accept(
    context: typer.Context,
    filing: str,
    number: str = typer.Option(..., help="Number of the receipt."),
    date: str = typer.Option(..., help="Date of the receipt."),
    document: Path = typer.Option(..., help="The receipt itself; its hash goes into the record."),
    valid_until: str = "",
) -> None:
    """Take down the authority's receipt, as somebody who is not the author."""
    body = {"receipt_number": number, "receipt_date": date, "document_sha256": sha256_of(document)}
    answer = connect(context).post(f"{BASE}/{filing}/accept", {**body, "valid_until": valid_until or None})
    show(answer, Format.TABLE, _COLUMNS)


def _remarked(verb: str, text: str) -> None:
    @app.command(verb, help=text)
    def act(context: typer.Context, filing: str, remark: str = typer.Option(..., help="Why.")) -> None:
        show(connect(context).post(f"{BASE}/{filing}/{verb}", {"remark": remark}), Format.TABLE, _COLUMNS)


_remarked("return", "Record that the authority returned it.")
_remarked("refuse", "Record that the authority refused it.")
_remarked("withdraw", "Take it out of force: every lease that rests on it stops counting at once.")


@app.command()
def amend(context: typer.Context, filing: str) -> None:
    """Take a returned filing up again."""
    show(connect(context).post(f"{BASE}/{filing}/amend"), Format.TABLE, _COLUMNS)
