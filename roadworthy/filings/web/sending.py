"""JSON API of sending: through the courier of the authority, and a person's word about what went by hand."""

from typing import Annotated, Any

from fastapi import Depends, Request

from roadworthy.database import Actor
from roadworthy.filings import actions, store
from roadworthy.filings.model import DocId, FilId
from roadworthy.filings.web.api import Body, router
from roadworthy.webui.http import signed_in

SignedIn = Annotated[Actor, Depends(signed_in)]


class WordBody(Body):
    """What a person says who sent the packet by hand, or asked the authority; receipt numbers are typed twice."""

    at: str
    receipt: str = ""
    receipt_again: str = ""
    note: str = ""
    scans: tuple[str, ...] = ()


class Reason(Body):
    """Why."""

    reason: str


@router.post("/{filing_id}/send")
def send(request: Request, actor: SignedIn, filing_id: str) -> dict[str, Any]:
    """Make the packet of a signed paper and give it to the courier of its authority."""
    state, wanted = request.app.state, FilId.parse(filing_id)
    return actions.send(state.database, state.artifacts, actor, wanted, url_of(request, wanted)).to_json()


@router.post("/{filing_id}/confirm")
def confirm(request: Request, actor: SignedIn, filing_id: str, body: WordBody) -> dict[str, Any]:
    """Say that the packet was sent by hand, or that the authority, when asked, has it."""
    state = request.app.state
    word = actions.Word(
        body.at, body.receipt, body.receipt_again, body.note, tuple(DocId.parse(one) for one in body.scans)
    )
    wanted = FilId.parse(filing_id)
    return actions.confirm_sent(state.database, state.couriers, state.artifacts, actor, wanted, word).to_json()


@router.post("/{filing_id}/resend")
def resend(request: Request, actor: SignedIn, filing_id: str, body: Reason) -> dict[str, Any]:
    """Let a packet be sent again that failed, or that the authority says it does not have."""
    return actions.resend(request.app.state.database, actor, FilId.parse(filing_id), body.reason).to_json()


@router.post("/{filing_id}/cancel")
def cancel(request: Request, actor: SignedIn, filing_id: str, body: Reason) -> dict[str, Any]:
    """Send a packet no more that has not gone out."""
    return actions.cancel(request.app.state.database, actor, FilId.parse(filing_id), body.reason).to_json()


@router.get("/{filing_id}/guide")
def guide(request: Request, _actor: SignedIn, filing_id: str) -> dict[str, Any]:
    """Give the fields of a paper in the portal's order, each with the text to paste."""
    with request.app.state.database.read() as view:
        steps = actions.guide(view, store.load_filing(view, FilId.parse(filing_id)))
    return {
        "items": [
            {"number": one.number, "field": one.field.id, "label": one.field.label.to_json(), "value": one.value}
            for one in steps
        ]
    }


def url_of(request: Request, filing_id: FilId) -> str:
    """Give where a filing is shown; it stands in the QR code of its papers."""
    return f"{request.app.state.settings.public_url}/filings/{filing_id}"
