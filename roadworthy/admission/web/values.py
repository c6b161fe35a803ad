"""JSON API of registered values."""

from datetime import datetime
from typing import Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from roadworthy.admission import actions, store
from roadworthy.admission.web.routing import SignedIn, router
from roadworthy.kernel.time import parse_instant
from roadworthy.products import store as products
from roadworthy.products.model import TypId


class Registration(BaseModel):
    """Values to register by parameter key; numbers with a point as text."""

    model_config = ConfigDict(extra="forbid")
    ground: str
    reference: str
    values: dict[str, Any]


@router.get("/vehicle-types/{type_id}/parameter-values")
def registered(request: Request, _actor: SignedIn, type_id: str) -> dict[str, Any]:
    """Give the values that count now."""
    with request.app.state.database.read() as view:
        products.load_vehicle_type(view, TypId.parse(type_id))
        return {"items": [one.to_json() for one in store.current_values(view, type_id).values()], "next": None}


@router.post("/vehicle-types/{type_id}/parameter-values")
def register(request: Request, actor: SignedIn, type_id: str, body: Registration) -> dict[str, Any]:
    """Register values; the answer holds those that are new or changed."""
    made = actions.register_values(
        request.app.state.database, actor, TypId.parse(type_id), body.values,
        ground=body.ground, reference=body.reference,
    )  # fmt: skip
    return {"items": [one.to_json() for one in made], "next": None}


@router.get("/vehicle-types/{type_id}/parameter-values/{key}/history")
def history(request: Request, _actor: SignedIn, type_id: str, key: str) -> dict[str, Any]:
    """Give all values that one parameter has had, oldest first."""
    with request.app.state.database.read() as view:
        products.load_vehicle_type(view, TypId.parse(type_id))
        products.load_definition(view, key)
        return {"items": [one.to_json() for one in store.value_history(view, type_id, key)], "next": None}


@router.get("/parameter-diff")
def difference(request: Request, _actor: SignedIn, before: str, after: str) -> dict[str, Any]:
    """Compare two states of the registry, each TYPE or TYPE@INSTANT: one model at two instants, or two models."""
    with request.app.state.database.read() as view:
        found = actions.difference(view, _state(before), _state(after))
    return {"items": [one.to_json() for one in found], "next": None}


def _state(text: str) -> tuple[TypId, datetime | None]:
    type_id, sign, moment = text.partition("@")
    return TypId.parse(type_id), parse_instant(moment) if sign else None
