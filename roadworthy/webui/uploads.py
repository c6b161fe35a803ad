"""Request bodies as a stream of chunks, never whole in memory."""

from collections.abc import Iterator
from time import monotonic

from anyio import fail_after, from_thread
from fastapi import Request

from roadworthy.kernel.errors import Unusable

REST_SECONDS = 10.0
SLOWEST = 1_000  # bytes a second


class TooLarge(Unusable):
    """The body is larger than allowed here; send a smaller file or raise `max_package_bytes`."""

    status = 413
    code = "body.too_large"


class TooSlow(Unusable):
    """The body came too slowly; send it again over a better connection."""

    status = 408
    code = "body.too_slow"


class Truncated(Unusable):
    """The connection ended before the whole body had come; send it again."""

    status = 400
    code = "body.truncated"


def body_chunks(request: Request, limit: int) -> Iterator[bytes]:
    """Give the body of a request chunk by chunk; for endpoints that FastAPI runs in a worker thread.

    Raises TooLarge above `limit` bytes (at once when Content-Length says so), Truncated when fewer bytes come than
    Content-Length says, TooSlow when the sender rests for 10 seconds or stays below 1,000 bytes a second: a sender
    that only holds the line would hold a worker thread with it.
    """
    announced = request.headers.get("content-length", "")
    expected = int(announced) if announced.isdecimal() else None
    if expected is not None and expected > limit:
        raise TooLarge(f"The body has {expected} bytes; at most {limit} are allowed here.")
    stream = request.stream()

    began = monotonic()

    async def following() -> bytes | None:
        try:
            with fail_after(REST_SECONDS):
                return await anext(stream, None)
        except TimeoutError as error:
            raise TooSlow from error

    received = 0
    while True:
        chunk = from_thread.run(following)
        if chunk is None:
            break
        received += len(chunk)
        if received < SLOWEST * (monotonic() - began - REST_SECONDS):
            raise TooSlow
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
