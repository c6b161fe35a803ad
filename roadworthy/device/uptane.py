"""TUF/Uptane metadata of dialect A for unmodified clients: the image repository and one Director per vehicle.

Director metadata are made when a vehicle asks, by the Director signer process, from receipts: the gate decision
and the assignment, both under a checkpoint. Without a live lease the vehicle gets an empty, fresh targets file.
"""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from roadworthy.campaigns import actions
from roadworthy.campaigns.actions import Offer
from roadworthy.database import View
from roadworthy.device.artifacts import deliverable, send
from roadworthy.device.identity import calling_vehicle, vehicle_of_token
from roadworthy.device.logged import is_logged
from roadworthy.device.manifests import accept_manifest
from roadworthy.device.wire import body_json
from roadworthy.fleet.model import Vehicle
from roadworthy.kernel.errors import NotFound
from roadworthy.kernel.time import to_text
from roadworthy.signing import store as signing_store
from roadworthy.transparency import store as log_store
from roadworthy.transparency.receipt import make_receipt, make_row_opening

router = APIRouter(prefix="/uptane", tags=["TUF"])
LIFE = timedelta(days=1)
REFRESH = timedelta(hours=12)


@router.get("/image/metadata/{filename}")
def image_metadata(request: Request, filename: str) -> Response:
    """Give a metadata file of the image repository; the same for every vehicle, and public."""
    with request.app.state.database.read() as view:
        found = signing_store.file_named(view, "image", "", filename)
    return _metadata(found, filename)


@router.api_route("/image/targets/{path:path}", methods=["GET", "HEAD"])
def image_target(request: Request, path: str) -> Response:
    """Send the bytes of a target (name prefixed with its SHA-256) to a vehicle that is assigned it now."""
    vehicle = vehicle_of_token(request)
    with request.app.state.database.read() as view:
        offer = deliverable(_current(view, vehicle))
    folder, _, name = offer.package.path.rpartition("/")
    if path != f"{folder}/{offer.package.sha256}.{name}":
        raise NotFound("This vehicle is not assigned this target.")
    return send(request, offer)


@router.get("/vehicle/{vin}/director/metadata/{filename}")
def director_metadata(request: Request, vin: str, filename: str) -> Response:
    """Give a metadata file of this vehicle's Director repository; `timestamp.json` makes fresh ones when needed."""
    vehicle = calling_vehicle(request, vin)
    if filename == "timestamp.json":
        offer = actions.contact(request.app.state.database, vehicle)
        with request.app.state.database.read() as view:
            waiting = offer is not None and offer.is_live and not is_logged(view, offer.assignment.id)
        if waiting:
            return JSONResponse({"detail": "come back in a second"}, 503, headers={"Retry-After": "1"})
        _refresh(request, vehicle, offer)
    with request.app.state.database.read() as view:
        root = filename.endswith(".root.json")
        found = signing_store.file_named(view, "director", "" if root else vehicle.id, filename)
    return _metadata(found, filename)


@router.put("/vehicle/{vin}/director/manifest")
def manifest(request: Request, vin: str) -> Response:
    """Take a vehicle's signed manifest: what its ECUs attest, and how its update went."""
    vehicle = calling_vehicle(request, vin)
    accept_manifest(request.app.state.database, vehicle, body_json(request))
    return Response(status_code=200)


def _current(view: View, vehicle: Vehicle) -> Offer | None:
    found = actions.current_offer(view, vehicle)
    return found if found is not None and is_logged(view, found.assignment.id) else None


def _refresh(request: Request, vehicle: Vehicle, offer: Offer | None) -> None:
    """Have the Director signer make new metadata when what the vehicle shall see changed or is half expired."""
    state = request.app.state
    live = offer if offer is not None and offer.is_live and offer.action.status != "cancelling" else None
    with state.database.read() as view:
        newest = signing_store.newest(view, "director", vehicle.id, "targets")
        basis = live.assignment.id if live is not None else ""
        if newest is not None and newest.basis == basis and newest.expires - view.now > REFRESH / 2:
            return
        evidence = None if live is None else _evidence(view, live)
        version = 1 if newest is None else newest.version + 1
        expires = _expiry(view.now, live)
    signed = state.director.sign(
        {
            "vehicle": vehicle.id,
            "vin": vehicle.vin,
            "version": version,
            "expires": to_text(expires),
            "targets": evidence,
        }
    )
    signing_store.save_director(state.database, vehicle.id, version, expires, basis, signed)


def _evidence(view: View, offer: Offer) -> dict[str, Any]:
    gate_event = log_store.event_of_row(view, "gate_decision", offer.assignment.decision_id)
    made = log_store.event_of_row(view, "assignment", offer.assignment.id)
    if gate_event is None or made is None:
        raise NotFound("The gate decision is not in the log yet.")
    return {
        "gate": make_receipt(view, gate_event),
        "assignment": make_receipt(view, made),
        "opening": make_row_opening(view, made, "assignment", offer.assignment.id),
    }


def _expiry(now: datetime, live: Offer | None) -> datetime:
    lease = live.lease.not_after if live is not None and live.lease is not None else now + LIFE
    return min(now + LIFE, lease).replace(microsecond=0)


def _metadata(found: bytes | None, filename: str) -> Response:
    if found is None:
        raise NotFound(f"There is no {filename[:80]}.")
    caching = "no-cache" if filename == "timestamp.json" else "public, max-age=31536000, immutable"
    return Response(found, media_type="application/json", headers={"Cache-Control": caching})
