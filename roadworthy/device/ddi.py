"""hawkBit's DDI v1, the core: base, deploymentBase, feedback, cancelAction, installedBase, configData, artifacts.

A deployment is shown only once its assignment lies under a signed checkpoint of the log and while its lease is
live. "closed, success" is only a report: the client is done, the action when a signed manifest attests the hash.
"""

from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from roadworthy.campaigns import actions, rules, store
from roadworthy.campaigns.actions import Offer
from roadworthy.campaigns.model import Action
from roadworthy.database import View
from roadworthy.device import documents
from roadworthy.device.artifacts import NothingForYou, deliverable, send
from roadworthy.device.documents import TENANT, Deployed, Links, action_number
from roadworthy.device.identity import calling_controller
from roadworthy.device.logged import is_logged
from roadworthy.device.wire import DeviceRoute, body_json, etagged, hal
from roadworthy.fleet import actions as fleet_actions
from roadworthy.fleet.model import Vehicle
from roadworthy.kernel.errors import Unusable

router = APIRouter(prefix=f"/{TENANT}/controller/v1", tags=["DDI"], route_class=DeviceRoute)
INSTALLED = ("reported", "attested")


class NotCancelling(Unusable):
    """This action is not being cancelled; look at the base document again."""

    status = 405
    code = "action.not_cancelling"


@router.get("/{controller}")
def base(request: Request, controller: str) -> Response:
    """Give the base document, or 304 when nothing changed."""
    vehicle = calling_controller(request, controller)
    state = request.app.state
    offer = actions.contact(state.database, vehicle)
    with state.database.read() as view:
        installed = store.last_action(view, vehicle.id, INSTALLED)
        wants_config = fleet_actions.wants_config(view, vehicle.id, _moment(installed))
        shown = _is_shown(view, offer)
    document = documents.base_document(
        _links(request, controller),
        poll_seconds=state.settings.poll_seconds,
        offered=_deployed(offer) if offer is not None and shown else None,
        cancelling=offer.action if offer is not None and offer.action.status == "cancelling" else None,
        installed=installed,
        wants_config=wants_config,
    )
    return etagged(request, document)


@router.get("/{controller}/deploymentBase/{number}")
def deployment(request: Request, controller: str, number: str, actionHistory: str = "0") -> Response:  # noqa: N803 - the contract's word
    """Give the deployment of an action while its lease is live, or when it is installed; note the first time."""
    vehicle = calling_controller(request, controller)
    database = request.app.state.database
    with database.read() as view:
        offer = _offer(view, vehicle, number)
        history = _history(view, offer.action, actionHistory)
    answer = hal(request, documents.deployment_document(_open_links(request, offer), _deployed(offer), history))
    if offer.action.status == "offered":
        actions.report(database, vehicle, offer.action.number, "retrieve")
    return answer


@router.get("/{controller}/installedBase/{number}")
def installed_base(request: Request, controller: str, number: str, actionHistory: str = "0") -> Response:  # noqa: N803
    """Give the document of an action whose software is installed, by report or attested; its bytes have no link."""
    vehicle = calling_controller(request, controller)
    with request.app.state.database.read() as view:
        offer = _offer(view, vehicle, number)
        if offer.action.status not in INSTALLED:
            raise NothingForYou
        history = _history(view, offer.action, actionHistory)
    return hal(request, documents.deployment_document(None, _deployed(offer), history))


@router.post("/{controller}/deploymentBase/{number}/feedback")
def feedback(request: Request, controller: str, number: str) -> Response:
    """Take a vehicle's word on its action: 410 when the action is over."""
    return _feedback(request, controller, number, cancelling=False)


@router.get("/{controller}/cancelAction/{number}")
def cancel(request: Request, controller: str, number: str) -> Response:
    """Give the order to cancel."""
    vehicle = calling_controller(request, controller)
    action = _action(request, vehicle, number)
    if action.status != "cancelling":
        raise NothingForYou
    return hal(request, documents.cancel_document(action))


@router.post("/{controller}/cancelAction/{number}/feedback")
def cancel_feedback(request: Request, controller: str, number: str) -> Response:
    """Take a vehicle's word on a cancellation: 405 when the action is not being cancelled."""
    return _feedback(request, controller, number, cancelling=True)


