"""TUF/Uptane metadata of dialect A for unmodified clients: the image repository and one Director per vehicle.

Director metadata are made when a vehicle asks, by the Director signer process, from receipts: the gate decision
and the assignment, both under a checkpoint. Without a live lease the vehicle gets an empty, fresh targets file.
"""

import json
import logging
import re
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from roadworthy.campaigns import actions
from roadworthy.campaigns.actions import Offer
from roadworthy.database import View
from roadworthy.database.history import newest_event
from roadworthy.device.artifacts import deliverable, send
from roadworthy.device.identity import calling_vehicle, vehicle_of_token
from roadworthy.device.logged import is_logged
from roadworthy.device.manifests import accept_manifest
from roadworthy.device.wire import body_json
from roadworthy.fleet.model import Vehicle
from roadworthy.kernel.errors import NotFound, Refused
from roadworthy.signing import store as signing_store
from roadworthy.signing.model import Bundle, header_of
from roadworthy.signing.remote import SignerAway
from roadworthy.signing.store import OldVersion
from roadworthy.transparency.making import Log, NotLogged, make_receipt, make_row_opening
from roadworthy.webui.http import problem

router = APIRouter(prefix="/uptane", tags=["TUF"])
LIFE = timedelta(days=1)
REFRESH = timedelta(hours=6)
_VERSIONED = re.compile(r"([1-9][0-9]{0,8})\.(targets|snapshot)\.json")

log = logging.getLogger(__name__)


@router.get("/image/metadata/{filename}")
def image_metadata(request: Request, filename: str) -> Response:
    """Give a metadata file of the image repository; the same for every vehicle, and public."""
    with request.app.state.database.read() as view:
        return _metadata(signing_store.image_file(view, filename), filename)


@router.get("/image/targets/{path:path}")  # for the OpenAPI document: the next one answers
@router.api_route("/image/targets/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
def image_target(request: Request, path: str) -> Response:
    """Send the bytes of a target (name prefixed with its SHA-256) to a vehicle that is assigned it now."""
    vehicle = vehicle_of_token(request)
    with request.app.state.database.read() as view:
        offer = deliverable(_current(view, vehicle))
    folder, _, name = offer.package.path.rpartition("/")
    if path != f"{folder}/{offer.package.sha256}.{name}":
        raise NotFound("This vehicle is not assigned this target.")
    return send(request, offer.package)


@router.get("/vehicle/{vin}/director/metadata/{filename}")
def director_metadata(request: Request, vin: str, filename: str) -> Response:
    """Give a metadata file of this vehicle's Director repository; `timestamp.json` makes fresh ones when needed."""
    vehicle = calling_vehicle(request, vin)
    state = request.app.state
    if filename == "1.root.json":
        return _metadata((state.settings.trust / "director-root.json").read_bytes(), filename)
    if filename == "timestamp.json":
        return _timestamp(request, vehicle)
    wanted = _VERSIONED.fullmatch(filename)
    if wanted is None:
        raise NotFound(f"There is no {filename[:80]!r}; begin with timestamp.json.")
    with state.database.read() as view:
        bundle = signing_store.load_bundle(view, vehicle.id, int(wanted[1]))
    if bundle is None:
        raise NotFound(f"There is no {filename} any more; begin with timestamp.json.")
    return _metadata(bundle.targets if wanted[2] == "targets" else bundle.snapshot, filename)


@router.put("/vehicle/{vin}/director/manifest")
def manifest(request: Request, vin: str) -> Response:
    """Take a vehicle's signed manifest: what its ECUs attest, and how its update went."""
    vehicle = calling_vehicle(request, vin)
    accept_manifest(request.app.state.database, vehicle, body_json(request))
    return Response(status_code=200)


def _current(view: View, vehicle: Vehicle) -> Offer | None:
    found = actions.current_offer(view, vehicle)
    return found if found is not None and is_logged(view, found.assignment.id) else None


def _timestamp(request: Request, vehicle: Vehicle) -> Response:
    """Give the newest timestamp, or 503 while the log or the Director signer is not that far."""
    database = request.app.state.database
    offer = actions.contact(database, vehicle)
    with database.read() as view:
        waiting = offer is not None and offer.is_live and not is_logged(view, offer.assignment.id)
    if waiting:
        return _later("assignment.waits", "Your update is being entered in the log; come back in a second.", 1)
    try:
        return _metadata(_current_bundle(request, vehicle, offer).timestamp, "timestamp.json")
    except (OldVersion, NotLogged):  # another request of this vehicle is answered, or a checkpoint being published
        return _later("director.busy", "Your metadata is being made; come back in a second.", 1)
    except (Refused, SignerAway) as error:
        log.error("no metadata for %s: %s (%s)", vehicle.id, error.message, error.error_code)  # noqa: TRY400 - no trace
        return _later(error.error_code, "The Director does not sign at this moment; come back later.", 30)


def _later(code: str, detail: str, seconds: int) -> Response:
    answer = problem(503, code, detail)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def _current_bundle(request: Request, vehicle: Vehicle, offer: Offer | None) -> Bundle:
    """Give the vehicle's bundle; the Director signer makes a new one when it says something old or ends soon.

    Raises OldVersion when another request made one meanwhile, Refused when the Director does not allow it, SignerAway.
    """
    state = request.app.state
    live = offer if offer is not None and offer.is_live and offer.action.status != "cancelling" else None
    basis = live.assignment.id if live is not None else ""
    with state.database.read() as view:
        now = view.now
        kept = signing_store.load_bundle(view, vehicle.id)
        if kept is not None and _basis(kept) == basis and _is_fresh(header_of(kept.targets).expires, now, live):
            return kept
        evidence = None if live is None else _evidence(view, state.logs(), live)
        last = signing_store.last_bundle_version(view, vehicle.id)
    version = max(last, state.director.last_version(vehicle.vin)) + 1
    made: Bundle = state.director.sign(vehicle.id, vehicle.vin, version, _expiry(now, live), evidence)
    with state.database.begin(actions.vehicle_actor(vehicle)) as work:
        signing_store.save_bundle(work, vehicle.id, made)
    return made


def _is_fresh(expires: datetime, now: datetime, live: Offer | None) -> bool:
    """Whether a bundle lives long enough; one that ends with its lease cannot be made to live longer."""
    return now < expires and (expires - now > REFRESH or expires >= _expiry(now, live))


def _basis(bundle: Bundle) -> str:
    """Give the assignment that a bundle of ours tells the vehicle of, "" for none."""
    custom = json.loads(bundle.targets)["signed"].get("custom", {})
    return str(custom.get("assignment", ""))


def _evidence(view: View, log: Log, offer: Offer) -> dict[str, Any]:
    gate_event = newest_event(view, "gate.decided", offer.assignment.decision_id)
    made = newest_event(view, "assignment.made", offer.assignment.id)
    if gate_event is None or made is None:
        raise NotFound("The gate decision is not in the log yet; come back in a second.")
    return {
        "gate": make_receipt(view, log, gate_event),
        "assignment": make_receipt(view, log, made),
        "opening": make_row_opening(view, made, "assignment", offer.assignment.id),
    }


def _expiry(now: datetime, live: Offer | None) -> datetime:
    lease = live.lease.not_after if live is not None and live.lease is not None else now + LIFE
    return min(now + LIFE, lease).replace(microsecond=0)


def _metadata(found: bytes, filename: str) -> Response:
    caching = "no-cache" if filename == "timestamp.json" else "public, max-age=31536000, immutable"
    return Response(found, media_type="application/json", headers={"Cache-Control": caching})
