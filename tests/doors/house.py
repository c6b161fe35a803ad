"""A real installation for tests of doors: server on loopback, both signers, the worker ticked by hand, a small fleet.

One is shared by all tests of a process (see conftest): each test takes cars of its own, and campaigns of its own.
"""

import itertools
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import event

from roadworthy import installation
from roadworthy.app import create_app
from roadworthy.cli.client import Client
from roadworthy.cli.demo import cast, story
from roadworthy.database import Database
from roadworthy.database.schema import event as events
from roadworthy.director_signer.service import listening as director_listening
from roadworthy.gate_signer.service import listening as gate_listening
from roadworthy.installation import Installation, open_installation
from roadworthy.kernel.time import SystemTime, beijing_date
from roadworthy.settings import load
from roadworthy.signing.keys import CUSTODY
from roadworthy.vehicle.provisioning import Provisioning, parse_provisioning
from roadworthy.worker import Worker, open_worker

PASSPHRASES = {custody: f"test passphrase {custody}" for custody in set(CUSTODY.values())}
MODEL = "HY7000C"  # general releases on its IVI need no permit
DDI = "/DEFAULT/controller/v1"


class MovableTime(SystemTime):
    """The wall clock, and a push forward."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@dataclass
class Car:
    """One provisioned vehicle and its line to the server."""

    document: Mapping[str, Any]
    http: httpx.Client

    @property
    def vin(self) -> str:
        return str(self.document["vin"])

    @property
    def base(self) -> str:
        return f"{DDI}/{self.vin}"

    @property
    def uptane(self) -> str:
        return f"/uptane/vehicle/{self.vin}/director"

    @property
    def token(self) -> dict[str, str]:
        return {"Authorization": f"TargetToken {self.document['token']}"}

    @property
    def provisioning(self) -> Provisioning:
        return parse_provisioning(self.document)

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask with the car's token; a path without a slash in front is below its DDI base."""
        where = path if path.startswith("/") else f"{self.base}/{path}".rstrip("/")
        headers = {**self.token, **more.pop("headers", {})}
        if "json" in more:  # not httpx's own: it cannot write a lone surrogate
            more["content"] = json.dumps(more.pop("json"))
            headers.setdefault("Content-Type", "application/json")
        return self.http.request(method, where, headers=headers, **more)

    def get(self, path: str = "", **more: Any) -> httpx.Response:
        return self.send("GET", path, **more)

    def links(self) -> dict[str, str]:
        """Poll; give the links of the base document."""
        found = self.get().raise_for_status().json()["_links"]
        return {name: link["href"] for name, link in found.items()}

    def action(self) -> int:
        """Poll; give the number of the action that is offered."""
        return int(self.links()["deploymentBase"].rpartition("/")[2].partition("?")[0])

    def tell(self, number: int, execution: str, finished: str = "none", kind: str = "deploymentBase", **more: Any):
        """Post feedback on an action."""
        status = {"execution": execution, "result": {"finished": finished}, **more}
        return self.send("POST", f"{kind}/{number}/feedback", json={"id": str(number), "status": status})


@dataclass
class House:
    """The installation and what tests do with it."""

    home: Path
    opened: Installation
    worker: Worker
    company: story.Company
    url: str
    time: MovableTime
    token: str  # of the administrator
    cars: Iterator[Car]
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    release: Mapping[str, Any] = field(default_factory=dict)
    waiting: list[Car] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.opened.database

    def tick(self) -> None:
        """Let the worker do all that is due."""
        for _ in range(20):
            if not self.worker.tick():
                return
        raise AssertionError("the worker finds no end")

    def ship(self, *cars: Car, release: Mapping[str, Any] | None = None) -> str:
        """Start a campaign of the house's release for these cars; give its id."""
        name = f"campaign {next(self.numbers)}"
        made = story.campaign(self.company, name, release or self.release, [100], vins=[car.vin for car in cars])
        self.manage(made, "start")
        return made

    def manage(self, campaign: str, verb: str) -> None:
        self.company.as_("Zhao Min").post(f"/api/v1/campaigns/{campaign}/{verb}")

    def shipped(self) -> tuple[Car, int]:
        """Give a car to which an update is offered by DDI, and the number of its action."""
        if not self.waiting:
            self.waiting = list(itertools.islice(self.cars, 30))
            self.ship(*self.waiting)
            for car in self.waiting:
                car.links()  # the first contact makes the assignment, which the log does not have yet
            self.tick()
        car = self.waiting.pop()
        if "deploymentBase" not in car.links():  # its lease was renewed meanwhile
            self.tick()
        return car, car.action()

    def status(self, number: int) -> str:
        """Give the state of an action."""
        with self.database.read() as view:
            return str(view.connection.exec_driver_sql(f"SELECT status FROM action WHERE number = {number}").scalar())

    def event_count(self) -> int:
        with self.database.read() as view:
            return int(view.scalar(events.select().with_only_columns(events.c.seq).order_by(events.c.seq.desc())) or 0)

    @contextmanager
    def statements(self) -> Iterator[list[tuple[str, Any]]]:
        """Gather the SQL statements, with their parameters, that the server sends inside the block."""
        sent: list[tuple[str, Any]] = []

        def before(_connection, _cursor, statement, parameters, _context, _many):
            sent.append((statement, parameters))

        event.listen(self.database.engine, "before_cursor_execute", before)
        try:
            yield sent
        finally:
            event.remove(self.database.engine, "before_cursor_execute", before)


