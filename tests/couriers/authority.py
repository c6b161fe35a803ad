"""The mock authority at the other end: over a real socket, or in this process where a kill takes both."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from roadworthy.kernel.errors import RoadworthyError
from roadworthy.kernel.time import Time
from roadworthy.mock_authority import Desk, create_app

BASE = "http://127.0.0.1:1"  # nobody listens there: the desk answers in this process


@contextmanager
def serving(folder: Path, time: Time) -> Iterator[str]:
    """Serve the mock authority on a free port; give its address."""
    config = uvicorn.Config(create_app(folder, time), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    while not server.started:
        running.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    running.join(10)


def at_the_desk(desk: Desk, before: Callable[[str], object] = str, after: Callable[[str], object] = str):
    """Give a transport that asks the desk; `before` and `after` get the method, and may raise what a network raises."""

    def handle(request: httpx.Request) -> httpx.Response:
        before(request.method)
        answer = _answer(desk, request)
        after(request.method)
        return answer

    return httpx.MockTransport(handle)


def _answer(desk: Desk, request: httpx.Request) -> httpx.Response:
    if request.method == "GET":
        key = request.url.path.rpartition("/")[2]
        found = desk.find(key)
        return httpx.Response(200, json=found) if found else httpx.Response(404, json={"key": key, "known": False})
    try:
        with desk.draft() as draft:
            draft.write_bytes(request.read())
            headers = request.headers
            got = desk.receive(headers["idempotency-key"], draft, headers["packet-sha256"])
    except RoadworthyError as error:
        return httpx.Response(error.status, json={"detail": error.message})
    return httpx.Response(201 if got.is_new else 200, json=dict(got.record))
