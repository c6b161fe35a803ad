"""The server over a desk.

POST   /submissions                 a packet, header Idempotency-Key; 201, or 200 when it was received before
GET    /submissions/KEY             what was received and answered; 404 {"key": KEY, "known": false}
GET    /submissions/KEY/packet      the packet as it was received
POST   /admin/scenarios             {"scenario": ..., "kind"?, "word"?, "remarks"?, "seconds"?}; DELETE forgets all
GET    /                            a page of what was received, in zh or (?lang=en) en
"""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from roadworthy.kernel.errors import RoadworthyError, Unusable
from roadworthy.kernel.time import SystemTime, Time
from roadworthy.mock_authority.desk import MOST_BYTES, Desk, Received, Rule, Scenario
from roadworthy.mock_authority.page import render

_LONGEST_WAIT = 600


class Lost(Response):
    """An answer that gets lost: the connection closes before it is whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the form of ASGI
        """Begin to answer and stop; the server then closes the connection."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"65536")]})


def create_app(folder: Path, time: Time | None = None) -> FastAPI:
    """Make the server over a desk in `folder`. It asks nobody who they are: run it on this computer only."""
    app = FastAPI(title="Mock authority", docs_url=None, redoc_url=None, openapi_url=None)
    desk = Desk(folder, time or SystemTime())
    app.state.desk = desk
    app.add_exception_handler(RoadworthyError, _problem)
    _add_submissions(app, desk)
    _add_admin(app, desk)

    @app.get("/")
    def index(lang: str = "zh") -> HTMLResponse:
        return HTMLResponse(render(desk.records(), "en" if lang == "en" else "zh"))

    return app


def _add_submissions(app: FastAPI, desk: Desk) -> None:
    @app.post("/submissions")
    async def submit(request: Request) -> Response:
        headers = request.headers
        with desk.draft() as draft:
            await _write(request, draft)
            key, announced = headers.get("idempotency-key", ""), headers.get("packet-sha256", "")
            received = await run_in_threadpool(desk.receive, key, draft, announced)
        return await _answered(received)

    @app.get("/submissions/{key}")
    def look(key: str) -> JSONResponse:
        found = desk.find(key)
        return JSONResponse({"key": key, "known": False}, 404) if found is None else JSONResponse(found)

    @app.get("/submissions/{key}/packet")
    def packet(key: str) -> FileResponse:
        return FileResponse(desk.packet(key), media_type="application/zip", filename=f"{key}.zip")


def _add_admin(app: FastAPI, desk: Desk) -> None:
    @app.post("/admin/scenarios")
    def behave(told: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        desk.behave(_rule(told))
        return {"rules": len(desk.rules())}

    @app.delete("/admin/scenarios")
    def forget() -> dict[str, Any]:
        desk.behave(None)
        return {"rules": 0}


async def _write(request: Request, draft: Path) -> None:
    length = 0
    with await run_in_threadpool(draft.open, "wb") as file:
        async for chunk in request.stream():
            length += len(chunk)
            if length > MOST_BYTES:
                raise Unusable("The packet is too large.", code="packet.too_large")
            await run_in_threadpool(file.write, chunk)


async def _answered(received: Received) -> Response:
    """Answer as the scenario says. Only the first answer is late or lost."""
    if received.is_new and received.rule.scenario is Scenario.SLOW:
        await asyncio.sleep(received.rule.seconds)
    if received.is_new and received.rule.scenario is Scenario.LOSE:
        return Lost()
    return JSONResponse(dict(received.record), 201 if received.is_new else 200)


def _rule(told: dict[str, Any]) -> Rule:
    scenario, seconds = told.get("scenario"), told.get("seconds", 5)
    texts = {name: told[name] for name in ("kind", "word", "remarks") if name in told}
    if scenario not in list(Scenario):
        raise Unusable(f"scenario is one of {', '.join(Scenario)}.", at="scenario")
    if not isinstance(seconds, int) or not 0 <= seconds <= _LONGEST_WAIT:
        raise Unusable(f"seconds is a number from 0 to {_LONGEST_WAIT}.", at="seconds")
    if not all(isinstance(one, str) and len(one) <= 200 for one in texts.values()):
        raise Unusable("kind, word and remarks are texts of at most 200 characters.")
    return Rule(Scenario(scenario), seconds=seconds, **texts)


async def _problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RoadworthyError)
    return JSONResponse({"code": error.error_code, "detail": error.message}, error.status)
