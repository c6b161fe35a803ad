"""Tables from the command line: fetch, send, see what is wrong, confirm; with a progress bar on a terminal."""

from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import Progress

from roadworthy.cli.client import ANSWER_IS_NO, USAGE, Client, connect, fail
from roadworthy.cli.output import Format, show

BASE = "/api/v1/tables"
_COLUMNS = ("sheet", "cell", "column", "value", "problem", "remedy")
_EVERY = 0.3  # seconds between two looks at the progress


def send(context: typer.Context, what: str, file: Path, output: Format, *, check_only: bool, **options: str) -> None:
    """Send a filled table, show every wrong cell, and bring it in when there is none; 3 when cells are wrong."""
    if not file.is_file():
        fail(USAGE, f"{file} is no file; check the path.")
    client = connect(context)
    upload = _sha256(file)
    checked = _followed(client, what, upload, lambda: client.upload(f"{BASE}/{what}/uploads", file), "checking")
    if checked["error_count"]:
        shown = checked["errors"] if output is Format.TABLE else checked
        show(shown, output, _COLUMNS if output is Format.TABLE else ())
        errors = file.with_name(f"{file.stem}-errors.xlsx")
        client.download(f"{BASE}/{what}/uploads/{upload}/errors.xlsx", errors)
        typer.echo(f"{checked['error_count']} cells are wrong; {errors} marks them. Correct it and send it.", err=True)
        raise typer.Exit(ANSWER_IS_NO)
    if check_only:
        show({"rows": checked["rows"], "changes": checked["changes"]}, output)
        return
    query = "&".join(f"{name}={_quoted(value)}" for name, value in options.items() if value)
    path = f"{BASE}/{what}/uploads/{upload}/confirm?{query}"
    made = _followed(client, what, upload, lambda: client.post(path), "importing")
    show({name: value for name, value in made.items() if name not in ("errors", "error_count")}, output)


def fetch(context: typer.Context, what: str, to: Path, **filters: str) -> None:
    """Write a table as .csv or .xlsx, by the ending of `to`; with the filter `template` the empty one."""
    kind = to.suffix.removeprefix(".").lower()
    if kind not in ("csv", "xlsx"):
        fail(USAGE, f"{to}: end the name with .csv or .xlsx.")
    empty = filters.pop("template", "")
    query = "&".join(f"{name}={_quoted(value)}" for name, value in filters.items() if value)
    connect(context).download(f"{BASE}/{what}/{'template' if empty else 'export'}.{kind}?{query}", to)
    show({"file": str(to)}, Format.TABLE)


def _followed(client: Client, what: str, upload: str, act: Any, words: str) -> Any:
    """Do what takes long, and show how far it is while that can be seen."""
    console = Console(stderr=True)
    with ThreadPoolExecutor(1) as worker:
        doing: Future[Any] = worker.submit(act)
        if console.is_terminal:
            with Progress(console=console, transient=True) as bar:
                task = bar.add_task(words, total=None)
                while not doing.done():
                    status, told = client.attempt("GET", f"{BASE}/{what}/uploads/{upload}")
                    if status == 200:
                        bar.update(task, completed=told["rows"], total=told["of"])
                    _wait(doing)
        return doing.result()


def _wait(doing: "Future[Any]") -> None:
    try:
        doing.exception(_EVERY)
    except TimeoutError:
        return


def _sha256(file: Path) -> str:
    found = sha256()
    with file.open("rb") as stream:
        while piece := stream.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def _quoted(text: str) -> str:
    return quote(text, safe="")
