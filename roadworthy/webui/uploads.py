"""Request bodies: files as a stream of chunks, never whole in memory; everything else up to a limit."""

import re
from collections.abc import Iterator, Mapping

from anyio import from_thread
from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadworthy.kernel.errors import Unusable

LARGEST_BODY = 32 * 2**20  # a campaign's list of a million VINs has 20 MiB


class TooLarge(Unusable):
    """The body is larger than allowed here; send a smaller file or raise `max_package_bytes`."""

    status = 413
    code = "body.too_large"


class Truncated(Unusable):
    """The connection ended before the whole body had come; send it again."""

    status = 400
    code = "body.truncated"


def body_chunks(request: Request, limit: int) -> Iterator[bytes]:
    """Give the body of a request chunk by chunk; for endpoints that FastAPI runs in a worker thread.

    Raises TooLarge above `limit` bytes (at once when Content-Length says so), Truncated when fewer bytes come than
    Content-Length says.
    """
    announced = request.headers.get("content-length", "")
    expected = int(announced) if announced.isdecimal() else None
    if expected is not None and expected > limit:
        raise TooLarge(f"The body has {expected} bytes; at most {limit} are allowed here.")
    stream = request.stream()

    async def following() -> bytes | None:
        return await anext(stream, None)

    received = 0
    while True:
        chunk = from_thread.run(following)
        if chunk is None:
            break
        received += len(chunk)
        if received > limit:
            raise TooLarge(f"The body has more than {limit} bytes, which is the limit here.")
        if chunk:
            yield chunk
    if expected is not None and received != expected:
        raise Truncated(f"{received} of {expected} bytes came; send it again.")


def small_body(request: Request, limit: int) -> bytes:
    """Give a whole body of at most `limit` bytes.

    Raises TooLarge, Truncated.
    """
    return b"".join(body_chunks(request, limit))


class BodyLimit:
    """ASGI middleware: whoever reads a body above the limit gets 413; FastAPI reads JSON and forms whole."""

    def __init__(self, app: ASGIApp, limits: Mapping[str, int]) -> None:
        """Limit bodies of `app` to 32 MiB; `limits` gives other limits in bytes by a pattern of the whole path."""
        self.app = app
        self.limits = [(re.compile(pattern), limit) for pattern, limit in limits.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] == "http":
            receive = self._limited(scope, receive)
        await self.app(scope, receive, send)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        limit = next((n for pattern, n in self.limits if pattern.fullmatch(scope["path"])), LARGEST_BODY)
        announced = Headers(scope=scope).get("content-length", "")
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = {"type": ""} if announced.isdecimal() and int(announced) > limit else await receive()
            received += len(message.get("body", b""))
            if not message["type"] or received > limit:
                # Of Starlette's family, since FastAPI answers 400 to any other fault in reading a body.
                raise HTTPException(413, f"The body is larger than the {limit} bytes allowed here; send less at once.")
            return message

        return limited
