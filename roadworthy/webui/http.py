"""HTTP manners of all rooms: who is signed in, errors as problem+json (RFC 9457) or pages, paging, size limits."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from roadworthy.database import Actor
from roadworthy.kernel.errors import Broken, Malformed, RoadworthyError, SignInNeeded
from roadworthy.webui.errors import error_page, sign_in_page, wants_html
from roadworthy.webui.security import confine

MAX_PAGE = 500


def signed_in(request: Request) -> Actor:
    """Give the actor of this request: from the API token or the session, as the roof's `authenticate` finds it.

    Raises SignInNeeded.
    """
    actor: Actor = request.app.state.authenticate(request)
    return actor


def page_limit(limit: int) -> int:
    """Check a page size.

    Raises Malformed outside 1..500: nothing is capped silently.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise Malformed(f"limit={limit}: ask for 1 to {MAX_PAGE} lines and follow `next`.", at="limit")
    return limit


def page(items: Sequence[Any], limit: int, key: str = "id") -> dict[str, Any]:
    """Shape one page of a list that was read with `limit + 1` lines."""
    shown = list(items[:limit])
    return {"items": shown, "next": shown[-1][key] if len(items) > limit else None}


def problem(
    status: int, code: str, detail: str, *, at: str = "", findings: Sequence[dict[str, Any]] = ()
) -> JSONResponse:
    """Write an error as application/problem+json."""
    body: dict[str, Any] = {"type": f"/help/errors#{code}", "status": status, "code": code, "detail": detail}
    if at:
        body["at"] = at
    if findings:
        body["findings"] = list(findings)
    return JSONResponse(body, status, media_type="application/problem+json")


def answer_error(
    request: Request, status: int, code: str, detail: str, *, at: str = "", findings: Sequence[dict[str, Any]] = ()
) -> Response:
    """Answer an error as a page when a browser asks for one, else as problem+json."""
    if wants_html(request):
        return error_page(request, status, code, detail, at=at, findings=findings)
    return problem(status, code, detail, at=at, findings=findings)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the three families, of validation, of routing, and every fault nobody foresaw."""
    app.add_exception_handler(RoadworthyError, _family)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _routing)
    app.add_exception_handler(Exception, _unforeseen)


def _family(request: Request, error: Exception) -> Response:
    if not isinstance(error, RoadworthyError):
        raise error
    if isinstance(error, SignInNeeded) and wants_html(request):
        return sign_in_page(request)
    found = [f.to_json() for f in error.findings]
    return answer_error(request, error.status, error.error_code, error.message, at=error.at, findings=found)


def _validation(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    where = ".".join(str(part) for part in first.get("loc", ()))
    status = 400 if first.get("type") == "json_invalid" else 422
    detail = f"{where}: {first.get('msg')}; correct it and send it again."
    return answer_error(request, status, "request.invalid", detail, at=where)


def _routing(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    answer = answer_error(request, error.status_code, "http", _next_step(request, error))
    answer.headers.update(error.headers or {})
    return answer


def _next_step(request: Request, error: HTTPException) -> str:
    """Say what to do; Starlette itself says only what a status is called."""
    told = str(error.detail)
    if told != HTTPStatus(error.status_code).phrase:
        return told
    if error.status_code == 404:
        return "There is nothing at this address; /api/v1/openapi.json lists all."
    allowed = (error.headers or {}).get("Allow", "")
    return f"{request.method} is not possible here; use {allowed}." if allowed else f"{told}; check the request."


def _unforeseen(request: Request, _error: Exception) -> Response:
    """Answer a fault; Starlette raises it again behind this answer, so it reaches the server's log.

    That answer is sent outside all middleware, so it is confined here.
    """
    answer = answer_error(request, 500, "broken", (Broken.__doc__ or "").strip())
    confine(answer.headers, request.url.scheme)
    return answer
