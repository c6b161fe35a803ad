"""JSON API of the register of software identification numbers."""

from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from roadworthy.admission import actions, store
from roadworthy.admission.model import Regime, SwnId
from roadworthy.admission.web.routing import SignedIn, router
from roadworthy.products.model import TypId
from roadworthy.webui.http import page, page_limit


class NewSwin(BaseModel):
    """A number to propose; `regulation` such as GB 44497 or UN R79, `valid_from` a day in Beijing."""

    model_config = ConfigDict(extra="forbid")
    value: str
    regulation: str
    valid_from: str
    regime: str = Regime.GB44496


class Software(BaseModel):
    """The software of a release for one ECU."""

    model_config = ConfigDict(extra="forbid")
    ecu_id: str
    release_id: str


@router.get("/swins")
def swins(
    request: Request, _actor: SignedIn, vehicle_type_id: str = "", after: str = "", limit: int = 50
) -> dict[str, Any]:  # fmt: skip
    """List numbers (SWIN, RXSWIN) with the software that stands under each."""
    with request.app.state.database.read() as view:
        found = store.list_swins(view, vehicle_type_id, after, page_limit(limit))
        links = [one for type_id in {n.vehicle_type_id for n in found} for one in store.links_of(view, type_id)]
    software: dict[str, list[dict[str, str]]] = {}
    for link in links:
        software.setdefault(link.swin_id, []).append({"ecu": link.ecu_id, "release": link.release_id})
    return page([{**one.to_json(), "software": software.get(one.id, [])} for one in found], limit)


@router.post("/vehicle-types/{type_id}/swins", status_code=201)
def propose(request: Request, actor: SignedIn, type_id: str, body: NewSwin) -> dict[str, Any]:
    """Propose a number of a model under one regulation."""
    database = request.app.state.database
    return actions.propose_swin(database, actor, TypId.parse(type_id), **body.model_dump()).to_json()


@router.post("/swins/{swin_id}/software", status_code=201)
def link(request: Request, actor: SignedIn, swin_id: str, body: Software) -> dict[str, Any]:
    """Say that the software of a release for an ECU stands under a number."""
    database, wanted = request.app.state.database, SwnId.parse(swin_id)
    return actions.link_software(database, actor, wanted, body.ecu_id, body.release_id).to_json()


@router.post("/swins/{swin_id}/register")
def register(request: Request, actor: SignedIn, swin_id: str) -> dict[str, Any]:
    """Register a proposed number as the second person."""
    return actions.register_swin(request.app.state.database, actor, SwnId.parse(swin_id)).to_json()


@router.post("/swins/{swin_id}/withdraw")
def withdraw(request: Request, actor: SignedIn, swin_id: str) -> dict[str, Any]:
    """Take a proposal back."""
    return actions.withdraw_swin(request.app.state.database, actor, SwnId.parse(swin_id)).to_json()


@router.post("/swins/{swin_id}/retire")
def retire(request: Request, actor: SignedIn, swin_id: str) -> dict[str, Any]:
    """Retire a number."""
    return actions.retire_swin(request.app.state.database, actor, SwnId.parse(swin_id)).to_json()
