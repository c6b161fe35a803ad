"""JSON API of the rulebook."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from roadworthy.database import Actor, Database, View
from roadworthy.kernel.errors import Malformed, Unusable
from roadworthy.kernel.time import parse_instant
from roadworthy.law.packs import Packs
from roadworthy.law.reader import MAX_BYTES
from roadworthy.rulebook import actions, store
from roadworthy.rulebook.model import AcvId, Meaning, Mode, PackVersion
from roadworthy.webui.http import page, page_limit, signed_in

router = APIRouter(prefix="/api/v1/law", tags=["law"])
Signed = Annotated[Actor, Depends(signed_in)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PackText(_Body):
    """A pack as the text of its file; `author` is the id of the person who wrote it, else whoever sends it."""

    text: str = Field(max_length=MAX_BYTES)
    author: str = ""


class Signature(_Body):
    """What a person says of a version."""

    meaning: Meaning = Meaning.APPROVE
    remark: str = ""


class Proposal(_Body):
    """How a version is to count, and from when (an instant; at once when it is left out)."""

    mode: Mode = Mode.IN_FORCE
    effective_from: str | None = None


@router.get("/in-force")
def in_force(request: Request, actor: Signed) -> dict[str, Any]:  # noqa: ARG001
    """List the packs in force and those on trial, with who decided it and how well they are evidenced."""
    with request.app.state.database.read() as view:
        return {"items": [_in_force(view, one) for one in actions.in_force(view)], "next": None}


@router.get("/packs")
def packs(request: Request, actor: Signed, after: str = "", limit: int = 50) -> dict[str, Any]:  # noqa: ARG001
    """List the versions that were brought in, in the order of their digests."""
    with request.app.state.database.read() as view:
        found = store.versions(view, after, page_limit(limit))
    return page([one.to_json() for one in found], limit, "digest")


@router.post("/packs", status_code=201)
def import_pack(request: Request, actor: Signed, body: PackText) -> dict[str, Any]:
    """Bring in a version of a pack, as a draft."""
    return actions.import_pack(_database(request), actor, body.text.encode(), body.author).to_json()


@router.get("/packs/{digest}")
def show(request: Request, actor: Signed, digest: str) -> dict[str, Any]:  # noqa: ARG001
    """Show a version with its text, signatures and activations."""
    with request.app.state.database.read() as view:
        found = store.load_version(view, digest)
        return {
            **found.to_json(),
            "approvals": [one.to_json() for one in store.approvals(view, digest)],
            "activations": [one.to_json() for one in store.activations(view, digest)],
            "text": store.load_texts(view, [found.sha256])[found.sha256].decode("utf-8"),
        }


@router.post("/packs/{digest}/sign")
def sign(request: Request, actor: Signed, digest: str, body: Signature) -> dict[str, Any]:
    """Approve or refuse a version: counsel first, then the second."""
    return actions.sign(_database(request), actor, digest, body.meaning, body.remark).to_json()


@router.post("/packs/{digest}/activations", status_code=201)
def propose(request: Request, actor: Signed, digest: str, body: Proposal) -> dict[str, Any]:
    """Propose that a signed version counts."""
    begins = None if body.effective_from is None else _instant(body.effective_from)
    return actions.propose(_database(request), actor, digest, body.mode, begins).to_json()


@router.post("/packs/{digest}/{verb}")
def move(request: Request, actor: Signed, digest: str, verb: str) -> dict[str, Any]:
    """Submit, discard or retire a version."""
    verbs = {"submit": actions.submit, "discard": actions.discard, "retire": actions.retire}
    if verb not in verbs:
        can = ", ".join(("sign", "activations", *verbs))
        raise Unusable(f"A pack cannot {verb[:20]!r}; it can: {can}.", code="verb.unknown")
    moved: PackVersion = verbs[verb](_database(request), actor, digest)
    return moved.to_json()


@router.post("/activations/{activation_id}/{verb}")
def decide(request: Request, actor: Signed, activation_id: str, verb: str) -> dict[str, Any]:
    """Confirm a proposal as another person, or withdraw it."""
    verbs = {"confirm": actions.confirm, "withdraw": actions.withdraw}
    if verb not in verbs:
        raise Unusable(f"An activation cannot {verb[:20]!r}; it can: {', '.join(verbs)}.", code="verb.unknown")
    return verbs[verb](_database(request), actor, AcvId.parse(activation_id)).to_json()


def _in_force(view: View, one: actions.InForce) -> dict[str, Any]:
    pack, by = one.pack, one.activation
    packs = (
        actions.candidate(view, by.digest)[1] if by is not None and one.shadow else actions.packs_at(view, one.about)
    )
    return {
        "id": pack.id,
        "version": pack.version,
        "digest": pack.digest,
        "about": one.about,
        "title": pack.title.to_json(),
        "counts": "shadow" if one.shadow else "in_force",
        "by": "release" if by is None else by.to_json(),
        **doubts_of(packs, pack.id),
    }


def doubts_of(packs: Packs, pack_id: str) -> dict[str, Any]:
    """Say how well the rules of a pack are evidenced: the weakest grade, and whether all its texts are authentic."""
    doubts = [packs.doubt(rule) for pack in packs.packs if pack.id == pack_id for rule in pack.rules]
    return {
        "authentic": all(doubt["authentic"] for doubt in doubts),
        "grade": max((doubt["grade"] for doubt in doubts), key="PSMIC".index, default=None),
    }


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except Malformed as error:
        raise Malformed(error.message, at="effective_from") from error


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
