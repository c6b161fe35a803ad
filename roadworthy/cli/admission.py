"""`roadworthy admission`."""

from pathlib import Path

import typer

from roadworthy.cli import tables
from roadworthy.cli.client import ANSWER_IS_NO, connect
from roadworthy.cli.output import Format, show

app = typer.Typer(no_args_is_help=True)
report = typer.Typer(no_args_is_help=True)
swin = typer.Typer(no_args_is_help=True)
finding = typer.Typer(no_args_is_help=True)
plan = typer.Typer(no_args_is_help=True)
app.add_typer(report, name="report", help="Inspection and test reports.")
app.add_typer(swin, name="swin", help="Software identification numbers.")
app.add_typer(finding, name="finding", help="Findings of production consistency.")
app.add_typer(plan, name="plan", help="Plans owed to SAMR after an admission.")
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
API = "/api/v1"


@app.command()
def values(context: typer.Context, vehicle_type: str, output: Format = Output) -> None:
    """List the registered values of a vehicle type."""
    columns = ("parameter", "value", "ground", "reference", "registered_at", "registered_by")
    show(connect(context).get(f"{API}/vehicle-types/{vehicle_type}/parameter-values")["items"], output, columns)


@app.command()
def diff(
    context: typer.Context,
    before: str = typer.Argument(..., help="TYPE or TYPE@INSTANT; a release (REL-...) compares with the registry."),
    after: str = typer.Argument("", help="TYPE or TYPE@INSTANT; left out for a release."),
    output: Format = Output,
) -> None:
    """Compare two states of the registry, or a release with it; 3 when they differ."""
    client = connect(context)
    if before.startswith("REL-"):
        found = client.get(f"{API}/releases/{before}/parameter-diff")["vehicle_types"]
        differs = any(one["changes"] or one["undeclared"] for one in found)
    else:
        found = client.get(f"{API}/parameter-diff", before=before, after=after or before.partition("@")[0])["items"]
        differs = bool(found)
    show(found, output)
    if differs:
        raise typer.Exit(ANSWER_IS_NO)


@app.command()
def supplement(context: typer.Context, vehicle_type: str, output: Format = Output) -> None:
    """Say how far the Annex 2 supplement of a vehicle type is; 3 while it lacks something."""
    found = connect(context).get(f"{API}/vehicle-types/{vehicle_type}/supplement")
    show(found, output)
    if not found["supplemented"]:
        raise typer.Exit(ANSWER_IS_NO)


@app.command()
def receipt(
    context: typer.Context,
    vehicle_type: str,
    authority: str = typer.Argument(..., help="MIIT or SAMR."),
    number: str = typer.Option(..., help="Number of the receipt."),
    on: str = typer.Option(..., help="Its day, like 2026-03-01."),
    document: str = typer.Option(..., help="SHA-256 of the stored document."),
) -> None:
    """Record that a ministry took the supplement of a vehicle type."""
    body = {"authority": authority, "receipt_number": number, "receipt_date": on, "document_sha256": document}
    show(connect(context).post(f"{API}/vehicle-types/{vehicle_type}/supplement/receipts", body), Format.JSON)


@app.command("confirm-receipt")
def confirm_receipt(context: typer.Context, receipt_id: str) -> None:
    """Confirm a receipt as the second person."""
    show(connect(context).post(f"{API}/supplement-receipts/{receipt_id}/confirm"), Format.JSON)


@app.command()
def consistency(context: typer.Context, vehicle_type: str, output: Format = Output) -> None:
    """Say how production of a vehicle type stands to the registry; 3 unless it is checked and released."""
    found = connect(context).get(f"{API}/vehicle-types/{vehicle_type}/consistency")
    show(found, output)
    if not found["production_consistency_checked"]:
        raise typer.Exit(ANSWER_IS_NO)


@app.command()
def admitted(
    context: typer.Context, vehicle_type: str, on: str = typer.Option(..., help="Day of the admission.")
) -> None:
    """Record an admission; shows the plans that SAMR is owed from then on."""
    made = connect(context).post(f"{API}/vehicle-types/{vehicle_type}/admissions", {"admitted_on": on})
    show(made["items"], Format.TABLE, ("id", "kind", "due_on", "status"))


@app.command("import")
def import_table(
    context: typer.Context,
    what: str = typer.Argument(..., help="values, reports or build-records."),
    file: Path = typer.Argument(..., help="CSV or Excel."),
    ground: str = typer.Option("", help="For values: announcement, annex2_supplement or change_permit."),
    reference: str = typer.Option("", help="For values: announcement batch or filing."),
    source: str = typer.Option("", help="For build records: the plant's system."),
    check_only: bool = typer.Option(False, "--check", help="Say what is wrong, and bring nothing in."),
    output: Format = Output,
) -> None:
    """Import values, reports or build records from CSV or Excel: all rows or none; 3 when cells are wrong."""
    options = {"ground": ground, "reference": reference, "source": source}
    tables.send(context, what, file, output, check_only=check_only, **options)


@app.command("export")
def export_table(
    context: typer.Context,
    what: str = typer.Argument(..., help="values or reports."),
    to: Path = typer.Argument(..., help="A .csv or .xlsx file."),
    template: bool = typer.Option(False, help="An empty table to fill in."),
    model: str = typer.Option("", help="Of this model only."),
    parameter: str = typer.Option("", help="Values whose parameter begins so."),
) -> None:
    """Write values or reports as a table that can be imported again."""
    tables.fetch(context, what, to, template="yes" if template else "", model_code=model, parameter=parameter)


