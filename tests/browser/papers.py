"""The console's pages of papers over real tables: papers at every step, one of them with hostile words.

Each channel is a portal, into which a person copies; one packet is in doubt.
"""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request

from roadworthy.couriers.interface import Evidence, Unsure
from roadworthy.couriers.outgoing import Dispatcher
from roadworthy.database import Actor, Database
from roadworthy.database.migrate import upgrade
from roadworthy.filings import actions
from roadworthy.filings.model import Authority, Filing, Role, Scope
from roadworthy.filings.web import console
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import SetTime
from roadworthy.products import actions as products
from roadworthy.settings import Settings
from roadworthy.storage import ArtifactStore
from roadworthy.webui.console import install_console
from tests import papers
from tests.conftest import START
from tests.rooms.app import COMPLIANCE, OFFICER, SECOND

MARKUP = "<img src=x onerror=alert(1)>"
NAMES = {OFFICER.id: "Officer", SECOND.id: "Second", COMPLIANCE.id: "Counsel"}


class Lost:
    """A channel whose line breaks after everything was sent."""

    repeatable = asks = False

    def __init__(self, like) -> None:
        self.channel, self.longest = like.channel, like.longest

    def send(self, _packet, _attempt):
        return Unsure(Evidence(self.channel, START), Text("线路中断", "The line broke"))


class World:
    """A database with papers, the application over it, and who is signed in (`world.who`)."""

    def __init__(self, home: Path) -> None:
        self.time = SetTime(START)
        self.database = Database(f"sqlite:///{home / 'roadworthy.db'}", self.time)
        upgrade(self.database)
        self.who: Actor = OFFICER
        self.artifacts = ArtifactStore(home / "artifacts")
        self.artifacts.put([papers.ATTACHED])
        uris = dict.fromkeys(Authority, "portal:")
        self.couriers = actions.open_channels(uris, self.artifacts, self.time, lambda _: "")
        self.couriers["MIIT/miit_stage_report"] = Lost(self.couriers["MIIT/miit_stage_report"])
        made = products.add_vehicle_type(
            self.database, OFFICER, model_code="EX1", name="One", automation_level=2, licensed_manufacturer="Example"
        )
        self.scope = Scope(vehicle_type_ids=(made.id,), package_sha256="ab" * 32)
        self.papers = {name: one.id for name, one in self._papers()}
        self.app = self._app(Settings(home, "", "http://127.0.0.1:1"))

    def close(self) -> None:
        self.database.close()

    def _papers(self):
        write = self._write
        yield "draft", write("miit_type", missing=True)
        yield "complete", self._complete(write("samr_parameters"))
        yield "signed", papers.signed(self.database, OFFICER, SECOND, write("recall_plan"))
        yield "handed", self._send(write("miit_enterprise"))
        yield "unsure", self._send(write("miit_stage_report"))
        valid = papers.submitted(self.database, OFFICER, SECOND, write("samr_record"), "2026-03-02")
        yield "valid", papers.accepted(self.database, SECOND, valid)
        returned = papers.submitted(self.database, OFFICER, SECOND, write("deep_test_plan"), "2026-03-02")
        yield "returned", actions.send_back(self.database, OFFICER, returned.id, f"Page 3 {MARKUP}")
        yield "ours", write("miit_activity", other="Another purpose")

    def _write(self, kind: str, *, missing: bool = False, other: str = "") -> Filing:
        self.time.advance(seconds=1)
        scope = Scope() if kind == "miit_enterprise" else self.scope
        facts = papers.facts_for(self.database, kind, scope)
        if kind == "samr_record":
            facts["activity"] = {**facts["activity"], "purpose": "One purpose"}
        if missing:
            first = next(name for name, value in facts.items() if isinstance(value, dict) and name != "model")
            facts[first] = {}
        more = {"beside": self.valid} if other else {}
        if other:
            facts["activity"] = {**facts["activity"], "purpose": f"{other} {MARKUP}"}
        made = papers.drafted(self.database, OFFICER, kind, scope, facts=facts, **more)
        if kind == "samr_record":
            self.valid = made.id
            file = papers.kept(papers.pdf("markup"), f"{MARKUP}.pdf")
            actions.attach(self.database, OFFICER, made.id, Role.ATTACHMENT, file)
        return made

    def _complete(self, made: Filing) -> Filing:
        return actions.complete(self.database, OFFICER, made.id)

    def _send(self, made: Filing) -> Filing:
        papers.signed(self.database, OFFICER, SECOND, made)
        url = f"http://127.0.0.1:1/filings/{made.id}"
        found = actions.send(self.database, self.artifacts, OFFICER, made.id, url)
        Dispatcher(self.database, self.artifacts.open, self.couriers).tick()
        return found

    def _app(self, settings: Settings) -> FastAPI:
        app = FastAPI()
        install_console(app)
        app.state.database, app.state.demo, app.state.settings = self.database, True, settings
        app.state.artifacts, app.state.couriers = self.artifacts, self.couriers
        app.state.authenticate = lambda _request: self.who
        app.state.sign_in, app.state.sign_out = str, lambda _session: None
        app.state.reader_name = self._name()
        app.include_router(console)
        return app

    def _name(self) -> Callable[[Request], str]:
        return lambda _request: NAMES[self.who.id]
