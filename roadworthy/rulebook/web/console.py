"""The console's routes of law: what counts, one pack in words, and the decisions of two people about a version."""

from collections.abc import Iterable
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from roadworthy.accounts import store as accounts_store
from roadworthy.database import Actor, Database, View
from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.kernel.time import BEIJING, beijing_date, parse_date
from roadworthy.law.edition import pack_in
from roadworthy.law.model import Pack
from roadworthy.law.packs import Packs
from roadworthy.rulebook import actions, store
from roadworthy.rulebook.model import AcvId, Meaning, Mode, PackVersion
from roadworthy.rulebook.web import deciding, shown
from roadworthy.rulebook.web.api import doubts_of
from roadworthy.rulebook.web.rules_shown import shown_examples, shown_rules
from roadworthy.rulebook.web.words import ABOUT, ACTIVATION, MODES, PACK
from roadworthy.webui import mentions, menu, pages
from roadworthy.webui.http import signed_in
from roadworthy.webui.words import GRADES, ROLES

console = APIRouter(include_in_schema=False)
Signed = Annotated[Actor, Depends(signed_in)]

pages.add_templates("rulebook", Path(__file__).parent / "templates")
menu.register("law", "/law")
mentions.register_rules(shown.how_known)


@console.get("/law")
def law(request: Request, actor: Signed) -> Response:
    """Show the packs that count, what waits for people, what is coming, and the open questions."""
    with request.app.state.database.read() as view:
        known = shown.counting(view)
        asked = [one for one in known if one.activation is not None]
        people = [p for one in asked if one.activation for p in (one.activation.counsel, one.activation.second)]
        context = _words() | {
            "coming": shown.coming(view, known),
            "known": known,
            "names": accounts_store.names_of(view, people),
            "permits": actions.permits_at(view),
            "questions": shown.questions(known),
            "today": beijing_date(view.now),
            "waiting": _waiting(view, actor),
        }
    return pages.respond(request, pages.draw(request, "rulebook/law.html", context))


@console.get("/law/packs/{pack_id}")
def pack_page(request: Request, actor: Signed, pack_id: str) -> Response:
    """Show the pack of this id that counts now, in words."""
    with request.app.state.database.read() as view:
        one = shown.in_force(view, pack_id)
        version = store.load_version(view, one.pack.digest) if one.activation is not None else None
        context = _pack(one.pack, one.packs) | _decisions(view, version, actor) | {"counts": one, "misfit": ""}
    return pages.respond(request, pages.draw(request, "rulebook/pack.html", context))


@console.get("/law/versions/{digest}")
def version_page(request: Request, actor: Signed, digest: str) -> Response:
    """Show a version that somebody brought in, in words, with its signatures and what can be done."""
    with request.app.state.database.read() as view:
        version = store.load_version(view, digest)
        counts = next((one for one in shown.counting(view) if one.pack.digest == digest), None)
        pack, packs, misfit = _read(view, version)
        context = _pack(pack, packs) | _decisions(view, version, actor) | {"counts": counts, "misfit": misfit}
    return pages.respond(request, pages.draw(request, "rulebook/pack.html", context))


@console.post("/law/versions/{digest}/{verb}")
def act(
    request: Request,
    actor: Signed,
    digest: str,
    verb: str,
    reason: Annotated[str, Form()] = "",
    day: Annotated[str, Form()] = "",
    confirm: Annotated[str, Form()] = "",
) -> Response:
    """Do a verb of the page's forms and come back to the page."""
    if verb == "retire" and confirm.strip() != digest[:12]:
        raise Malformed("Type the first 12 digits of the digest; it cannot be undone.", code="confirm.missing")
    _do(request.app.state.database, actor, digest, verb, reason, day)
    return RedirectResponse(f"/law/versions/{digest}", 303)


