"""`roadworthy document`: drawn forms, attachments, stamped scans and receipts of a filing."""

from pathlib import Path

import typer

from roadworthy.cli.client import connect
from roadworthy.cli.filings import BASE
from roadworthy.cli.output import Format, show

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
_COLUMNS = ("id", "role", "name", "language", "pages", "sha256", "confirmed_by")


@app.command("list")
def list_documents(context: typer.Context, filing: str, output: Format = Output) -> None:
    """List the documents of a filing."""
    show(connect(context).get(f"{BASE}/{filing}/documents")["items"], output, _COLUMNS)


@app.command()
def draw(
    context: typer.Context,
    filing: str,
    kind: str = typer.Option("pdf", help="docx, xlsx, pdf or json."),
    language: str = typer.Option("zh", help="zh, the official text, or en, a courtesy copy."),
) -> None:
    """Draw the form of a filing, and keep it."""
    body = {"kind": kind, "language": language}
    show(connect(context).post(f"{BASE}/{filing}/documents/draw", body), Format.JSON)


@app.command()
def attach(
    context: typer.Context,
    filing: str,
    file: Path,
    role: str = typer.Option("attachment", help="attachment, scan or receipt."),
    pages: int | None = typer.Option(None, help="How many pages a scan has."),
    code: str = typer.Option("", help="What the QR code on the scan says, when it cannot be read by itself."),
) -> None:
    """Put a file beside a filing."""
    show(connect(context).upload(f"{BASE}/{filing}/documents", file, role=role, pages=pages, code=code), Format.JSON)


@app.command()
def confirm(context: typer.Context, filing: str, document: str) -> None:
    """Say, as a second person, that a scan is the stamped paper and all of it."""
    show(connect(context).post(f"{BASE}/{filing}/documents/{document}/confirm"), Format.TABLE, _COLUMNS)


@app.command()
def fetch(
    context: typer.Context, filing: str, document: str, to: Path = typer.Option(..., help="File to write.")
) -> None:
    """Save a document."""
    connect(context).download(f"{BASE}/{filing}/documents/{document}/content", to)
