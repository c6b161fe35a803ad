"""hawkBit's DDI v1, the core: base, deploymentBase, feedback, cancelAction, installedBase, configData, artifacts.

A deployment is shown only once its assignment lies under a signed checkpoint of the log and while its lease is
live. "closed, success" is only a report; the action is done when a signed manifest attests the hash.
"""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from roadworthy.campaigns import actions, rules, store
from roadworthy.campaigns.model import Action
from roadworthy.device.artifacts import NothingForYou, deliverable, send
from roadworthy.device.documents import (
    TENANT,
    Links,
    base_document,
    cancel_document,
    deployment_document,
    md5sum_line,
    read_attributes,
    read_feedback,
)
from roadworthy.device.identity import calling_vehicle
from roadworthy.device.logged import is_logged
from roadworthy.device.wire import DeviceRoute, body_json, etagged
from roadworthy.fleet import actions as fleet_actions
from roadworthy.fleet.model import Vehicle

router = APIRouter(prefix=f"/{TENANT}/controller/v1", tags=["DDI"], route_class=DeviceRoute)


@router.get("/{vin}")
def base(request: Request, vin: str) -> Response:
    """Give the base document, or 304 when nothing changed."""
    vehicle = calling_vehicle(request, vin)
    state = request.app.state
    offer = actions.contact(state.database, vehicle)
    with state.database.read() as view:
        shown = offer if offer is not None and offer.is_live and is_logged(view, offer.assignment.id) else None
        cancelling = offer.action if offer is not None and offer.action.status == "cancelling" else None
        installed = store.last_action(view, vehicle.id, ("attested",))
        wants_config = fleet_actions.wants_config(view, vehicle.id)
    document = base_document(
        _links(request, vin),
        poll_seconds=state.settings.poll_seconds,
        offered=None if shown is None or cancelling is not None else shown.action,
        cancelling=cancelling,
        installed=installed,
        wants_config=wants_config,
    )
    return etagged(request, document)


@router.get("/{vin}/deploymentBase/{number}")
def deployment(request: Request, vin: str, number: int) -> Response:
    """Give the deployment document of a live action and note that it was retrieved."""
    vehicle = calling_vehicle(request, vin)
    offer = _offer(request, vehicle, number)
    if offer.action.status == "offered":
        actions.report(request.app.state.database, vehicle, number, "retrieve")
    return _hal(deployment_document(_links(request, vin), offer.action, offer.release, offer.package))


@router.get("/{vin}/installedBase/{number}")
def installed(request: Request, vin: str, number: int) -> Response:
    """Give the document of an action that is attested."""
    vehicle = calling_vehicle(request, vin)
    with request.app.state.database.read() as view:
        action = store.action_by_number(view, vehicle.id, number)
        if action.status != "attested":
            raise NothingForYou
        offer = actions.offer_of(view, action, vehicle)
    return _hal(deployment_document(_links(request, vin), action, offer.release, offer.package))


@router.post("/{vin}/deploymentBase/{number}/feedback")
def feedback(request: Request, vin: str, number: int) -> Response:
    """Take a vehicle's word on its action: 410 when the action is over."""
    vehicle = calling_vehicle(request, vin)
    said = read_feedback(body_json(request))
    verb = rules.verb_of_feedback(said.execution, said.finished, cancelling=False)
    try:
        actions.report(request.app.state.database, vehicle, number, verb, " / ".join(said.details))
    except actions.ActionClosed:
        return Response(status_code=410)
    return Response(status_code=200)


@router.get("/{vin}/cancelAction/{number}")
def cancel(request: Request, vin: str, number: int) -> Response:
    """Give the order to cancel."""
    return _hal(cancel_document(_cancelling(request, calling_vehicle(request, vin), number)))


@router.post("/{vin}/cancelAction/{number}/feedback")
def cancel_feedback(request: Request, vin: str, number: int) -> Response:
    """Take a vehicle's word on a cancellation: 405 when the action is not being cancelled."""
    vehicle = calling_vehicle(request, vin)
    said = read_feedback(body_json(request))
    try:
        _cancelling(request, vehicle, number)
    except NothingForYou:
        return Response(status_code=405)
    verb = rules.verb_of_feedback(said.execution, said.finished, cancelling=True)
    actions.report(request.app.state.database, vehicle, number, verb, " / ".join(said.details))
    return Response(status_code=200)


@router.put("/{vin}/configData")
def config_data(request: Request, vin: str) -> Response:
    """Take the vehicle's attributes. They are what it says of itself: reported, never attested."""
    vehicle = calling_vehicle(request, vin)
    mode, attributes = read_attributes(body_json(request))
    fleet_actions.record_attributes(
        request.app.state.database, actions.vehicle_actor(vehicle), vehicle.id, mode, attributes
    )
    return Response(status_code=200)


@router.get("/{vin}/softwaremodules/{number}/artifacts")
def artifacts(request: Request, vin: str, number: int) -> Response:
    """List the artifacts of a live action."""
    vehicle = calling_vehicle(request, vin)
    offer = _offer(request, vehicle, number)
    document = deployment_document(_links(request, vin), offer.action, offer.release, offer.package)
    return _hal(document["deployment"]["chunks"][0]["artifacts"])


@router.api_route("/{vin}/softwaremodules/{number}/artifacts/{filename}", methods=["GET", "HEAD"])
def artifact(request: Request, vin: str, number: int, filename: str) -> Response:
    """Send the bytes (GET, HEAD, Range) or the MD5SUM line of a live action."""
    vehicle = calling_vehicle(request, vin)
    offer = _offer(request, vehicle, number)
    if filename == f"{offer.package.filename}.MD5SUM":
        disposition = {"Content-Disposition": f"attachment;filename={filename}"}
        return PlainTextResponse(md5sum_line(offer.package), headers=disposition)
    if filename != offer.package.filename:
        raise NothingForYou
    return send(request, offer)


def _offer(request: Request, vehicle: Vehicle, number: int) -> actions.Offer:
    with request.app.state.database.read() as view:
        action = store.action_by_number(view, vehicle.id, number)
        if action.status in {"attested", "failed", "cancelled"} or not is_logged(view, action.assignment_id):
            raise NothingForYou
        return deliverable(actions.offer_of(view, action, vehicle))


def _cancelling(request: Request, vehicle: Vehicle, number: int) -> Action:
    with request.app.state.database.read() as view:
        action = store.action_by_number(view, vehicle.id, number)
    if action.status != "cancelling":
        raise NothingForYou
    return action


def _links(request: Request, vin: str) -> Links:
    return Links(str(request.app.state.base_url(request)), vin)


def _hal(document: Any) -> Response:
    return JSONResponse(document, media_type="application/hal+json")
