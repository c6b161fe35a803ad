"""Commands that work on files or run a process: init, serve, worker, signers, demo, verify, classify, sim."""

import os
import signal
import sys
import threading
from pathlib import Path

import typer
import uvicorn

from roadworthy import installation
from roadworthy.cli import sim
from roadworthy.cli.checking import verify
from roadworthy.cli.classify import classify_command
from roadworthy.cli.client import USAGE, fail
from roadworthy.cli.demo.command import demo
from roadworthy.director_signer.service import serve as serve_director
from roadworthy.gate_signer.service import serve as serve_gate
from roadworthy.settings import load
from roadworthy.signing.keys import CUSTODY, passphrase_for

Home = typer.Option(Path("roadworthy-data"), "--home", envvar="ROADWORTHY_HOME", help="Folder of the installation.")


def install(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for command in (init, serve, worker, verify, classify):
        app.command()(command)
    app.command("gate-signer")(gate_signer)
    app.command("director-signer")(director_signer)
    app.command("mock-authority")(mock_authority)
    app.command("demo")(demo)
    app.command("sim", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(sim.sim)


def init(
    company: str = typer.Option(..., help="The licensed manufacturer that files."),
    administrator: str = typer.Option(..., help="Name of the first person."),
    home: Path = Home,
    log_origin: str = typer.Option(
        "DEV.roadworthy.example/log", help="Name of the log; keep DEV while keys share a computer."
    ),
    port: int = 8080,
) -> None:
    """Make a new installation: keys, roots of trust, schema, first administrator. Prints the token once.

    The passphrases of the four custodies come from ROADWORTHY_PASSPHRASE_OFFLINE, _WORKER, _GATE and _DIRECTOR.
    """
    passphrases = {custody: passphrase_for(custody, os.environ) for custody in set(CUSTODY.values())}
    given: dict[str, str | int | bool] = {"company": company, "log_origin": log_origin, "port": port}
    person, token = installation.init(home, given, passphrases, administrator)
    typer.echo(f"installation {home} is ready; administrator {person.id}, token (shown once):", err=True)
    typer.echo(token)


def serve(home: Path = Home) -> None:
    """Run the server: console, JSON API, vehicles' door."""
    # Imported here: building the application is slow, and no other command needs it.
    from roadworthy.app import create_app  # noqa: PLC0415

    opened = installation.open_installation(load(_existing(home), os.environ), migrate=True)
    try:
        uvicorn.run(
            create_app(opened),
            host=opened.settings.host,
            port=opened.settings.port,
            log_level="warning",
            proxy_headers=False,  # `trusted_proxies` decides, see webui.proxies
            timeout_graceful_shutdown=5,
        )
    finally:
        opened.close()


def worker(home: Path = Home) -> None:
    """Run the worker: log, answers to events, leases, image repository. Passphrase: ROADWORTHY_PASSPHRASE_WORKER."""
    from roadworthy.worker import open_worker  # noqa: PLC0415 - see serve

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    opened = installation.open_installation(load(_existing(home), os.environ), environ=os.environ)
    try:
        open_worker(opened, passphrase_for("WORKER", os.environ)).run(stop)
    finally:
        opened.close()


def mock_authority(
    folder: Path = typer.Option(Path("mock-authority"), help="Where it keeps what it receives."),
    port: int = 8090,
) -> None:
    """Run an authority for demos and tests, on this computer only; send to http://127.0.0.1:PORT/submissions."""
    from roadworthy.mock_authority.app import create_app  # noqa: PLC0415 - no other command needs it

    uvicorn.run(create_app(folder), host="127.0.0.1", port=port, log_level="warning")


def gate_signer(home: Path = Home) -> None:
    """Run the gate signer. Passphrase: ROADWORTHY_PASSPHRASE_GATE."""
    serve_gate(_existing(home), passphrase_for("GATE", os.environ))


def director_signer(home: Path = Home) -> None:
    """Run the Director signer. Passphrase: ROADWORTHY_PASSPHRASE_DIRECTOR."""
    serve_director(_existing(home), passphrase_for("DIRECTOR", os.environ))


def classify(
    facts: Path = typer.Option(..., help="JSON file with the facts of an upgrade."),
    output: str = typer.Option("table", "-o", "--output", help="table or json."),
) -> None:
    """Say what the law calls an upgrade, what it needs, and what is missing; 0 open, 3 blocked or hold, 2 unusable."""
    raise typer.Exit(classify_command(facts, output))


def _existing(home: Path) -> Path:
    if not (home / "roadworthy.toml").is_file():
        fail(USAGE, f"{home} holds no installation; run `roadworthy init --home {home}` or name the right folder.")
    sys.stderr.flush()
    return home
