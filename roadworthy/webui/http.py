"""HTTP manners of all rooms: who is signed in, problem+json (RFC 9457), paging, and size limits."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from roadworthy.database import Actor
from roadworthy.kernel.errors import Malformed, RoadworthyError

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


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the three families, of validation and of routing as problem+json."""

    @app.exception_handler(RoadworthyError)
    def _family(_request: Request, error: RoadworthyError) -> Response:
        found = [f.to_json() for f in error.findings]
        return problem(error.status, error.error_code, error.message, at=error.at, findings=found)

    @app.exception_handler(RequestValidationError)
    def _validation(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first.get("loc", ()))
        status = 400 if first.get("type") == "json_invalid" else 422
        return problem(
            status, "request.invalid", f"{where}: {first.get('msg')}; correct it and send it again.", at=where
        )

    @app.exception_handler(HTTPException)
    def _routing(_request: Request, error: HTTPException) -> Response:
        answer = problem(error.status_code, "http", str(error.detail))
        answer.headers.update(error.headers or {})
        return answer
