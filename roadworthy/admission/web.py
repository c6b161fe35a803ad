"""JSON API of registered values."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from roadworthy.admission import actions, store
from roadworthy.database import Actor
from roadworthy.products import store as products
from roadworthy.products.model import TypId
from roadworthy.webui.http import signed_in

router = APIRouter(prefix="/api/v1/vehicle-types/{type_id}/parameter-values", tags=["admission"])
SignedIn = Annotated[Actor, Depends(signed_in)]


class Registration(BaseModel):
    """Values to register by parameter key; numbers with a point as text."""

    model_config = ConfigDict(extra="forbid")
    ground: str
    reference: str
    values: dict[str, Any]


@router.get("")
def registered(request: Request, _actor: SignedIn, type_id: str) -> dict[str, Any]:
    """Give the values that count now."""
    with request.app.state.database.read() as view:
        products.load_vehicle_type(view, TypId.parse(type_id))
        return {"items": [one.to_json() for one in store.current_values(view, type_id).values()], "next": None}


@router.post("")
def register(request: Request, actor: SignedIn, type_id: str, body: Registration) -> dict[str, Any]:
    """Register values; the answer holds those that are new or changed."""
    made = actions.register_values(
        request.app.state.database, actor, TypId.parse(type_id), body.values,
        ground=body.ground, reference=body.reference,
    )  # fmt: skip
    return {"items": [one.to_json() for one in made], "next": None}


@router.get("/{key}/history")
def history(request: Request, _actor: SignedIn, type_id: str, key: str) -> dict[str, Any]:
    """Give all values that one parameter has had, oldest first."""
    with request.app.state.database.read() as view:
        products.load_vehicle_type(view, TypId.parse(type_id))
        products.load_definition(view, key)
        return {"items": [one.to_json() for one in store.value_history(view, type_id, key)], "next": None}
