"""A whole server over a new installation, as an attacker meets it; one for all tests of a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute

from roadworthy import installation
from roadworthy.accounts import actions as accounts
from roadworthy.app import create_app
from roadworthy.database import Actor
from roadworthy.installation import Installation
from roadworthy.settings import load
from roadworthy.signing.keys import CUSTODY
from tests.rooms.app import Client

SYSTEM = Actor("system:tests")
ROLES = (
    "administrator", "release_engineer", "release_manager", "compliance_officer", "homologation_officer",
    "safety_engineer", "recall_manager", "incident_officer", "auditor",
)  # fmt: skip


class Site:
    """The server, and people of one role each with a token; "" is somebody without any role."""

    def __init__(self, opened: Installation) -> None:
        self.installation = opened
        self.app: FastAPI = create_app(opened)
        self.http = Client(self.app)
        self.ids: dict[str, Any] = {}
        self.tokens: dict[str, str] = {}
        for role in (*ROLES, ""):
            person = accounts.add_person(opened.database, SYSTEM, f"Person {role}", [role] if role else [])
            self.ids[role] = person.id
            self.tokens[role] = accounts.issue_token(opened.database, SYSTEM, person.id, "laptop")[1]

    def ask(self, method: str, path: str, role: str | None = None, **content: Any) -> httpx.Response:
        headers = dict(content.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        return self.http.request(method, path, headers=headers, **content)

    def sign_in(self, token: str, **content: Any) -> httpx.Response:
        return self.http.post("/sign-in", data={"token": token}, **content)

    def routes(self) -> list[tuple[str, str]]:
        """Every method and path that the server answers, HEAD with its GET."""
        found = []
        for route in _leaves(self.app.routes):
            found += [(method, route.path) for method in sorted(route.methods or ()) if method != "HEAD"]
        return found


@contextmanager
def site(home: Path, **given: Any) -> Iterator[Site]:
    """Make an installation and its server; `given` are settings."""
    installation.init(home, {"company": "Example", **given}, dict.fromkeys(CUSTODY.values(), "long enough"), "First")
    opened = installation.open_installation(load(home, {}))
    try:
        yield Site(opened)
    finally:
        opened.close()


def session_of(answer: httpx.Response) -> str:
    """Give the session that an answer sets."""
    return answer.cookies["roadworthy_session"]


def _leaves(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _leaves(route.original_router.routes)
