"""Bytes of packages: HEAD, single and multiple ranges, ETag, only under a live lease."""

from fastapi import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from roadworthy.campaigns.actions import Offer
from roadworthy.kernel.errors import NotFound


class NothingForYou(NotFound):
    """There is nothing for this vehicle at this moment."""

    code = "offer.none"


def deliverable(offer: Offer | None) -> Offer:
    """Give the offer when its bytes may be delivered now.

    Raises NothingForYou without an offer, under an ended lease, or while the vehicle is told to cancel.
    """
    if offer is None or not offer.is_live or offer.action.status == "cancelling":
        raise NothingForYou
    return offer


def send(request: Request, offer: Offer) -> Response:
    """Send the package of a live offer: 200, 206 for ranges, 412 when If-Match names other bytes, 416."""
    package = offer.package
    etag = f'"{package.sha1}"'
    wanted = request.headers.get("if-match")
    if wanted is not None and wanted.strip() not in {"*", etag}:
        return PlainTextResponse("other bytes than If-Match names", 412)
    path = request.app.state.artifacts.path(package.sha256)
    return FileResponse(
        path,
        media_type="application/octet-stream",
        filename=package.filename,
        headers={"ETag": etag, "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-transform"},
    )
