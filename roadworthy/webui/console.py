"""Putting the console into an application: one call at the roof."""

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from roadworthy.webui import assets, menu, session
from roadworthy.webui.http import answer_error, install_problem_handlers
from roadworthy.webui.security import Guard


def install_console(app: FastAPI) -> None:
    """Add error answers, static files, the sign-in pages, security headers and the same-origin guard to `app`.

    The roof sets on `app.state`: `authenticate(request) -> Actor` (raises SignInNeeded; `session.session_of` reads
    the cookie), `sign_in`, `sign_out`, and for the demo `demo = True` and `demo_people` (see `session`); optionally
    `reader_name(request) -> str | Text`, the name shown in the top bar.
    """
    install_problem_handlers(app)
    app.include_router(assets.router)
    app.include_router(session.router)
    app.add_api_route("/", _front, include_in_schema=False)
    app.add_middleware(Guard, refuse=_refuse_forged)


def _front(request: Request) -> Response:
    """Lead to the first section of the menu."""
    for group in menu.groups(request):
        return RedirectResponse(group.entries[0].href, 303)
    return RedirectResponse("/sign-in", 303)


def _refuse_forged(request: Request) -> Response:
    message = "This request came from another site; open the console itself and try again."
    return answer_error(request, 403, "request.cross_site", message)
