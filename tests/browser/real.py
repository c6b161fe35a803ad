"""A whole installation inside this process: server, worker, both signers, a small company, vehicles that really verify.

The company is the demo's, made through the same JSON API; the vehicles are the reference client, one cycle at a time.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import uvicorn

from roadworthy import installation
from roadworthy.app import create_app
from roadworthy.cli.client import Client
from roadworthy.cli.demo import cast, story
from roadworthy.director_signer.service import listening as director_signer
from roadworthy.gate_signer.service import listening as gate_signer
from roadworthy.kernel.time import SystemTime, beijing_date
from roadworthy.settings import load
from roadworthy.signing.keys import CUSTODY
from roadworthy.vehicle.agent import Agent
from roadworthy.vehicle.fetcher import http_pool
from roadworthy.vehicle.provisioning import read_provisioning
from roadworthy.worker import open_worker

PASSPHRASE = "long enough for a test"
UPGRADE = story.Upgrade("ivi-suite", "5.2.0", ("HY6500A", "HY6500B"), {"ivi.theme": "dusk"}, False, "IVI")
UNFILED = story.Upgrade("ivi-suite", "5.2.1", ("HY7000C",), {"ivi.theme": "noon"}, False, "IVI")
NAME = "Cockpit 5.2.0"


class Real:
    """The running system: its people through `company`, its vehicles through `poll`; `unfiled` never gets filings."""

    def __init__(self, home: Path, url: str, token: str, vehicles: int) -> None:
        self.home, self.url = home, url
        self.company = story.Company(url, beijing_date(SystemTime().now()))
        administrator = Client(url, token)
        story.founding(self.company, administrator, home)
        story.products(self.company)
        story.vehicles(administrator, home, vehicles, administrator.get("/api/v1/trust"))
        story.standing_filings(self.company)
        self.release = story.write_release(self.company, home, UPGRADE)
        self.campaign = story.campaign(self.company, NAME, self.release, [40, 60], filter={"sold": True})
        other = story.write_release(self.company, home, UNFILED)
        self.unfiled = story.campaign(self.company, "Cockpit 5.2.1", other, [100], filter={"sold": True})
        files = sorted((home / "fleet").glob("*.json"))
        self._administrator, self._pool = administrator, http_pool()
        self._agents = [Agent(read_provisioning(f), home / "cars" / f.stem, pool=self._pool) for f in files]

    def close(self) -> None:
        """Close the connections of people and vehicles."""
        for client in (self._administrator, *self.company.clients.values()):
            client._http.close()
        self._pool.clear()

    def file_release(self) -> None:
        """Have both authorities accept the filings of the release."""
        story.file_release(self.company, self.release)

    def poll(self) -> None:
        """Let every vehicle call until those of the open waves are done."""
        for _ in range(20):
            for agent in self._agents:
                agent.cycle()
            if story.settled(story.progress(self.company, self.campaign)):
                return
        raise AssertionError(story.progress(self.company, self.campaign))


@contextmanager
def running(home: Path, vehicles: int) -> Iterator[Real]:
    """Make an installation in `home` and run it inside the block."""
    with ExitStack() as stack:
        listener = stack.enter_context(closing(socket.socket()))
        listener.bind(("127.0.0.1", 0))
        given = {"company": cast.COMPANY, "port": listener.getsockname()[1], "demo": True, "poll_seconds": 5}
        _, token = installation.init(home, given, dict.fromkeys(CUSTODY.values(), PASSPHRASE), "Administrator")
        opened = stack.enter_context(closing(installation.open_installation(load(home, {}))))
        stack.enter_context(gate_signer(home, PASSPHRASE))
        stack.enter_context(director_signer(home, PASSPHRASE))
        server = uvicorn.Server(uvicorn.Config(create_app(opened), log_level="error", ws="none", lifespan="off"))
        _start(stack, lambda: server.run([listener]), lambda: setattr(server, "should_exit", True))
        stop = threading.Event()
        worker = open_worker(opened, PASSPHRASE)
        _start(stack, lambda: worker.run(stop), stop.set)
        yield stack.enter_context(closing(Real(home, str(opened.settings.public_url), token, vehicles)))


def _start(stack: ExitStack, run: Callable[[], None], end: Callable[[], None]) -> None:
    """Run something in a thread until the stack unwinds: then ask it to end, and wait."""
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    stack.callback(thread.join, 10)
    stack.callback(end)
