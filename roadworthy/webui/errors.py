"""Errors as a person reads them: a page with what happened, why, and what to do next."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from roadworthy.kernel.decision import Text
from roadworthy.webui import pages
from roadworthy.webui.words import N_

# What a status means to a person: heading and next step. Anything else is a fault on our side.
_MEANINGS = {
    400: (N_("This request cannot be read"), N_("Go back, correct what is named below, and send it again.")),
    401: (N_("Sign in first"), N_("Sign in with your API token, then open the page again.")),
    403: (N_("Somebody else must do this"), N_("Ask a person who holds the role, or sign in as that person.")),
    404: (N_("There is no such page"), N_("Check the address, or start from the menu.")),
    405: (N_("This cannot be done at this address"), N_("Go back and use the buttons of the page.")),
    409: (N_("This is refused for now"), N_("Supply what is missing, then try again.")),
    422: (N_("This cannot be used as it is"), N_("Go back, correct what is named below, and send it again.")),
}
# Refusals that the console's own forms can meet: said in full in the reader's language, instead of the API's English.
_SENTENCES = {
    "changed_meanwhile": N_("Somebody else changed this meanwhile. Look at it again, then repeat."),
    "confirm.missing": N_("Type the id exactly as it is shown: this cannot be undone."),
    "four_eyes": N_("Nobody approves the own work. Ask another person to approve it."),
    "gate.closed": N_("The gate is not open. Supply what is missing below, then try again."),
    "request.cross_site": N_("This request came from another site. Open the console itself and try again."),
    "role.missing": N_("You do not hold the role that this needs. Ask somebody who holds it."),
    "state.wrong": N_("This cannot be done in the present state. Go back to see what can be done now."),
    "waves.all": N_("All waves are open already. Complete the campaign when its vehicles are done."),
}
_FAULT = (N_("Something broke on our side"), N_("Try again. If it happens again, tell your administrator the time."))


def wants_html(request: Request) -> bool:
    """Say whether a browser asks for a page: programs that send no Accept header, or `*/*`, get problem+json."""
    return "text/html" in request.headers.get("accept", "")


def sign_in_page(request: Request) -> Response:
    """Send the browser to the sign-in page and back here afterwards."""
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    target = "/sign-in" if request.method != "GET" else f"/sign-in?next={quote(where)}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in", "Cache-Control": "no-store"})
    return RedirectResponse(target, 303, {"Cache-Control": "no-store"})


def error_page(
    request: Request, status: int, code: str, detail: str, *, at: str = "", findings: Sequence[dict[str, Any]] = ()
) -> Response:
    """Answer a browser with a page, or htmx with a banner for the page it has open.

    The heading, the next step and findings are in the reader's language. `detail`, the message of the API in plain
    English, is added where no sentence of ours says the same.
    """
    heading, hint = _MEANINGS.get(status, _FAULT)
    context = {
        "at": at,
        "code": code,
        "detail": detail if status < 500 and code not in _SENTENCES else "",
        "findings": [_readable(f) for f in findings],
        "heading": heading,
        "hint": _SENTENCES.get(code, hint),
        "phrase": HTTPStatus(status).phrase,
        "status": status,
        "up": request.url.path.rpartition("/")[0] or "/",
    }
    if request.headers.get("hx-request") == "true":
        answer = pages.respond(request, pages.draw(request, "webui/error_banner.html", context), status=status)
        answer.headers.update({"HX-Retarget": "#notice", "HX-Reswap": "innerHTML", "HX-Push-Url": "false"})
        return answer
    return pages.respond(request, pages.draw(request, "webui/error.html", context), status=status)


def _readable(found: dict[str, Any]) -> dict[str, Any]:
    """Give a finding's JSON its two-language texts back."""
    return found | {name: Text(found[name]["zh"], found[name]["en"]) for name in ("text", "fix")}
