"""Signing in and out of the console. Who may, and what a session is, the roof decides (`app.state`).

app.state.sign_in(token: str) -> str          a new session's id; raises SignInNeeded for a wrong token
app.state.sign_out(session: str) -> None      end it on the server
app.state.demo_people() -> [(label, token)]   asked only when app.state.demo is true; label is str or Text
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import SignInNeeded
from roadworthy.webui import pages

SESSION_COOKIE = "roadworthy_session"

router = APIRouter(include_in_schema=False)


def session_of(request: Request) -> str:
    """Give the session id that the browser sent; empty when there is none."""
    return request.cookies.get(SESSION_COOKIE, "")


@router.get("/sign-in")
def sign_in_form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the word in the address
    """Show the sign-in page."""
    return _form(request, local(next))


@router.post("/sign-in")
def sign_in(
    request: Request,
    token: Annotated[str, Form()] = "",
    person: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the word in the form
) -> Response:
    """Open a session for an API token, or in the demo for a person of the cast, and go on to `next`."""
    try:
        session = request.app.state.sign_in(_token_of(request, person) if person else token.strip())
    except SignInNeeded:
        return _form(request, local(next), failed=True)
    answer = RedirectResponse(local(next), 303, {"Cache-Control": "no-store"})
    secure = request.url.scheme == "https"
    answer.set_cookie(SESSION_COOKIE, session, httponly=True, samesite="strict", secure=secure)
    return answer


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session on the server and in the browser."""
    if session := session_of(request):
        request.app.state.sign_out(session)
    answer = RedirectResponse("/sign-in", 303, {"Cache-Control": "no-store"})
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    return answer


def local(target: str) -> str:
    """Give `target` when it is a path of this console, else the front page: no redirect leads elsewhere."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain else "/"


def _form(request: Request, target: str, *, failed: bool = False) -> Response:
    context = {"failed": failed, "next": target, "people": [label for label, _ in _people(request)]}
    body = pages.draw(request, "webui/sign_in.html", context)
    return pages.respond(request, body, status=401 if failed else 200)


def _people(request: Request) -> list[tuple[Text | str, str]]:
    """Give the demo's cast; nobody outside the demo."""
    return list(request.app.state.demo_people()) if getattr(request.app.state, "demo", False) else []


def _token_of(request: Request, person: str) -> str:
    """Find the token of a person of the demo by the label's English form.

    Raises SignInNeeded when there is no such person, which is always so outside the demo.
    """
    for label, token in _people(request):
        if person == (label.en if isinstance(label, Text) else label):
            return token
    raise SignInNeeded
