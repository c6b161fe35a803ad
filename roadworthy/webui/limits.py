"""Bodies that are refused before anything reads them: too large ones, and large ones of callers without credentials.

FastAPI reads a JSON or form body before it asks who is calling; without this an anonymous caller could fill memory
and disk. Endpoints that stream (packages, papers) have limits of their own in `uploads`.
"""

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadworthy.kernel.errors import SignInNeeded
from roadworthy.webui.http import answer_error

SMALL_BODY = 64 * 1024  # bytes that anybody may send: a sign-in form
VEHICLE_BODY = 256 * 1024  # bytes that a vehicle may send: its endpoints count them
JSON_BODY = 32 * 2**20  # bytes of JSON that a signed-in person may send: a list of a million VINs
FORM_BODY = 300 * 2**20  # bytes of a form with a file


class Limits:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        """Limit what reaches `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through, or refuse it by its headers; count a body that names no length."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        announced = request.headers.get("content-length", "")
        length = int(announced) if announced.isdecimal() else None
        if length is not None and length <= SMALL_BODY:
            await self.app(scope, receive, send)
            return
        limit = await _limit(request)
        if length is not None and limit is not None and length > limit:
            told = f"The body has {length} bytes; at most {limit} are taken from this caller here."
            await answer_error(request, 413, "body.too_large", told)(scope, receive, send)
            return
        await self.app(scope, _counting(receive, limit), send)


async def _limit(request: Request) -> int | None:
    """Give the most bytes for this request; None where the endpoint itself counts a stream."""
    headers = request.headers
    if headers.get("authorization", "").lower().startswith("targettoken "):
        return VEHICLE_BODY
    try:
        await run_in_threadpool(request.app.state.authenticate, request)
    except SignInNeeded:
        return SMALL_BODY
    return _limit_of_kind(headers)


def _limit_of_kind(headers: Headers) -> int | None:
    kind = headers.get("content-type", "")
    if kind.startswith("application/json"):
        return JSON_BODY
    return FORM_BODY if kind.startswith(("multipart/", "application/x-www-form-urlencoded")) else None


def _counting(receive: Receive, limit: int | None) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if limit is not None and message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                # As if the sender had gone: a body without an announced length is read no further.
                return {"type": "http.disconnect"}
        return message

    return counted
