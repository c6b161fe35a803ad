"""How devices talk: small JSON bodies, ETags, and errors in hawkBit's shape."""

import json
from collections.abc import Callable, Coroutine
from hashlib import md5
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response

from roadworthy.device.documents import ddi_error
from roadworthy.kernel.errors import Malformed, RoadworthyError
from roadworthy.webui.uploads import small_body

MAX_BODY = 256 * 1024
_CODES = {
    400: "rest.body.notReadable",
    401: "unauthorized",
    404: "repo.entityNotFound",
    413: "quota.tooManyEntries",
    422: "rest.body.notReadable",
}


def body_json(request: Request) -> Any:
    """Read a JSON body of at most 256 KiB.

    Raises Malformed when it is no JSON, TooLarge above the limit.
    """
    try:
        return json.loads(small_body(request, MAX_BODY))
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The body is no JSON: {error}.") from error


def etagged(request: Request, document: Any) -> Response:
    """Give a document with an ETag over its bytes, or 304 when the caller has it already."""
    content = json.dumps(document, separators=(",", ":")).encode()
    etag = f'"{md5(content, usedforsecurity=False).hexdigest()}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(content, media_type="application/hal+json", headers={"ETag": etag})


def error_response(error: RoadworthyError) -> Response:
    """Give an error as DDI clients expect it: 401 without a body, 400 for what cannot be used, else hawkBit's body."""
    if error.status == 401:
        return Response(status_code=401)
    status = 400 if error.status == 422 else error.status
    return JSONResponse(ddi_error(_CODES.get(error.status, "internal"), error.message), status)


class DeviceRoute(APIRoute):
    """A route whose errors are answered as DDI clients expect them, instead of as problem+json."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        plain = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await plain(request)
            except RoadworthyError as error:
                return error_response(error)
            except RequestValidationError as error:
                where = ".".join(str(part) for part in error.errors()[0].get("loc", ()))
                return JSONResponse(ddi_error(_CODES[400], f"{where} cannot be read"), 400)

        return handler
