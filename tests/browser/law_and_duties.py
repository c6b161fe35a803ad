"""The console's pages of duties and law over real tables: clocks in every standing, packs in every state.

Titles and names hold markup, so that a page that forgets to escape shows it.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request

from roadworthy.accounts import store as accounts
from roadworthy.accounts.model import Person, UsrId
from roadworthy.clocks import actions as clocks
from roadworthy.clocks.delivery import Deliverer, Inbox
from roadworthy.clocks.poller import Poller
from roadworthy.clocks.web.console import console as clocks_console
from roadworthy.database import Actor, Database
from roadworthy.database.migrate import upgrade
from roadworthy.kernel.decision import Text
from roadworthy.kernel.time import SetTime
from roadworthy.rulebook import actions as rulebook
from roadworthy.rulebook.model import Mode
from roadworthy.rulebook.web.console import console as law_console
from roadworthy.webui.console import install_console
from tests.clocks.plans import RECIPE, ROOM, begin, plan
from tests.conftest import START
from tests.rulebook.packs import SHIPPED, STRICT, text_of

MARKUP = "<img src=x onerror=alert(1)>"
PEOPLE = {
    "author": ("administrator", "compliance_officer", "release_manager"),
    "counsel": ("compliance_officer",),
    "second": ("release_manager",),
    "auditor": ("auditor",),
}


class World:
    """A database with a life, the application over it, and who is signed in (`world.who`)."""

    def __init__(self, home: Path) -> None:
        url = f"sqlite:///{home / 'roadworthy.db'}"
        self.time = SetTime(START)
        self.database = Database(url, self.time)
        upgrade(self.database)
        self.people = {name: self._person(name, roles) for name, roles in PEOPLE.items()}
        self.who = self.people["counsel"]
        rulebook.adopt(self.database, SHIPPED)
        self.packs = self._packs()
        self.clocks = self._clocks()
        self.app = self._app()

    def close(self) -> None:
        self.database.close()

    def poll(self) -> None:
        """Do what a worker does for clocks."""
        Poller(self.database, "one").tick()
        Deliverer(self.database, [Inbox(self.database)]).tick()

    def _person(self, name: str, roles: tuple[str, ...]) -> Actor:
        made = UsrId.new(self.time.now())
        self.time.advance(milliseconds=5)
        with self.database.begin(ROOM) as work:
            shown = f"{name.title()} {MARKUP}"
            accounts.save_person(work, Person(made, shown, frozenset(roles), True, "0" * 32, work.now))
            work.record("person.added", made, {})
        return Actor(made, frozenset(roles))

    def _packs(self) -> dict[str, str]:
        """One draft, one that counsel has signed, one approved, one proposed, one on trial."""
        hostile = text_of("1.5.0", pack="company.hostile").replace(
            b"en: Company safety policy", f'en: "Policy {MARKUP}"'.encode()
        )
        found = {
            "draft": self._import(text_of("1.1.0")),
            "review": self._import(hostile, "submit", "counsel"),
            "approved": self._import(text_of("1.2.0"), "submit", "counsel", "second"),
            "proposed": self._import(text_of("1.3.0"), "submit", "counsel", "second"),
            "trial": self._import(STRICT, "submit", "counsel", "second"),
        }
        counsel, second = self.people["counsel"], self.people["second"]
        at = self.time.now() + timedelta(days=20)
        rulebook.propose(self.database, counsel, found["proposed"], Mode.IN_FORCE, at)
        trial = rulebook.propose(self.database, counsel, found["trial"], Mode.SHADOW)
        rulebook.confirm(self.database, second, trial.id)
        self.time.advance(seconds=1)
        rulebook.settle(self.database)
        return found

    def _import(self, text: bytes, *steps: str) -> str:
        made = rulebook.import_pack(self.database, self.people["author"], text)
        for step in steps:
            self.time.advance(seconds=1)
            if step == "submit":
                rulebook.submit(self.database, self.people["author"], made.digest)
            else:
                rulebook.sign(self.database, self.people[step], made.digest)
        return made.digest

    def _clocks(self) -> dict[str, str]:
        """Clocks in every standing at the end of it."""
        now = self.time.now()
        month: dict[str, Any] = {"provisional": True, "recipe": RECIPE}
        title = Text(f"含标记的报告 {MARKUP}", f"Report {MARKUP}")
        found = {
            "overdue": begin(self.database, plan(now, 24, "CMP-1", title=title)),
            "soon": begin(self.database, plan(now, 30, "CMP-2", late_at_knowledge=True, known_at=now)),
            "running": begin(self.database, plan(now, 24 * 60, "CMP-3", duty="EIDC22-4d", **month)),
            "met": begin(self.database, plan(now, 48, "CMP-4")),
            "late": begin(self.database, plan(now, 3, "CMP-5")),
            "cancelled": begin(self.database, plan(now, 48, "CMP-6")),
            "old": begin(self.database, plan(now, 48, "CMP-7", occasion="period 2")),
        }
        with self.database.begin(ROOM) as work:
            found["corrected"] = clocks.correct(work, found["old"], plan(now, 72, "CMP-7", occasion="period 2"))
        for hours in (13, 12.5):
            self.time.advance(hours=hours)
            self.poll()
        with self.database.begin(ROOM) as work:
            clocks.satisfy(work, found["met"], now + timedelta(hours=2), "FIL-1")
            clocks.satisfy(work, found["late"], now + timedelta(hours=5), "FIL-2")
            clocks.cancel(work, found["cancelled"], "The campaign ended before this time.")
        return found

    def _app(self) -> FastAPI:
        app = FastAPI()
        install_console(app)
        app.state.database, app.state.demo = self.database, True
        app.state.authenticate = lambda _request: self.who
        app.state.sign_in, app.state.sign_out = str, lambda _session: None
        app.state.reader_name = self._name()
        app.include_router(clocks_console)
        app.include_router(law_console)
        return app

    def _name(self) -> Callable[[Request], str]:
        return lambda _request: next(name.title() for name, actor in self.people.items() if actor is self.who)
