"""The console's routes of duties: the board, the page of a clock, and what was told to the reader's roles."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from roadworthy.accounts import store as accounts_store
from roadworthy.clocks import actions, store, watch
from roadworthy.clocks.model import ClkId
from roadworthy.clocks.store import messages
from roadworthy.clocks.web import board
from roadworthy.clocks.web.words import STANDING, TIMER, UNWATCHED, occasion_words, recipe_words, reminder_words
from roadworthy.database import Actor, View
from roadworthy.kernel.decision import Outcome
from roadworthy.kernel.errors import SignInNeeded
from roadworthy.webui import menu, pages
from roadworthy.webui.http import signed_in
from roadworthy.webui.words import AUTHORITIES, BASES, DECISIONS, ROLES

console = APIRouter(include_in_schema=False)
Signed = Annotated[Actor, Depends(signed_in)]
LIVE, ROWS = "duties-live", "duties"
POLL_SECONDS = 10

pages.add_templates("clocks", Path(__file__).parent / "templates")


def waiting(request: Request) -> int:
    """Count the clocks that wait for the reader to look at what was told to the own roles."""
    if not hasattr(request.state, "duties_waiting"):
        request.state.duties_waiting = _waiting(request)
    found: int = request.state.duties_waiting
    return found


menu.register("duties", "/duties", waiting)


@console.get("/duties")
def duties(request: Request, actor: Signed) -> Response:
    """Show what is owed, the next due first, and what the reader was told."""
    asked = board.asked_of(request.query_params)
    wanted = pages.part_wanted(request, LIVE, ROWS)
    with request.app.state.database.read() as view:
        context = _words() | _health(view) | {"asked": asked, "poll": POLL_SECONDS}
        if wanted != LIVE:
            shown, following = board.rows(view, asked)
            context |= {"rows": shown, "next_after": following, "duties_known": store.duties_known(view)}
        if wanted != ROWS:
            told, more = board.for_roles(view, actor.roles)
            context |= {"told": told, "more_told": more, "summary": board.summary(view)}
    if wanted:
        body, etag = _region(request, wanted, context)
        return pages.respond(request, body, etag=etag)
    for part in (LIVE, ROWS):
        context[part.replace("-", "_")] = Markup(_region(request, part, context)[0])  # noqa: S704 - our own template
    return pages.respond(request, pages.draw(request, "clocks/page.html", context))


@console.get("/duties/{clock_id}")
def duty(request: Request, actor: Signed, clock_id: str) -> Response:
    """Show one clock: how its time is counted, its reminders, who was told, and its corrections."""
    with request.app.state.database.read() as view:
        found = store.load(view, ClkId.parse(clock_id))
        row = board.beside(view, [found])[0]
        context = (
            _words()
            | _health(view)
            | {
                "row": row,
                "timers": store.timers_of(view, [found.id]),
                "generations": board.beside(view, store.of_duty(view, found.plan.key)),
                "names": accounts_store.names_of(view, {one.seen_by for one in row.told if one.seen_by}),
                "recipe": recipe_words(found.plan),
                "unseen": any(one.role in actor.roles and one.seen_at is None for one in row.told),
            }
        )
    return pages.respond(request, pages.draw(request, "clocks/clock.html", context))


@console.post("/duties/{clock_id}/seen")
def seen(request: Request, actor: Signed, clock_id: str) -> Response:
    """Note that the reader saw what the own roles were told of a clock, and come back to the board."""
    actions.see_all(request.app.state.database, actor, ClkId.parse(clock_id))
    return RedirectResponse("/duties", 303)


def _region(request: Request, part: str, context: dict[str, Any]) -> tuple[str, str]:
    """Draw a region that asks again by itself; it carries the ETag of what is inside."""
    name = {LIVE: "clocks/live.html", ROWS: "clocks/rows.html"}[part]
    inner = pages.draw(request, name, context)
    etag = pages.etag_of(inner)
    query = context["asked"].query(after=context["asked"].after)
    around = {"etag": etag, "id": part, "inner": Markup(inner), "poll": context["poll"], "query": query}  # noqa: S704 - our own template
    return pages.draw(request, "clocks/region.html", around), etag


def _health(view: View) -> dict[str, Any]:
    found = watch.health(view, view.now)
    return {
        "findings": found,
        "now": view.now,
        "unwatched": any(one.state is Outcome.BLOCKED for one in found),
        "not_watched": UNWATCHED,
    }


def _waiting(request: Request) -> int:
    try:
        actor = signed_in(request)
    except SignInNeeded:
        return 0  # pages for visitors
    if not actor.roles:
        return 0
    with request.app.state.database.read() as view:
        return messages.count_unseen(view, actor.roles)


def _words() -> dict[str, Any]:
    return {
        "authorities": AUTHORITIES,
        "bases": BASES,
        "decisions": DECISIONS,
        "occasion_words": occasion_words,
        "reminder_words": reminder_words,
        "roles": ROLES,
        "standings": STANDING,
        "timer_words": TIMER,
    }
