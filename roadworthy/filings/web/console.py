"""The console's routes of papers: the list, the page of one (the QR code on every form leads there), and its verbs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from markupsafe import Markup
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from roadworthy.accounts import store as accounts
from roadworthy.couriers.model import Dispatch
from roadworthy.database import Actor, Database, View
from roadworthy.filings import actions, store
from roadworthy.filings.actions import moving
from roadworthy.filings.model import FORMS, DocId, FilId, Filing, FilingKind, Role
from roadworthy.filings.states import OFFICER
from roadworthy.filings.web import deciding, shown
from roadworthy.filings.web.api import beside
from roadworthy.filings.web.sending import url_of
from roadworthy.filings.web.words import DOCUMENT, EVENT, PACKET, PACKET_SAID, STATUS
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import Unusable
from roadworthy.law.forms import load_forms
from roadworthy.webui import mentions, menu, pages
from roadworthy.webui.http import signed_in
from roadworthy.webui.words import AUTHORITIES

console = APIRouter(include_in_schema=False)
Signed = Annotated[Actor, Depends(signed_in)]
ROWS = "papers"

pages.add_templates("filings", Path(__file__).parent / "templates")
menu.register("papers", "/filings")


class Told(BaseModel):
    """What a person notes about a packet; `at` is a minute of Beijing's clock, receipt numbers are typed twice."""

    at: str = ""
    receipt: str = ""
    receipt_again: str = ""
    note: str = ""
    scans: list[str] = []


class Answer(BaseModel):
    """The acceptance of the authority: its number and days, and which stored receipt shows it."""

    receipt_number: str = ""
    receipt_date: str = ""
    document_sha256: str = ""
    valid_from: str = ""
    valid_until: str = ""


@console.get("/filings")
def papers(request: Request, actor: Signed) -> Response:
    """Show the papers, the newest first."""
    asked = shown.asked_of(request.query_params)
    with request.app.state.database.read() as view:
        rows, following = shown.rows(view, asked, actor)
    context = _words() | {"asked": asked, "rows": rows, "next_after": following}
    part = pages.draw(request, "filings/rows.html", context)
    if pages.part_wanted(request, ROWS):
        return pages.respond(request, part)
    known = load_forms()
    context |= {
        "part": Markup(part),  # noqa: S704 - our own template
        "kinds": [(str(kind), known[kind].title) for kind in FilingKind],
    }
    return pages.respond(request, pages.draw(request, "filings/papers.html", context))


@console.get("/filings/{filing_id}")
def paper(request: Request, actor: Signed, filing_id: str) -> Response:
    """Show one paper: how it stands, what is missing, its fields to copy, its documents, packet, receipt and past."""
    with request.app.state.database.read() as view:
        one = store.load_filing(view, FilId.parse(filing_id))
        context = _words() | _content(view, one) | _standing(view, one, actor)
    return pages.respond(request, pages.draw(request, "filings/paper.html", context))


@console.post("/filings/{filing_id}/confirm")
def confirm(request: Request, actor: Signed, filing_id: str, told: Annotated[Told, Form()]) -> Response:
    """Note that the packet went out by hand, or that the authority, when asked, has it."""
    state, wanted = request.app.state, FilId.parse(filing_id)
    scans = tuple(DocId.parse(one) for one in told.scans)
    word = actions.Word(_beijing(told.at), told.receipt, told.receipt_again, told.note, scans)
    actions.confirm_sent(state.database, state.couriers, state.artifacts, actor, wanted, word)
    return _back(wanted)


@console.post("/filings/{filing_id}/accept")
def accept(request: Request, actor: Signed, filing_id: str, answer: Annotated[Answer, Form()]) -> Response:
    """Take down that the authority accepted."""
    wanted = FilId.parse(filing_id)
    actions.accept(
        request.app.state.database,
        actor,
        wanted,
        receipt_number=answer.receipt_number,
        receipt_date=answer.receipt_date,
        document_sha256=answer.document_sha256,
        valid_from=answer.valid_from or None,
        valid_until=answer.valid_until or None,
    )
    return _back(wanted)


@console.post("/filings/{filing_id}/submit")
def submit(request: Request, actor: Signed, filing_id: str, day: Annotated[str, Form()] = "") -> Response:
    """Note that a signed paper was sent by hand, outside the channel."""
    wanted = FilId.parse(filing_id)
    actions.submit(request.app.state.database, actor, wanted, day)
    return _back(wanted)


@console.post("/filings/{filing_id}/acknowledge")
def acknowledge(
    request: Request,
    actor: Signed,
    filing_id: str,
    at: Annotated[str, Form()] = "",
    number: Annotated[str, Form()] = "",
) -> Response:
    """Note that the authority confirmed the arrival of what was sent by hand."""
    wanted = FilId.parse(filing_id)
    actions.acknowledge(request.app.state.database, actor, wanted, _beijing(at), number)
    return _back(wanted)


