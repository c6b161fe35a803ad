"""`roadworthy filing` and `roadworthy report`: the same papers; a report is done with when it is accepted."""

from pathlib import Path
from typing import Any

import typer

from roadworthy.cli.client import ANSWER_IS_NO, Client, connect
from roadworthy.cli.files import read_json
from roadworthy.cli.output import Format, show
from roadworthy.cli.products import pairs

app = typer.Typer(no_args_is_help=True)
report = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
Remark = typer.Option(..., help="Why.")
BASE = "/api/v1/filings"
_COLUMNS = ("id", "kind", "authority", "status", "submitted_on", "receipt_number", "receipt_date")
_FINDINGS = ("code", "text", "fix")


@app.command()
def new(
    context: typer.Context,
    kind: str,
    vehicle_type: list[str] = typer.Option([], "--type", help="Vehicle type it covers; may stand several times."),
    release: str = typer.Option("", help="Release whose package it covers."),
    value: list[str] = typer.Option([], help="Permitted parameter value, key=value, for every type named."),
    facts: Path | None = typer.Option(None, help="JSON file with the facts that fill the form."),
    vin_set_digest: str = "",
    planned: str = typer.Option("", help="Planned first release day."),
    about: str = typer.Option("", help="What it is about, as TYPE:ID, like incident:INC-...."),
    authority: str = typer.Option("", help="One authority only; else one paper for each that the kind goes to."),
    beside: str = typer.Option("", help="Another paper of the same matter."),
    amends: str = typer.Option("", help="The paper in force that this one is to replace."),
) -> None:
    """Draft a paper; `roadworthy filing forms` lists the kinds."""
    client = connect(context)
    sha256 = client.get(f"/api/v1/releases/{release}")["package"]["sha256"] if release else None
    values = pairs(value)
    subject_type, _, subject_id = about.partition(":")
    body: dict[str, Any] = {
        "kind": kind,
        "vehicle_type_ids": vehicle_type,
        "release_id": release or None,
        "package_sha256": sha256,
        "vin_set_digest": vin_set_digest or None,
        "parameter_values": dict.fromkeys(vehicle_type, values) if values else None,
        "planned_release": planned or None,
        "facts": read_json(facts) if facts else None,
        "subject_type": subject_type or None,
        "subject_id": subject_id or None,
        "authority": authority or None,
        "beside": beside or None,
        "amends": amends or None,
    }
    show(client.post(BASE, body), Format.JSON)


@app.command()
def forms(context: typer.Context, output: Format = Output) -> None:
    """List the kinds of papers: to whom they go, and because of which clause."""
    items = connect(context).get(f"{BASE}/forms")["items"]
    show(items, output, ("kind", "authorities", "clause", "version", "lasts"))


@app.command("list")
def list_filings(context: typer.Context, kind: str = "", status: str = "", output: Format = Output) -> None:
    """List filings."""
    show(list(connect(context).every(BASE, kind=kind, status=status)), output, _COLUMNS)


@app.command("show")
def show_filing(context: typer.Context, filing: str) -> None:
    """Show a filing with its facts, documents and packet, and the papers beside it."""
    show(connect(context).get(f"{BASE}/{filing}"), Format.JSON)


@app.command()
def check(context: typer.Context, filing: str, output: Format = Output) -> None:
    """Say what stands between a filing and its next step, field by field; exit code 3 when something does."""
    _check(connect(context), filing, output)


@app.command()
def revise(
    context: typer.Context,
    filing: str,
    facts: Path = typer.Option(..., help="JSON file with the facts that change; null removes one."),
) -> None:
    """Change the facts of a draft."""
    show(connect(context).patch(f"{BASE}/{filing}", {"facts": read_json(facts)}), Format.TABLE, _COLUMNS)


@app.command()
def amend(
    context: typer.Context,
    filing: str,
    facts: Path | None = typer.Option(None, help="JSON file with the facts that change."),
) -> None:
    """Take a returned filing up again."""
    body = {"facts": read_json(facts)} if facts else {}
    show(connect(context).post(f"{BASE}/{filing}/amend", body), Format.TABLE, _COLUMNS)


@app.command()
def submit(
    context: typer.Context,
    filing: str,
    on: str = typer.Option("", help="Beijing day on which somebody sent it by hand; without it, it goes by courier."),
    package: str = typer.Option("", help="Beijing day on which SAMR got the package."),
) -> None:
    """Send a signed paper through the courier of its authority, or record that it was sent by hand."""
    client = connect(context)
    body = {"submitted_on": on, "package_delivered_on": package or None}
    answer = client.post(f"{BASE}/{filing}/submit", body) if on else client.post(f"{BASE}/{filing}/send")
    show(answer, Format.TABLE, _COLUMNS)


@app.command()
def package(context: typer.Context, filing: str, on: str = typer.Option(..., help="Beijing day.")) -> None:
    """Record that the authority got the upgrade package."""
    show(connect(context).post(f"{BASE}/{filing}/package", {"delivered_on": on}), Format.TABLE, _COLUMNS)


