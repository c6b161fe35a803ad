"""JSON API of documents: drawn forms, attachments, stamped scans, receipts. Bodies of uploads are the files."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from roadworthy.couriers.archives import LIMITS
from roadworthy.database import Actor
from roadworthy.filings import actions, store
from roadworthy.filings.model import DocId, FilId, Role
from roadworthy.filings.web.api import Body, router
from roadworthy.filings.web.sending import url_of
from roadworthy.webui.http import signed_in
from roadworthy.webui.uploads import body_chunks

SignedIn = Annotated[Actor, Depends(signed_in)]


class Drawing(Body):
    """What to draw: docx, xlsx, pdf or json; zh or en."""

    kind: str
    language: str = "zh"


@router.get("/{filing_id}/documents")
def documents(request: Request, _actor: SignedIn, filing_id: str) -> dict[str, Any]:
    """List the documents of a filing."""
    with request.app.state.database.read() as view:
        known = store.load_filing(view, FilId.parse(filing_id))
        return {"items": [one.to_json() for one in store.documents_of(view, known.id)], "next": None}


@router.post("/{filing_id}/documents", status_code=201)
def upload(
    request: Request,
    actor: SignedIn,
    filing_id: str,
    filename: str,
    role: Role = Role.ATTACHMENT,
    *,
    pages: int | None = None,
    code: Annotated[list[str] | None, Query()] = None,
) -> dict[str, Any]:
    """Upload a file: the body is the file. Codes on a scan are read; `code` gives what a hand scanner read."""
    state, wanted = request.app.state, FilId.parse(filing_id)
    actor.require("homologation_officer")  # and all that can be refused, before the upload, which may be large
    with state.database.read() as view:
        store.load_filing(view, wanted)
    declared = request.headers.get("content-type", "")
    kept = actions.keep(state.artifacts, filename, body_chunks(request, LIMITS.file_bytes), declared)
    codes = actions.codes_on(state.artifacts, kept) if role is Role.SCAN and not code else tuple(code or ())
    return actions.attach(state.database, actor, wanted, role, kept, pages=pages, codes=codes).to_json()


@router.post("/{filing_id}/documents/draw", status_code=201)
def draw(request: Request, actor: SignedIn, filing_id: str, body: Drawing) -> dict[str, Any]:
    """Draw the form of a filing and keep it."""
    state, wanted = request.app.state, FilId.parse(filing_id)
    url = url_of(request, wanted)
    return actions.draw(state.database, state.artifacts, actor, wanted, body.kind, body.language, url).to_json()


@router.post("/{filing_id}/documents/{document_id}/confirm")
def confirm(request: Request, actor: SignedIn, filing_id: str, document_id: str) -> dict[str, Any]:
    """Say, as a second person, that a scan is the stamped paper and all of it."""
    database = request.app.state.database
    return actions.confirm_scan(database, actor, FilId.parse(filing_id), DocId.parse(document_id)).to_json()


@router.get("/{filing_id}/documents/{document_id}/content")
def content(request: Request, _actor: SignedIn, filing_id: str, document_id: str) -> StreamingResponse:
    """Give the bytes of a document, always as a download."""
    state = request.app.state
    with state.database.read() as view:
        found = store.load_document(view, FilId.parse(filing_id), DocId.parse(document_id))
    headers = {
        "content-disposition": f'attachment; filename="{found.id}"',
        "content-length": str(found.length),
        "x-content-type-options": "nosniff",
    }
    return StreamingResponse(state.artifacts.read(found.sha256), media_type=found.media_type, headers=headers)
