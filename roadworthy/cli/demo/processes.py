"""The processes of the demo: server, worker, both signers and the vehicles, each with its own passphrase only."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from roadworthy.kernel.errors import Broken

_PATIENCE = 60.0


@dataclass
class Processes:
    """Child processes by name; ended together, last started first."""

    home: Path
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, arguments: list[str], secrets: Mapping[str, str] | None = None) -> None:
        """Start `python -m roadworthy.<...>` with only the passphrases it needs."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ROADWORTHY_PASSPHRASE")}
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", *arguments],
                env={**kept, **(secrets or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def check(self) -> None:
        """Raise Broken, with the end of its log, when a process has ended."""
        for name, process in self.running.items():
            if process.poll() is not None:
                tail = (self.logs / f"{name}.log").read_text(errors="replace")[-1500:]
                raise Broken(f"The {name} process ended ({process.returncode}); its log ends:\n{tail}")

    def stop(self, name: str) -> None:
        """End one process and wait for it."""
        process = self.running.pop(name)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop_all(self) -> None:
        """End all, last started first."""
        for name in reversed(list(self.running)):
            self.stop(name)


@contextmanager
def serving(home: Path, passphrases: Mapping[str, str], url: str) -> Iterator[Processes]:
    """Run the four processes of an installation inside the block; the server answers at `url`.

    Raises Broken when one does not come up.
    """
    logs = home / "logs"
    logs.mkdir(exist_ok=True)
    processes = Processes(home, logs)
    where = ["--home", str(home)]
    try:
        for name, module, custody in (
            ("gate-signer", "roadworthy.gate_signer", "GATE"),
            ("director-signer", "roadworthy.director_signer", "DIRECTOR"),
        ):
            secret = {f"ROADWORTHY_PASSPHRASE_{custody}": passphrases[custody]}
            processes.start(name, [module, *where], secret)
        processes.start(
            "worker",
            ["roadworthy.cli", "worker", *where],
            {"ROADWORTHY_PASSPHRASE_WORKER": passphrases["WORKER"]},
        )
        processes.start("server", ["roadworthy.cli", "serve", *where])
        _await(processes, url)
        yield processes
    finally:
        processes.stop_all()


def _await(processes: Processes, url: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    sockets = [processes.home / "run" / name for name in ("gate.sock", "director.sock")]
    while time.monotonic() < deadline:
        processes.check()
        try:
            if all(s.exists() for s in sockets) and httpx.get(f"{url}/healthz", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass  # not up yet: asked again until the deadline
        time.sleep(0.1)
    raise Broken(f"The server at {url} did not come up in {_PATIENCE:.0f} s; see {processes.logs}.")
