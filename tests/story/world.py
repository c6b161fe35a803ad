"""A whole installation in a temporary folder: server, worker, both signers, and one clock that tests move.

    found(...)     sets one up at START
    working(...)   opens it: HTTP on a free port, signers at their sockets, the worker ticking when it is told to

Nothing is mocked but time: people and cars come over HTTP, the signers answer only to receipts.
"""

import socket
import threading
import time as wall
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from urllib3 import PoolManager

from roadworthy import installation, reactions, worker
from roadworthy.app import create_app, trust_of
from roadworthy.database import Database
from roadworthy.director_signer.service import listening as director_listening
from roadworthy.filings import actions as filings
from roadworthy.filings.model import Authority
from roadworthy.gate_signer.service import listening as gate_listening
from roadworthy.installation import Installation
from roadworthy.kernel.time import SetTime
from roadworthy.releases.actions import Regime
from roadworthy.settings import Settings, load
from roadworthy.signing.keys import CUSTODY, SigningKey
from roadworthy.signing.signers import DirectorSigner, GateSigner
from roadworthy.storage import ArtifactStore
from roadworthy.transparency.making import Log
from roadworthy.transparency.report import Report
from roadworthy.vehicle.fetcher import http_pool
from roadworthy.worker import Worker
from tests.couriers import authority

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday, 10:00 in Beijing, in a year whose working days are known
PASSPHRASES = {custody: f"story-passphrase-{custody}" for custody in set(CUSTODY.values())}
COMPANY = "Qilin Motor"


class RunningTime(SetTime):
    """A set clock that goes on by a millisecond at every look, so that of two things one is always later."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            self.moment += timedelta(milliseconds=1)
            return self.moment

    def advance(self, **amount: float) -> None:
        with self._lock:
            self.moment += timedelta(**amount)


class Caller:
    """Somebody at the JSON API. The plain verbs expect success and give the JSON; `attempt` gives the answer."""

    def __init__(self, http: httpx.Client, token: str, person_id: str) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {token}"}
        self.id = person_id

    def attempt(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        content = {} if body is None else {"json": body}
        return self._http.request(method, f"/api/v1{path}", headers=self._headers, **content, **options)

    def get(self, path: str, **query: Any) -> Any:
        return self._done(self.attempt("GET", path, params=query))

    def post(self, path: str, body: Any = None) -> Any:
        return self._done(self.attempt("POST", path, body))

    def put(self, path: str, body: Any) -> Any:
        return self._done(self.attempt("PUT", path, body))

    def patch(self, path: str, body: Any) -> Any:
        return self._done(self.attempt("PATCH", path, body))

    def upload(self, path: str, content: bytes, **query: Any) -> Any:
        return self._done(self.attempt("POST", path, content=content, params=query))

    def form(self, path: str, name: str, content: bytes) -> Any:
        return self._done(self.attempt("POST", path, files={"file": (name, content)}))

    def refused(self, method: str, path: str, body: Any = None, *, status: int = 409) -> dict[str, Any]:
        """Expect a refusal with `status`; give the problem."""
        answer = self.attempt(method, path, body)
        assert answer.status_code == status, (answer.status_code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.json()

    @staticmethod
    def _done(answer: httpx.Response) -> Any:
        assert answer.is_success, (answer.request.method, answer.request.url, answer.status_code, answer.text)
        return answer.json()


@dataclass
class World:
    """One installation at work; `desk` is the other end, at the authority that its couriers submit to."""

    settings: Settings
    time: RunningTime
    installation: Installation
    worker: Worker
    http: httpx.Client
    pool: PoolManager
    desk: httpx.Client

    @property
    def home(self) -> Path:
        return self.settings.home

    @property
    def database(self) -> Database:
        return self.installation.database

    @property
    def gate_signer(self) -> GateSigner:
        return GateSigner(self.home)

    @property
    def director_signer(self) -> DirectorSigner:
        return DirectorSigner(self.home)

    def log(self) -> Log:
        return Log(self.settings.log)

    def trust(self) -> dict[str, str]:
        return trust_of(self.settings)

    def caller(self, token: str, person_id: str = "") -> Caller:
        return Caller(self.http, token, person_id)

    def tick(self) -> None:
        """Let the worker do everything that is due, and what follows from it: to the second tick without work."""
        busy = [True, True]
        for _ in range(20):
            busy.append(self.worker.tick())
            if not any(busy[-2:]):
                return
        raise AssertionError("the worker finds no end")

    def advance(self, **amount: float) -> None:
        self.time.advance(**amount)

    def verify(self) -> Report:
        """Run `roadworthy verify` once everything is in the log."""
        self.tick()
        report = installation.check_records(self.settings)
        assert report.pending == 0
        return report

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """Read by SQL."""
        with self.database.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(text(sql), values)]

    def sql(self, statement: str, **values: Any) -> None:
        """Write past the product, as somebody with a database shell would."""
        with self.database.engine.connect().execution_options(roadworthy_write=True) as connection:
            connection.execute(text(statement), values)
            connection.commit()


def found(home: Path, given: Mapping[str, str | int | bool]) -> str:
    """Set up an installation at START; give the administrator's token."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installation, "SystemTime", lambda: RunningTime(START))
        _, token = installation.init(home, {"company": COMPANY, **given}, PASSPHRASES, "Administrator")
    return token


@contextmanager
def working(home: Path, moment: datetime, regime: Regime, keys: Mapping[str, SigningKey]) -> Iterator[World]:
    """Run the installation at `home` from `moment` on; TUF clients in this process live by the same clock."""
    time = RunningTime(moment)
    with ExitStack() as stack:
        listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = replace(load(home, {}), public_url=url)
        database = Database(settings.database_url, time, reaction_kinds=reactions.KINDS)
        stack.callback(database.close)
        artifacts = ArtifactStore(settings.artifacts)
        desk = stack.enter_context(authority.serving(home / "authority", time))
        uris = dict.fromkeys(Authority, f"{desk}/submissions")
        couriers = filings.open_channels(uris, artifacts, time, lambda _: "")
        opened = Installation(settings, time, database, regime, artifacts, couriers)
        stack.enter_context(gate_listening(home, PASSPHRASES["GATE"], time=time))
        stack.enter_context(director_listening(home, PASSPHRASES["DIRECTOR"], time=time))
        stack.enter_context(_serving(create_app(opened), listener))
        stack.enter_context(_tuf_clients_at(time))
        http = stack.enter_context(httpx.Client(base_url=url, timeout=30))
        pool = http_pool(4)
        stack.callback(pool.clear)
        at_the_desk = stack.enter_context(httpx.Client(base_url=desk, timeout=30))
        yield World(settings, time, opened, _worker(opened, keys), http, pool, at_the_desk)


def _worker(opened: Installation, keys: Mapping[str, SigningKey]) -> Worker:
    """Open the worker with keys that are open already: their passphrase is slow on purpose."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "open_keys", lambda *_: keys)
        return worker.open_worker(opened, PASSPHRASES["WORKER"])


@contextmanager
def _serving(app: FastAPI, listener: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        wall.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def _tuf_clients_at(time: SetTime) -> Iterator[None]:
    """Give python-tuf the story's clock: it reads the computer's and cannot be told another. All else stays its own."""
    genuine = TrustedMetadataSet.__init__

    def begin(self: TrustedMetadataSet, *arguments: Any, **named: Any) -> None:
        genuine(self, *arguments, **named)
        self.reference_time = time.now()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrustedMetadataSet, "__init__", begin)
        yield
