"""Which vehicle calls: by its own token, and only for itself. The body never says who a vehicle is."""

from fastapi import Request

from roadworthy.fleet import actions as fleet_actions
from roadworthy.fleet.model import Vehicle
from roadworthy.kernel.errors import NotFound, SignInNeeded


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

    Raises SignInNeeded without a valid token, NotFound when the address names another vehicle.
    """
    found = vehicle_of_token(request)
    if found.vin != vin:
        raise NotFound("This token belongs to another vehicle.")
    return found