@app.command()
def confirm(
    context: typer.Context,
    filing: str,
    at: str = typer.Option(..., help="When it was sent, with the offset: 2026-03-02T10:00:00+08:00."),
    receipt: str = typer.Option("", help="The receipt number, from the authority's page."),
    again: str = typer.Option("", help="The receipt number, typed a second time."),
    note: str = typer.Option("", help="Without a number: who at the authority said what."),
    scan: list[str] = typer.Option([], help="Confirmed scan of the stamped paper; may stand several times."),
) -> None:
    """Say that a packet was sent by hand, or that the authority, when asked, has it."""
    body = {"at": at, "receipt": receipt, "receipt_again": again, "note": note, "scans": scan}
    show(connect(context).post(f"{BASE}/{filing}/confirm", body), Format.TABLE, _COLUMNS)


@app.command()
def acknowledge(context: typer.Context, filing: str, at: str = typer.Option(...), number: str = "") -> None:
    """Take down that the authority confirmed the arrival of what was sent by hand."""
    show(connect(context).post(f"{BASE}/{filing}/acknowledge", {"at": at, "number": number}), Format.TABLE, _COLUMNS)


@app.command()
def accept(
    context: typer.Context,
    filing: str,
    number: str = typer.Option(..., help="Number of the receipt."),
    date: str = typer.Option(..., help="Date of the receipt."),
    document: Path = typer.Option(..., help="The receipt itself, which is stored."),
    valid_from: str = "",
    valid_until: str = "",
) -> None:
    """Take down the authority's receipt, as somebody who is not the author."""
    client = connect(context)
    stored = client.upload(f"{BASE}/{filing}/documents", document, role="receipt")
    body = {"receipt_number": number, "receipt_date": date, "document_sha256": stored["sha256"]}
    validity = {"valid_from": valid_from or None, "valid_until": valid_until or None}
    show(client.post(f"{BASE}/{filing}/accept", {**body, **validity}), Format.TABLE, _COLUMNS)


def _plain(verb: str, text: str) -> None:
    @app.command(verb, help=text)
    def act(context: typer.Context, filing: str) -> None:
        show(connect(context).post(f"{BASE}/{filing}/{verb}"), Format.TABLE, _COLUMNS)


def _remarked(verb: str, text: str, field: str = "remark") -> None:
    @app.command(verb, help=text)
    def act(context: typer.Context, filing: str, remark: str = Remark) -> None:
        show(connect(context).post(f"{BASE}/{filing}/{verb}", {field: remark}), Format.TABLE, _COLUMNS)


_plain("complete", "Say that a draft says everything that its form asks for.")
_plain("sign-off", "Sign a complete paper off, as somebody who is not the author.")
_plain("reopen", "Make a paper that is not sent a draft again; a signature on it is void.")
_remarked("resend", "Let a packet be sent again that failed, or that the authority says it does not have.", "reason")
_remarked("cancel", "Send a packet no more that has not gone out.", "reason")
_remarked("return", "Record that the authority returned it.")
_remarked("refuse", "Record that the authority refused it.")
_remarked("suspend", "Record that the authority suspended it: leases that rest on it end.")
_remarked("resume", "Record that the authority lifted the suspension.")
_remarked("revoke", "Record that the authority revoked it: leases that rest on it end.")
_remarked("withdraw", "Take it out of force: every lease that rests on it stops counting at once.")
_remarked("close", "Say that a paper in force has served.")
_remarked("drop", "Give up a paper that the authority does not have.")


@report.command("list")
def list_reports(context: typer.Context, status: str = "", output: Format = Output) -> None:
    """List reports: stage and completion reports, recall reports, incident reports."""
    client = connect(context)
    kinds = [one["kind"] for one in client.get(f"{BASE}/forms")["items"] if not one["lasts"]]
    show([one for kind in kinds for one in client.every(BASE, kind=kind, status=status)], output, _COLUMNS)


@report.command("show")
def show_report(context: typer.Context, filing: str) -> None:
    """Show a report."""
    show_filing(context, filing)


@report.command("check")
def check_report(context: typer.Context, filing: str, output: Format = Output) -> None:
    """Say what a report lacks, field by field; exit code 3 when something does."""
    _check(connect(context), filing, output)


@report.command("owed")
def owed(context: typer.Context, output: Format = Output) -> None:
    """List the reports that are owed, by their clocks."""
    running = connect(context).every("/api/v1/clocks", state="running")
    show(list(running), output, ("id", "report", "subject_id", "due_at", "standing"))


def _check(client: Client, filing: str, output: Format) -> None:
    found = client.get(f"{BASE}/{filing}/findings")["findings"]
    if output is Format.TABLE:
        found = [{**one, "text": one["text"]["en"], "fix": one["fix"]["en"]} for one in found]
    show(found, output, _FINDINGS)
    if found:
        raise typer.Exit(ANSWER_IS_NO)
