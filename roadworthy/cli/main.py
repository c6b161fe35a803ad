"""Puts the commands together."""

import sys
from importlib.metadata import version

import typer

from roadworthy.cli import (
    admission,
    campaigns,
    clocks,
    documents,
    evidence,
    filings,
    fleet,
    incidents,
    law,
    local,
    people,
    products,
    releases,
)
from roadworthy.cli.client import FAULT, Context
from roadworthy.kernel.errors import RoadworthyError

app = typer.Typer(
    name="roadworthy",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Compliance-gated over-the-air updates. Exit codes: 0 yes, 1 fault, 2 usage, 3 checked: no, 4 not signed in, "
    "5 not permitted, 6 not found, 7 changed meanwhile, 8 no server.",
)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"roadworthy {version('roadworthy')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    server: str = typer.Option("http://127.0.0.1:8080", envvar="ROADWORTHY_SERVER", help="Address of the server."),
    token: str = typer.Option("", envvar="ROADWORTHY_TOKEN", help="API token; better set it in the environment."),
    show_version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Say the version."),
) -> None:
    """Take the options that all commands share."""
    del show_version
    context.obj = Context(server, token)


local.install(app)
app.add_typer(people.app, name="person", help="People, roles and tokens.")
app.add_typer(products.app, name="product", help="Vehicle types, ECUs and technical parameters.")
app.add_typer(admission.app, name="admission", help="Registered values, reports, supplement, SWINs, production, plans.")
app.add_typer(fleet.app, name="vehicle", help="Vehicles: import, provision, show.")
app.add_typer(filings.app, name="filing", help="Papers at MIIT and SAMR.")
app.add_typer(filings.report, name="report", help="Reports to authorities: owed, written, sent.")
app.add_typer(documents.app, name="document", help="Documents of a paper: forms, attachments, scans, receipts.")
app.add_typer(releases.app, name="release", help="Releases, their dossier, class and gate.")
app.add_typer(campaigns.app, name="campaign", help="Campaigns, waves and leases.")
app.add_typer(law.app, name="law", help="Packs of law: read, test, compare, sign, activate.")
app.add_typer(clocks.app, name="clock", help="Duty clocks: what must be reported until when, and reminders.")
app.add_typer(incidents.incident, name="incident", help="Incidents: reports owed and their due times, offline.")
app.add_typer(incidents.recall, name="recall", help="Recalls: papers owed and their due times, offline.")
app.add_typer(evidence.app, name="evidence", help="Evidence bundles.")


def main() -> None:
    """Run the command line; errors of the three families become one message and an exit code."""
    try:
        app()
    except RoadworthyError as error:
        typer.echo(error.message, err=True)
        sys.exit({401: 4, 403: 5, 404: 6, 409: 3}.get(error.status, 2 if error.status < 500 else FAULT))