@console.post("/filings/{filing_id}/documents/{document_id}/confirm")
def confirm_scan(request: Request, actor: Signed, filing_id: str, document_id: str) -> Response:
    """Say, as a second person, that a scan is the stamped paper and all of it."""
    wanted = FilId.parse(filing_id)
    actions.confirm_scan(request.app.state.database, actor, wanted, DocId.parse(document_id))
    return _back(wanted)


@console.post("/filings/{filing_id}/{verb}")
def act(request: Request, actor: Signed, filing_id: str, verb: str, reason: Annotated[str, Form()] = "") -> Response:
    """Do a verb of the page's buttons and come back to the page."""
    state, wanted = request.app.state, FilId.parse(filing_id)
    if verb == "send":
        actions.send(state.database, state.artifacts, actor, wanted, url_of(request, wanted))
    elif verb in _PLAIN:
        _PLAIN[verb](state.database, actor, wanted)
    elif verb in _REASONED:
        _REASONED[verb](state.database, actor, wanted, reason)
    else:
        raise Unusable(f"A paper cannot {verb[:20]!r}; use the buttons of the page.", code="verb.unknown")
    return _back(wanted)


_PLAIN: dict[str, Callable[[Database, Actor, FilId], Filing]] = {
    "amend": actions.amend,
    "complete": actions.complete,
    "reopen": actions.reopen,
    "sign-off": actions.sign_off,
}
_REASONED: dict[str, Callable[[Database, Actor, FilId, str], Filing]] = {
    "cancel": actions.cancel,
    "close": actions.close,
    "drop": actions.drop,
    "refuse": actions.refuse,
    "resend": actions.resend,
    "resume": actions.resume,
    "return": actions.send_back,
    "revoke": actions.revoke,
    "suspend": actions.suspend,
    "withdraw": actions.withdraw,
}


def _content(view: View, one: Filing) -> dict[str, Any]:
    """Give what the paper says and what lies beside it."""
    data, found = moving.filled(view, one), actions.findings(view, one.id)
    own, other = shown.between(found)
    documents = store.documents_of(view, one.id)
    about = (one.subject_type or "", one.subject_id or "")
    return {
        "about": mentions.things(view, [about])[about] if one.subject_id else None,
        "beside": beside(view, one),
        "differing": other,
        "documents": documents,
        "lacking": own,
        "lasts": FORMS[one.kind].lasts,
        "clause": FORMS[one.kind].clause,
        "models": moving.models_of(view, one),
        "one": one,
        "parts": shown.parts(data, found),
        "receipts": [paper for paper in documents if paper.role is Role.RECEIPT],
        "scans": [p for p in documents if p.role is Role.SCAN and p.confirmed_by and p.round == one.round],
        "title": data.form.title,
    }


def _standing(view: View, one: Filing, actor: Actor) -> dict[str, Any]:
    """Give how a paper and its packet stand, what happened, and what the reader can do."""
    packet = actions.packet_of(view, one)
    own, other = shown.between(actions.findings(view, one.id))
    past = shown.history(view, one, packet)
    people = {one.author, one.signed_by, one.approver, *(happened.actor for happened in past)}
    people |= {name for paper in store.documents_of(view, one.id) for name in (paper.author, paper.confirmed_by)}
    no_role = deciding.role_missing(OFFICER, actor)
    return {
        "accept": deciding.accepting(one, store.documents_of(view, one.id), actor),
        "confirming_scan": lambda paper: deciding.confirming_scan(paper, actor),
        "names": accounts.names_of(view, {name for name in people if name}),
        "next": deciding.next_step(one, packet, actor, view.now),
        "no_role": no_role,
        "packet": packet,
        "packet_verbs": deciding.packet_verbs(packet, actor) if one.status == "submitted" else (),
        "past": past,
        "portal": _portal(packet),
        "verbs": deciding.verbs(one, actor, whole=not own, differs=bool(other)),
    }


def _portal(packet: Dispatch | None) -> bool:
    """Say whether the channel of a packet is a portal into which a person types."""
    return packet is not None and str((packet.evidence or {}).get("channel", "")).startswith("portal:")


def _beijing(minute: str) -> str:
    """Give the instant of a minute that was chosen in Beijing time."""
    return f"{minute}+08:00" if minute and "+" not in minute and not minute.endswith("Z") else minute


def _back(filing_id: FilId) -> Response:
    return RedirectResponse(f"/filings/{filing_id}", 303)


def _words() -> dict[str, Any]:
    return {
        "authorities": AUTHORITIES,
        "document_words": DOCUMENT,
        "events": EVENT,
        "packet_said": PACKET_SAID,
        "packet_words": PACKET,
        "statuses": STATUS,
        "system": Text("系统", "the system"),
    }
