"""Bodies that are refused before anything reads them: too large ones, and large ones of callers without credentials.

FastAPI reads a JSON or form body whole before it asks who is calling; without this an anonymous caller could fill
memory and disk. Endpoints that stream files (packages, papers) count them again themselves, in `uploads`.
"""

import re
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadworthy.kernel.errors import SignInNeeded
from roadworthy.webui.http import answer_error

SMALL_BODY = 64 * 1024  # bytes that anybody may send: a sign-in form
VEHICLE_BODY = 512 * 1024  # bytes that a vehicle may send; its endpoints allow less
JSON_BODY = 32 * 2**20  # bytes that a signed-in person may send: a list of a million VINs has 20 MiB


class Limits:
    """ASGI middleware: the least of what the path allows and what this caller may send."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int]) -> None:
        """Limit bodies that reach `app`; `limits` gives bytes by a pattern of the whole path, else 32 MiB."""
        self.app = app
        self.limits = [(re.compile(pattern), limit) for pattern, limit in limits.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through, or refuse it by its headers; count a body that names no length."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        announced = request.headers.get("content-length", "")
        length = int(announced) if announced.isdecimal() else None
        limit = next((n for pattern, n in self.limits if pattern.fullmatch(scope["path"])), JSON_BODY)
        if length is None or length > SMALL_BODY:
            limit = min(limit, await _allowance(request, limit))
        if length is not None and length > limit:
            told = f"The body has {length} bytes; at most {limit} are taken from this caller here. Send less at once."
            await answer_error(request, 413, "body.too_large", told)(scope, receive, send)
            return
        await self.app(scope, _counting(receive, limit), send)


async def _allowance(request: Request, most: int) -> int:
    """Give how many bytes this caller may send: a person `most`, a vehicle and a stranger little."""
    if request.headers.get("authorization", "").lower().startswith("targettoken "):
        return VEHICLE_BODY
    try:
        await run_in_threadpool(request.app.state.authenticate, request)
    except SignInNeeded:
        return SMALL_BODY
    return most


def _counting(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            # Of Starlette's family, since FastAPI answers 400 to any other fault in reading a body.
            raise HTTPException(413, f"The body is larger than the {limit} bytes allowed here; send less at once.")
        return message

    return counted
