"""`roadworthy clock`."""

import typer

from roadworthy.cli.client import connect
from roadworthy.cli.output import Format, show

app = typer.Typer(no_args_is_help=True)
Output = typer.Option(Format.TABLE, "-o", "--output", help="table, json or jsonl.")
BASE, NOTICES = "/api/v1/clocks", "/api/v1/notices"
_COLUMNS = ("id", "duty", "occasion", "subject_id", "standing", "due_at", "provisional")
_NOTICE_COLUMNS = ("id", "role", "topic", "kind", "duty", "subject_id", "due_at", "standing", "seen_at")


@app.command("list")
def list_clocks(
    context: typer.Context,
    state: str = typer.Option("", help="running, satisfied, cancelled or superseded."),
    subject: str = typer.Option("", help="Id of the thing that the duty is about."),
    duty: str = typer.Option("", help="Id of the rule."),
    overdue: bool = typer.Option(False, help="Only clocks that are running and past their due time."),
    output: Format = Output,
) -> None:
    """List duty clocks."""
    found = connect(context).every(BASE, state=state, subject=subject, duty=duty, overdue=overdue or None)
    show(list(found), output, _COLUMNS)


@app.command("show")
def show_clock(context: typer.Context, clock: str) -> None:
    """Show a clock with its timers."""
    show(connect(context).get(f"{BASE}/{clock}"), Format.JSON)


@app.command()
def notices(
    context: typer.Context,
    unseen: bool = typer.Option(False, help="Only those that nobody of the role has seen."),
    output: Format = Output,
) -> None:
    """List what the holders of your roles were told."""
    show(list(connect(context).every(NOTICES, unseen=unseen or None)), output, _NOTICE_COLUMNS)


@app.command()
def seen(context: typer.Context, notice: str) -> None:
    """Note that you saw a notice."""
    show(connect(context).post(f"{NOTICES}/{notice}/seen"), Format.TABLE, _NOTICE_COLUMNS)


@app.command("accept-time")
def accept_time(context: typer.Context) -> None:
    """Say that the server's present time is right although clocks were polled at a later one (administrator)."""
    connect(context).post(f"{BASE}/accept-time")
