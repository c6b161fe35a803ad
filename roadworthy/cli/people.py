"""`roadworthy person`."""

import typer

from roadworthy.cli.client import connect
from roadworthy.cli.output import Format, show

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
_COLUMNS = ("id", "name", "roles", "active")


@app.command()
def add(context: typer.Context, name: str, role: list[str] = typer.Option([], help="May stand several times.")) -> None:
    """Add a person with roles."""
    show(connect(context).post("/api/v1/people", {"name": name, "roles": role}), Format.JSON)


@app.command("list")
def list_people(context: typer.Context, output: Format = Output) -> None:
    """List people."""
    show(list(connect(context).every("/api/v1/people")), output, _COLUMNS)


@app.command()
def token(context: typer.Context, person: str, label: str = "command line") -> None:
    """Issue an API token; the secret is shown this once."""
    show(connect(context).post(f"/api/v1/people/{person}/tokens", {"label": label}), Format.JSON)


@app.command()
def whoami(context: typer.Context, output: Format = Output) -> None:
    """Say who the token speaks for."""
    show(connect(context).get("/api/v1/whoami"), output, _COLUMNS)
