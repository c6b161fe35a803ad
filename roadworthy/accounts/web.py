"""JSON API of people and tokens. Listing people is for administrators and auditors: names are personal data."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from roadworthy.accounts import actions, store
from roadworthy.accounts.model import Role, TokId, UsrId
from roadworthy.accounts.permissions import require_any, require_self_or_administrator
from roadworthy.database import Actor
from roadworthy.kernel.time import parse_instant
from roadworthy.webui.http import page, page_limit, signed_in

router = APIRouter(prefix="/api/v1", tags=["accounts"])
SignedIn = Annotated[Actor, Depends(signed_in)]


class NewPerson(BaseModel):
    """A person to add."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=400)
    roles: list[str] = Field(default_factory=list, max_length=20)


class NewToken(BaseModel):
    """A token to issue; `expires_at` is an ISO 8601 instant with offset."""

    model_config = ConfigDict(extra="forbid")
    label: str = Field(max_length=400)
    expires_at: str | None = None


@router.get("/whoami")
def whoami(request: Request, actor: SignedIn) -> dict[str, Any]:
    """Give the person who is signed in."""
    with request.app.state.database.read() as view:
        return actions.whoami(view, actor).to_json()


@router.get("/people")
def people(request: Request, actor: SignedIn, after: str = "", limit: int = 50) -> dict[str, Any]:
    """List people."""
    require_any(actor, Role.ADMINISTRATOR, Role.AUDITOR)
    with request.app.state.database.read() as view:
        found = store.list_people(view, after, page_limit(limit))
    return page([p.to_json() for p in found], limit)


@router.post("/people", status_code=201)
def add_person(request: Request, actor: SignedIn, body: NewPerson) -> dict[str, Any]:
    """Add a person."""
    return actions.add_person(request.app.state.database, actor, body.name, body.roles).to_json()


@router.get("/people/{person_id}")
def person(request: Request, actor: SignedIn, person_id: str) -> dict[str, Any]:
    """Give one person: oneself, or anybody for administrators and auditors."""
    if actor.id != person_id:
        require_any(actor, Role.ADMINISTRATOR, Role.AUDITOR)
    with request.app.state.database.read() as view:
        return store.load_person(view, UsrId.parse(person_id)).to_json()


@router.put("/people/{person_id}/roles/{role}")
def grant_role(request: Request, actor: SignedIn, person_id: str, role: str) -> dict[str, Any]:
    """Give a role."""
    return actions.grant_role(request.app.state.database, actor, UsrId.parse(person_id), role).to_json()


@router.delete("/people/{person_id}/roles/{role}")
def revoke_role(request: Request, actor: SignedIn, person_id: str, role: str) -> dict[str, Any]:
    """Take a role."""
    return actions.revoke_role(request.app.state.database, actor, UsrId.parse(person_id), role).to_json()


@router.post("/people/{person_id}/deactivate")
def deactivate(request: Request, actor: SignedIn, person_id: str) -> dict[str, Any]:
    """Deactivate a person."""
    return actions.deactivate(request.app.state.database, actor, UsrId.parse(person_id)).to_json()


@router.get("/people/{person_id}/tokens")
def tokens(request: Request, actor: SignedIn, person_id: str) -> dict[str, Any]:
    """List the tokens of a person, without their secrets."""
    require_self_or_administrator(actor, person_id)
    with request.app.state.database.read() as view:
        store.load_person(view, UsrId.parse(person_id))
        return {"items": [t.to_json() for t in store.list_tokens(view, person_id)], "next": None}


@router.post("/people/{person_id}/tokens", status_code=201)
def issue_token(request: Request, actor: SignedIn, person_id: str, body: NewToken) -> dict[str, Any]:
    """Issue a token; `secret` is shown this once."""
    expires = parse_instant(body.expires_at) if body.expires_at is not None else None
    database = request.app.state.database
    token, secret = actions.issue_token(database, actor, UsrId.parse(person_id), body.label, expires)
    return {**token.to_json(), "secret": secret}


@router.post("/tokens/{token_id}/revoke")
def revoke_token(request: Request, actor: SignedIn, token_id: str) -> dict[str, Any]:
    """Revoke a token."""
    return actions.revoke_token(request.app.state.database, actor, TokId.parse(token_id)).to_json()