def writes(statements: list[tuple[str, Any]]) -> list[str]:
    """Give those statements that change something."""
    return [sql for sql, _ in statements if sql.lstrip().split(None, 1)[0].upper() not in {"SELECT", "PRAGMA", "BEGIN"}]


@contextmanager
def running(home: Path, vehicles: int = 240, **given: str | int | bool) -> Iterator[House]:
    """Set up an installation in `home`, run it inside the block, with a fleet and one general release."""
    time = MovableTime()
    port = free_port()
    told = {"company": cast.COMPANY, "log_origin": "DEV.tests.example/log", "port": port, "poll_seconds": 1, **given}
    _, token = installation.init(home, told, PASSPHRASES, "Administrator")
    settings = load(home, {})
    with ExitStack() as stack:
        stack.enter_context(gate_listening(home, PASSPHRASES["GATE"], time=time))
        stack.enter_context(director_listening(home, PASSPHRASES["DIRECTOR"], time=time))
        opened = open_installation(settings, time)
        stack.callback(opened.close)
        stack.enter_context(_serving(create_app(opened), port))
        company = story.Company(settings.public_url, beijing_date(time.now()))
        stack.callback(lambda: [client._http.close() for client in company.clients.values()])
        administrator = Client(settings.public_url, token)
        stack.callback(administrator._http.close)
        http = stack.enter_context(httpx.Client(base_url=settings.public_url, timeout=30))
        story.founding(company, administrator, home)
        story.products(company)
        cars = _cars(administrator, home, vehicles, http)
        story.standing_filings(company)
        worker = open_worker(opened, PASSPHRASES["WORKER"])
        house = House(home, opened, worker, company, settings.public_url, time, token, iter(cars))
        image = home / "ivi-suite.img"
        image.write_bytes(cast.package("doors", 100_000))
        house.release = cleared_release(house, "ivi-suite", "5.2.0", image)
        house.tick()
        yield house


def cleared_release(house: House, name: str, version: str, image: Path, *, filed: bool = True) -> dict[str, Any]:
    """Write, approve and file a general release of the package `image` for the IVI of the model."""
    company, folder = house.company, house.home
    lin, ecu = company.as_("Lin Qiao"), company.ecus[f"{MODEL}/IVI"]
    types = {"ecus": [ecu], "vehicle_types": [company.types[MODEL]], "planned_release": company.today.isoformat()}
    base = "/api/v1/releases/" + lin.post("/api/v1/releases", {"name": name, "version": version, **types})["id"]
    lin.upload(f"{base}/package", image)
    bill = folder / f"{name}-{version}.cdx.json"
    bill.write_bytes(cast.sbom(name, version))
    lin.upload(f"{base}/sbom", bill)
    lin.put(f"{base}/declarations/{ecu}", {"values": {"ivi.theme": "dusk"}})
    story._papers(company, base, folder)
    for fact, person, value in cast.answers(safety_performance=False):
        company.as_(person).put(f"{base}/answers/{fact}", {"value": value})
    lin.post(f"{base}/submit")
    company.as_("Zhao Min").post(f"{base}/approve")
    company.as_("He Rui").post(f"{base}/classify")
    release: dict[str, Any] = lin.get(base)
    if filed:
        story.file_release(company, release)
    return release


def free_port() -> int:
    with closing(socket.socket()) as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def _cars(administrator: Client, home: Path, count: int, http: httpx.Client) -> list[Car]:
    """Import and provision `count` cars of the model."""
    lines = [f"LHYC70CC0S{number:07d},{MODEL},true" for number in range(count)]
    table = home / "cars.csv"
    table.write_text("\n".join(["vin,model_code,sold", *lines]), encoding="utf-8")
    imported = administrator.upload_form("/api/v1/vehicles/import", table)["id"]
    made = administrator.post("/api/v1/vehicles/provision", {"import_id": imported})["items"]
    shared = administrator.get("/api/v1/trust")
    return [Car({**one, **shared}, http) for one in made]


@contextmanager
def _serving(app: Any, port: int) -> Iterator[None]:
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", proxy_headers=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server does not come up"
            thread.join(0.02)
        yield
    finally:
        server.should_exit = True
        thread.join()
