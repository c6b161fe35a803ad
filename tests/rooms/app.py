"""A server with the routers under test, signed in as whoever the header says."""

import asyncio
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI, Request

from roadworthy.database import Actor, Database
from roadworthy.kernel.errors import SignInNeeded
from roadworthy.webui.http import install_problem_handlers

ADMINISTRATOR = Actor("USR-01ADMN0000000000000000000A", frozenset({"administrator"}))
OFFICER = Actor("USR-01FF1CER0000000000000000AA", frozenset({"homologation_officer"}))
SECOND = Actor("USR-01FF1CER0000000000000000BB", frozenset({"homologation_officer"}))
COMPLIANCE = Actor("USR-01C0MP000000000000000000CC", frozenset({"compliance_officer"}))
AUDITOR = Actor("USR-01AVD1T000000000000000000A", frozenset({"auditor"}))
NOBODY = Actor("USR-01N0B0DY00000000000000000A")


class Client:
    """Sends one request at a time straight into the application."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
                return await http.request(method, path, **content)

        return asyncio.run(send())

    def get(self, path: str, **content: Any) -> httpx.Response:
        return self.request("GET", path, **content)

    def post(self, path: str, **content: Any) -> httpx.Response:
        return self.request("POST", path, **content)

    def put(self, path: str, **content: Any) -> httpx.Response:
        return self.request("PUT", path, **content)

    def patch(self, path: str, **content: Any) -> httpx.Response:
        return self.request("PATCH", path, **content)

    def delete(self, path: str, **content: Any) -> httpx.Response:
        return self.request("DELETE", path, **content)


def client(database: Database, actor: Actor | None, *routers: APIRouter) -> Client:
    """Give a client of a server that holds `actor` for signed in."""
    app = FastAPI()
    install_problem_handlers(app)

    def authenticate(_request: Request) -> Actor:
        if actor is None:
            raise SignInNeeded
        return actor

    app.state.database, app.state.authenticate = database, authenticate
    for router in routers:
        app.include_router(router)
    return Client(app)