@report.command("list")
def list_reports(
    context: typer.Context,
    vehicle_type: str = "",
    expiring: int = typer.Option(-1, help="Those whose validity ends within so many days."),
    output: Format = Output,
) -> None:
    """List reports."""
    columns = ("id", "number", "laboratory", "issued_on", "valid_until", "verifies", "status", "counts")
    client = connect(context)
    if expiring >= 0:
        show(client.get(f"{API}/test-reports", expiring_within=expiring)["items"], output, columns)
    else:
        show(list(client.every(f"{API}/test-reports", vehicle_type_id=vehicle_type)), output, columns)


@report.command("add")
def add_report(
    context: typer.Context,
    vehicle_type: str,
    file: Path,
    number: str = typer.Option(...),
    laboratory: str = typer.Option(...),
    scope: str = typer.Option(..., help="What was tested."),
    issued_on: str = typer.Option(..., "--on", help="Like 2026-03-01."),
    verifies: list[str] = typer.Option(..., help="Parameter it stands for; may stand several times."),
    kind: str = typer.Option("test", help="test or inspection."),
    valid_until: str = "",
) -> None:
    """Record a report with its file; another person checks it."""
    facts = {"number": number, "laboratory": laboratory, "scope": scope, "issued_on": issued_on, "kind": kind}
    path = f"{API}/vehicle-types/{vehicle_type}/test-reports"
    show(connect(context).upload(path, file, verifies=verifies, valid_until=valid_until, **facts), Format.JSON)


@report.command("store")
def store_file(context: typer.Context, file: Path) -> None:
    """Store a file that a table of reports names; shows its SHA-256."""
    show(connect(context).upload(f"{API}/admission-files", file), Format.JSON)


@report.command("do")
def move_report(
    context: typer.Context, report_id: str, verb: str = typer.Argument(..., help="check, withdraw.")
) -> None:
    """Check a report as the second person, or take it back."""
    show(connect(context).post(f"{API}/test-reports/{report_id}/{verb}"), Format.JSON)


@swin.command("list")
def list_swins(context: typer.Context, vehicle_type: str = "", output: Format = Output) -> None:
    """List numbers with the software under each."""
    columns = ("id", "regime", "regulation", "value", "valid_from", "status", "software")
    show(list(connect(context).every(f"{API}/swins", vehicle_type_id=vehicle_type)), output, columns)


@swin.command("propose")
def propose_swin(
    context: typer.Context,
    vehicle_type: str,
    value: str,
    regulation: str = typer.Option(..., help="Such as GB 44497 or UN R79."),
    valid_from: str = typer.Option(..., help="Like 2026-03-01."),
    regime: str = typer.Option("GB44496", help="GB44496 or R156."),
) -> None:
    """Propose a number of a vehicle type."""
    body = {"value": value, "regulation": regulation, "valid_from": valid_from, "regime": regime}
    show(connect(context).post(f"{API}/vehicle-types/{vehicle_type}/swins", body), Format.JSON)


@swin.command("link")
def link_swin(context: typer.Context, swin_id: str, ecu: str, release: str) -> None:
    """Say that the software of a release for an ECU stands under a number."""
    body = {"ecu_id": ecu, "release_id": release}
    show(connect(context).post(f"{API}/swins/{swin_id}/software", body), Format.JSON)


@swin.command("do")
def move_swin(
    context: typer.Context, swin_id: str, verb: str = typer.Argument(..., help="register, withdraw or retire.")
) -> None:
    """Register a number as the second person, take a proposal back, or retire a number."""
    show(connect(context).post(f"{API}/swins/{swin_id}/{verb}"), Format.JSON)


@finding.command("list")
def list_findings(context: typer.Context, vehicle_type: str = "", status: str = "", output: Format = Output) -> None:
    """List findings."""
    columns = ("id", "vehicle_type_id", "parameter_key", "registered", "built", "vehicles", "status", "holds")
    query = {"vehicle_type_id": vehicle_type, "status": status}
    show(list(connect(context).every(f"{API}/consistency-findings", **query)), output, columns)


@finding.command("do")
def settle_finding(
    context: typer.Context,
    finding_id: str,
    verb: str = typer.Argument(..., help="explain, confirm or correct."),
    remark: str = typer.Option(..., help="Why."),
) -> None:
    """Explain, confirm or correct a finding, as another person than who found it."""
    show(connect(context).post(f"{API}/consistency-findings/{finding_id}/{verb}", {"remark": remark}), Format.JSON)


@plan.command("list")
def list_plans(context: typer.Context, vehicle_type: str = "", output: Format = Output) -> None:
    """List the plans owed after admissions."""
    columns = ("id", "vehicle_type_id", "kind", "admitted_on", "due_on", "overdue", "status", "filing_id")
    show(list(connect(context).every(f"{API}/admission-plans", vehicle_type_id=vehicle_type)), output, columns)


@plan.command("write")
def write_plan(context: typer.Context, plan_id: str, file: Path) -> None:
    """Put the document of a plan to it."""
    show(connect(context).upload(f"{API}/admission-plans/{plan_id}/document", file), Format.JSON)


@plan.command("check")
def check_plan(context: typer.Context, plan_id: str) -> None:
    """Check a plan as the second person."""
    show(connect(context).post(f"{API}/admission-plans/{plan_id}/check"), Format.JSON)


@plan.command("file")
def file_plan(context: typer.Context, plan_id: str, filing: str) -> None:
    """Record by which filing a plan was sent."""
    show(connect(context).post(f"{API}/admission-plans/{plan_id}/file", {"filing_id": filing}), Format.JSON)
