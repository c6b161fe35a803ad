"""`roadworthy release`."""

from pathlib import Path
from typing import Any

import typer

from roadworthy.cli.client import ANSWER_IS_NO, connect
from roadworthy.cli.output import Format, show
from roadworthy.cli.products import pairs

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
BASE = "/api/v1/releases"
_COLUMNS = ("id", "name", "version", "status", "delivery", "planned_release")


@app.command()
def new(
    context: typer.Context,
    name: str,
    version: str,
    vehicle_type: list[str] = typer.Option(..., "--type", help="Vehicle type or model code; may stand several times."),
    ecu: list[str] = typer.Option(..., help="Touched ECU; may stand several times."),
    planned: str = typer.Option("", help="Planned first release day, such as 2026-11-23."),
    swin: str = typer.Option("", help="Software identification number after the upgrade."),
    delivery: str = "ota",
    content_only: bool = typer.Option(False, help="Only data, no function changes."),
) -> None:
    """Begin a release."""
    body: dict[str, Any] = {"name": name, "version": version, "vehicle_types": vehicle_type, "ecus": ecu}
    body |= {"swin": swin, "delivery": delivery, "content_only": content_only, "planned_release": planned or None}
    show(connect(context).post(BASE, body), Format.JSON)


@app.command("list")
def list_releases(context: typer.Context, output: Format = Output) -> None:
    """List releases."""
    show(list(connect(context).every(BASE)), output, _COLUMNS)


@app.command("show")
def show_release(context: typer.Context, release: str, output: Format = Format.JSON) -> None:
    """Show a release with its dossier."""
    show(connect(context).get(f"{BASE}/{release}"), output)


@app.command()
def package(context: typer.Context, release: str, file: Path, sha256: str = "") -> None:
    """Attach the package; `--sha256` makes the server refuse other bytes."""
    length = file.stat().st_size if file.is_file() else None
    show(connect(context).upload(f"{BASE}/{release}/package", file, sha256=sha256, length=length), Format.JSON)


@app.command()
def sbom(context: typer.Context, release: str, file: Path) -> None:
    """Attach the CycloneDX bill of materials."""
    show(connect(context).upload(f"{BASE}/{release}/sbom", file), Format.JSON)


@app.command()
def paper(context: typer.Context, release: str, kind: str, file: Path) -> None:
    """Attach a dossier paper, such as risk_assessment_done."""
    show(connect(context).upload(f"{BASE}/{release}/papers", file, kind=kind), Format.JSON)


@app.command()
def check(context: typer.Context, release: str, item: str) -> None:
    """Check a dossier paper as the second person."""
    show(connect(context).post(f"{BASE}/{release}/papers/{item}/check"), Format.JSON)


@app.command()
def declare(context: typer.Context, release: str, ecu: str, value: list[str]) -> None:
    """Declare parameter values (key=value) that an ECU's new software sets."""
    show(connect(context).put(f"{BASE}/{release}/declarations/{ecu}", {"values": pairs(value)}), Format.JSON)


@app.command()
def answer(context: typer.Context, release: str, value: list[str]) -> None:
    """State facts (fact=value) that only a person can know."""
    client = connect(context)
    for fact, said in pairs(value).items():
        number = int(said) if isinstance(said, str) and said.isdecimal() else said
        show(client.put(f"{BASE}/{release}/answers/{fact}", {"value": number}), Format.JSONL)


@app.command()
def submit(context: typer.Context, release: str) -> None:
    """Submit for approval; bytes and declarations are frozen from now on."""
    show(connect(context).post(f"{BASE}/{release}/submit"), Format.JSON)


@app.command("return")
def send_back(context: typer.Context, release: str) -> None:
    """Send a submitted release back to its author."""
    show(connect(context).post(f"{BASE}/{release}/return"), Format.JSON)


@app.command()
def approve(context: typer.Context, release: str) -> None:
    """Approve a release as somebody who is not its author."""
    show(connect(context).post(f"{BASE}/{release}/approve"), Format.JSON)


@app.command()
def withdraw(context: typer.Context, release: str) -> None:
    """Withdraw a release; delivery stops at once."""
    show(connect(context).post(f"{BASE}/{release}/withdraw"), Format.JSON)


@app.command()
def classify(context: typer.Context, release: str, output: Format = Output) -> None:
    """Compute what the law calls the release, and keep the answer."""
    found = connect(context).post(f"{BASE}/{release}/classify")["classifications"]
    show(found, output, ("vehicle_type_id", "labels", "tier", "decision"))


@app.command()
def gate(context: typer.Context, release: str, output: Format = Output) -> None:
    """Ask the gate as of now; exit code 3 when the answer is no."""
    show_gate(connect(context).get(f"{BASE}/{release}/gate"), output)


def show_gate(answer: dict[str, Any], output: Format) -> None:
    """Print the gate's answer and leave with 3 when it is no."""
    if output is Format.TABLE:
        for judged in answer["vehicle_types"]:
            labels = ", ".join(judged["labels"]) or "-"
            typer.echo(f"{judged['vehicle_type']}: {judged['decision']} ({labels}, tier {judged['tier'] or '-'})")
            lines = [
                {**f, "what": f["text"]["en"], "next": f["fix"]["en"] if f["state"] != "open" else ""}
                for f in judged["findings"]
            ]
            show(lines, output, ("state", "code", "citation", "what", "next"))
    else:
        show(answer, output)
    if not answer["ok"]:
        raise typer.Exit(ANSWER_IS_NO)
