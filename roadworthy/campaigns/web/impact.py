"""JSON API of a change of law: what a candidate pack would change for open campaigns and releases."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from roadworthy.campaigns.actions.impact import impact
from roadworthy.database import Actor, Database, View
from roadworthy.kernel.errors import NotPermitted, Unusable
from roadworthy.law import Packs
from roadworthy.law.diff import diff
from roadworthy.law.reader import MAX_BYTES
from roadworthy.rulebook import actions as rulebook
from roadworthy.webui.http import signed_in

router = APIRouter(prefix="/api/v1/law", tags=["law"])
# To check the text of a pack takes seconds of the server's time, so not everybody may have that done.
_WRITERS = frozenset({"administrator", "compliance_officer", "release_manager"})
Signed = Annotated[Actor, Depends(signed_in)]


class Candidate(BaseModel):
    """An imported version by its digest, or the text of a pack that is not imported."""

    model_config = ConfigDict(extra="forbid")

    digest: str = ""
    text: str = Field(default="", max_length=MAX_BYTES)


@router.post("/impact")
def impact_of(request: Request, actor: Signed, body: Candidate) -> dict[str, Any]:
    """Judge everything that is open under the law in force and under a candidate; nothing is recorded."""
    if body.text and not actor.roles & _WRITERS:
        raise NotPermitted(f"To try a text needs one of the roles {', '.join(sorted(_WRITERS))}.", code="role.missing")
    database: Database = request.app.state.database
    with database.read() as view:
        about, candidate = _candidate(view, body)
        if about != rulebook.UPGRADE:
            raise Unusable(f"Only packs about upgrades decide about campaigns and releases; this is about {about}.")
        found = impact(view, request.app.state.regime, candidate)
        said = diff(request.app.state.regime.packs_at(view), candidate).to_json()
    return {
        "asked": len(found),
        "changed": sum(one.changes for one in found),
        "closed": sum(one.closes for one in found),
        "items": [one.to_json() for one in found],
        "law": said,
    }


def _candidate(view: View, body: Candidate) -> tuple[str, Packs]:
    if bool(body.digest) == bool(body.text):
        raise Unusable("Give either the digest of an imported pack or the text of one.", code="candidate.one_of")
    if body.digest:
        return rulebook.candidate(view, body.digest)
    return rulebook.candidate_of(view, body.text.encode())[1:]