@router.put("/{controller}/configData")
def config_data(request: Request, controller: str) -> Response:
    """Take the vehicle's attributes. They are what it says of itself: reported, never attested."""
    vehicle = calling_controller(request, controller)
    mode, attributes = documents.read_attributes(body_json(request))
    database = request.app.state.database
    with database.read() as view:
        since = _moment(store.last_action(view, vehicle.id, INSTALLED))
    fleet_actions.record_attributes(database, actions.vehicle_actor(vehicle), vehicle.id, mode, attributes, since)
    return Response(status_code=200)


@router.get("/{controller}/softwaremodules/{number}/artifacts")
def artifacts(request: Request, controller: str, number: str) -> Response:
    """List the artifacts of a live action, with links, or of one that is installed, without."""
    vehicle = calling_controller(request, controller)
    with request.app.state.database.read() as view:
        offer = _offer(view, vehicle, number)
    return hal(request, documents.artifacts(_open_links(request, offer), _deployed(offer)))


@router.get(
    "/{controller}/softwaremodules/{number}/artifacts/{filename}"
)  # for the OpenAPI document: the next one answers
@router.api_route(
    "/{controller}/softwaremodules/{number}/artifacts/{filename}", methods=["GET", "HEAD"], include_in_schema=False
)
def artifact(request: Request, controller: str, number: str, filename: str) -> Response:
    """Send the bytes (GET, HEAD, Range) or the MD5SUM line of a live action that is not done."""
    vehicle = calling_controller(request, controller)
    with request.app.state.database.read() as view:
        offer = deliverable(_offer(view, vehicle, number))
    if offer.action.status in INSTALLED:
        raise NothingForYou
    if filename == f"{offer.package.filename}.MD5SUM":
        disposition = {"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "private"}
        return PlainTextResponse(documents.md5sum_line(offer.package), headers=disposition)
    if filename != offer.package.filename:
        raise NothingForYou
    return send(request, offer.package)


def _feedback(request: Request, controller: str, number: str, *, cancelling: bool) -> Response:
    vehicle = calling_controller(request, controller)
    action = _action(request, vehicle, number)
    said = documents.read_feedback(body_json(request))
    skipped = documents.MODE == "skip"
    verb = rules.verb_of_feedback(said.execution, said.finished, cancelling=cancelling, skip_issued=skipped)
    if cancelling and action.status != "cancelling":
        raise NotCancelling
    actions.report(request.app.state.database, vehicle, action.number, verb, said)
    return Response(status_code=200)


def _action(request: Request, vehicle: Vehicle, number: str) -> Action:
    with request.app.state.database.read() as view:
        return store.action_by_number(view, vehicle.id, action_number(number))


def _offer(view: View, vehicle: Vehicle, number: str) -> Offer:
    """Give an action that is logged and whose update is not given up, with all it rests on."""
    action = store.action_by_number(view, vehicle.id, action_number(number))
    if action.status in {"failed", "cancelled", "cancelling"} or not is_logged(view, action.assignment_id):
        raise NothingForYou
    return actions.offer_of(view, action, vehicle)


def _is_shown(view: View, offer: Offer | None) -> bool:
    """Whether the base document points to a deployment: one that reported success would be installed again."""
    if offer is None or not offer.is_live or offer.action.status in {"cancelling", "reported"}:
        return False
    return is_logged(view, offer.assignment.id)


def _open_links(request: Request, offer: Offer) -> Links | None:
    """Give the links of an offer that is live; none of what is installed: no link leads to bytes without a lease.

    Raises NothingForYou.
    """
    if offer.action.status in INSTALLED:
        return None
    return _links(request, deliverable(offer).assignment.vin)


def _history(view: View, action: Action, asked: str) -> list[str] | None:
    lines = documents.history_length(asked)
    return store.newest_details(view, action.number, lines) if lines else None


def _deployed(offer: Offer) -> Deployed:
    return Deployed(offer.action, offer.release, offer.package)


def _moment(action: Action | None) -> datetime | None:
    return None if action is None else action.changed_at


def _links(request: Request, controller: str) -> Links:
    return Links(str(request.app.state.base_url(request)), controller)
