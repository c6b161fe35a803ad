"""Which vehicle calls: by its own token, and only for itself. The body never says who a vehicle is."""

from fastapi import Request

from roadworthy.fleet import actions as fleet_actions
from roadworthy.fleet.model import Vehicle
from roadworthy.kernel.errors import Malformed, NotFound, SignInNeeded

MAX_CONTROLLER_ID = 256


def vehicle_of_token(request: Request) -> Vehicle:
    """Give the vehicle whose token comes with the request.

    Raises SignInNeeded without a valid token.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "targettoken" or not token:
        raise SignInNeeded("Send the vehicle's token: Authorization: TargetToken <token>.", code="vehicle.token")
    with request.app.state.database.read() as view:
        found = fleet_actions.vehicle_of_token(view, token.strip())
    if found is None:
        raise SignInNeeded("This token belongs to no vehicle.", code="vehicle.token")
    return found


def calling_vehicle(request: Request, vin: str) -> Vehicle:
    """Give the vehicle whose token comes with the request and whose VIN stands in the address.

    Raises SignInNeeded without a valid token, NotFound when the address names another vehicle, known or not.
    """
    found = vehicle_of_token(request)
    if found.vin != vin:
        raise NotFound("This token belongs to another vehicle.")
    return found


def calling_controller(request: Request, controller: str) -> Vehicle:
    """Give the vehicle that calls by DDI, where its VIN is the controller's id.

    Raises Malformed for an id over 256 characters, SignInNeeded without the token of just this vehicle.
    """
    if len(controller) > MAX_CONTROLLER_ID:
        raise Malformed(f"A controller's id has at most {MAX_CONTROLLER_ID} characters.")
    found = vehicle_of_token(request)
    if found.vin != controller:
        raise SignInNeeded("This token belongs to another vehicle.", code="vehicle.token")
    return found