@console.post("/law/activations/{activation_id}/{verb}")
def decide(request: Request, actor: Signed, activation_id: str, verb: str) -> Response:
    """Confirm a proposal as another person, or take it back, and come back to its version."""
    verbs = {"confirm": actions.confirm, "withdraw": actions.withdraw}
    if verb not in verbs:
        raise Unusable(f"An activation cannot {verb[:20]!r}; use the buttons of the page.", code="verb.unknown")
    made = verbs[verb](request.app.state.database, actor, AcvId.parse(activation_id))
    return RedirectResponse(f"/law/versions/{made.digest}", 303)


def _do(database: Database, actor: Actor, digest: str, verb: str, reason: str, day: str) -> None:
    if verb == "sign":
        actions.sign(database, actor, digest, Meaning.APPROVE)
    elif verb == "refuse":
        actions.sign(database, actor, digest, Meaning.REFUSE, reason)
    elif verb in ("propose", "try"):
        begins = datetime.combine(parse_date(day), time(), BEIJING) if day else None
        actions.propose(database, actor, digest, Mode.IN_FORCE if verb == "propose" else Mode.SHADOW, begins)
    else:
        verbs = {"submit": actions.submit, "discard": actions.discard, "retire": actions.retire}
        if verb not in verbs:
            raise Unusable(f"A pack cannot {verb[:20]!r}; use the buttons of the page.", code="verb.unknown")
        verbs[verb](database, actor, digest)


def _read(view: View, version: PackVersion) -> tuple[Pack, Packs, str]:
    """Give a version's pack and the packs it stands among; one that no longer fits there is read alone."""
    try:
        about, packs = actions.candidate(view, version.digest)
    except Unusable as error:
        text = store.load_texts(view, [version.sha256])[version.sha256]
        pack = pack_in(text, f"{version.id}.yaml")
        return pack, actions.packs_at(view, version.about), error.message
    found = next(pack for pack in packs.packs if pack.id == version.id)
    return found, actions.packs_at(view, about) if found.digest != version.digest else packs, ""


def _pack(pack: Pack, packs: Packs) -> dict[str, Any]:
    """Give what the page says of a pack's content."""
    by_text: dict[str, list[Any]] = {}
    for clause in pack.clauses.values():
        by_text.setdefault(clause.instrument, []).append(clause)
    fits = any(one.digest == pack.digest for one in packs.packs)
    return _words() | {
        "clauses": [
            (packs.instruments.get(name) or pack.instruments.get(name), name, c) for name, c in by_text.items()
        ],
        "doubts": doubts_of(packs, pack.id) if fits else {"grade": None, "authentic": False},
        "examples": shown_examples(pack, packs),
        "pack": pack,
        "questions": [(one, packs.choices.get(one.id, one.default)) for one in pack.ambiguities.values()],
        "rules": shown_rules(pack, packs) if fits else (),
    }


def _decisions(view: View, version: PackVersion | None, actor: Actor) -> dict[str, Any]:
    """Give signatures and activations of a version, and what the reader can do."""
    if version is None:
        return {"version": None, "approvals": [], "activations": [], "verbs": (), "names": {}, "waits": None}
    given, known = store.approvals(view, version.digest), store.activations(view, version.digest)
    people = [version.author, *(one.person for one in given), *_people(known)]
    return {
        "activations": [(one, deciding.confirming(one, actor)) for one in known],
        "approvals": given,
        "names": accounts_store.names_of(view, people),
        "verbs": deciding.verbs(version, given, known, actor),
        "version": version,
        "waits": deciding.waiting(version, given, known, actor),
    }


def _people(activations: Iterable[Any]) -> list[str]:
    return [person for one in activations for person in (one.proposer, one.confirmer) if person]


def _waiting(view: View, actor: Actor) -> list[deciding.Waiting]:
    found = [
        deciding.waiting(one, store.approvals(view, one.digest), store.activations(view, one.digest), actor)
        for one in store.versions(view)
        if one.status not in ("retired", "superseded")
    ]
    return sorted((one for one in found if one is not None), key=lambda one: (not one.mine, one.version.id))


def _words() -> dict[str, Any]:
    return {
        "abouts": ABOUT,
        "activation_words": ACTIVATION,
        "grades": GRADES,
        "modes": MODES,
        "roles": ROLES,
        "statuses": PACK,
    }
