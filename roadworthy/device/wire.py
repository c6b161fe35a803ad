"""How devices talk: small JSON bodies, ETags, and errors in hawkBit's shape."""

import json
from collections.abc import Callable, Coroutine
from hashlib import md5
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from roadworthy.device.documents import ddi_error
from roadworthy.kernel.errors import Malformed, RoadworthyError, Unusable
from roadworthy.webui.uploads import small_body

MAX_BODY = 256 * 1024
MAX_DEPTH = 32
RETRY_SECONDS = 60
HAL, JSON = "application/hal+json", "application/json"

# hawkBit's error codes: by our own code where one of ours is meant, else by status.
_BY_CODE = {
    "attributes.many": "quota.tooManyEntries",
    "action.reports": "quota.tooManyEntries",
    "feedback.details": "quota.tooManyEntries",
    "attributes.unusable": "repo.invalidTargetAttributes",
    "action.not_cancelling": "action.notCancelable",
    "artifact.gone": "artifact.binaryDeleted",
}
_BY_STATUS = {
    400: "rest.body.notReadable",
    404: "repo.entityNotFound",
    409: "repo.concurrentModification",
    413: "quota.fileSizeExceeded",
}


class NotAcceptable(Unusable):
    """Only application/hal+json and application/json are spoken here; name one of them in Accept."""

    status = 406
    code = "accept"


class WrongMediaType(Unusable):
    """Only application/json is read here; say so in Content-Type."""

    status = 415
    code = "content_type"


def body_json(request: Request) -> Any:
    """Read a JSON body of at most 256 KiB and 32 levels.

    Raises WrongMediaType when Content-Type names another type, Malformed when it is no JSON (RFC 8259: no NaN),
    TooLarge, Truncated.
    """
    told = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if told != JSON:
        raise WrongMediaType
    try:
        found = json.loads(small_body(request, MAX_BODY), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The body is no JSON: {error}.") from error
    _require_shallow(found)
    return found


def hal(request: Request, document: Any) -> Response:
    """Give a document as the caller's Accept header wants it.

    Raises NotAcceptable.
    """
    return JSONResponse(document, media_type=_media_type(request))


def etagged(request: Request, document: Any) -> Response:
    """Give a document with an ETag over its bytes, or 304 when the caller has it already.

    Raises NotAcceptable.
    """
    media_type = _media_type(request)
    content = json.dumps(document, separators=(",", ":")).encode()
    etag = f'"{md5(content, usedforsecurity=False).hexdigest()}"'
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(content, media_type=media_type, headers={"ETag": etag})


def error_response(error: RoadworthyError) -> Response:
    """Give an error as DDI clients expect it: 401 and 410 without a body, 400 for what cannot be used, else a body."""
    if error.status == 401 or error.error_code == "action.closed":
        return Response(status_code=401 if error.status == 401 else 410)
    status = 400 if error.status == 422 else error.status
    code = _BY_CODE.get(error.error_code) or _BY_STATUS.get(status, "unknown")
    # rauc-hawkbit-updater repeats after 429 each second unless it is told otherwise
    headers = {"Retry-After": str(RETRY_SECONDS)} if status in {429, 503} else None
    return JSONResponse(ddi_error(code, error.message), status, headers)


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

        return handler

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer wrong verbs too."""
        if self.methods and scope["method"] not in self.methods:
            allowed = ", ".join(sorted(self.methods))
            body = ddi_error("rest.methodNotAllowed", f"{scope['method']} is not allowed here; use {allowed}.")
            await JSONResponse(body, 405, {"Allow": allowed})(scope, receive, send)
        else:
            await super().handle(scope, receive, send)


def _media_type(request: Request) -> str:
    accepted = {part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")}
    if accepted & {HAL, "*/*", "application/*"}:
        return HAL
    if JSON in accepted:
        return JSON
    raise NotAcceptable


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _require_shallow(value: Any) -> None:
    """Refuse what is nested so deep that a later step could run out of stack."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [c for v in level if isinstance(v, dict | list) for c in (v.values() if isinstance(v, dict) else v)]
        if not level:
            return
    raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.")
