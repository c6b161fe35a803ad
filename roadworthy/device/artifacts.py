"""Bytes of packages: GET and HEAD, ranges, conditions, only under a live lease. Nothing here writes anything."""

import logging
from collections.abc import Iterator
from email.utils import formatdate
from itertools import chain
from typing import Any

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from roadworthy.campaigns.actions import Offer
from roadworthy.device.ranges import NotSatisfiable, closing_line, content_range, part_heads, wanted_ranges
from roadworthy.kernel.errors import Broken, NotFound
from roadworthy.releases.model import Package

MEDIA_TYPE = "application/octet-stream"

log = logging.getLogger(__name__)


class NothingForYou(NotFound):
    """There is nothing for this vehicle at this moment."""

    code = "offer.none"


class BytesGone(Broken):
    """The bytes of this package are not in the artifact store any more; restore them from a backup."""

    status = 410
    code = "artifact.gone"


def deliverable(offer: Offer | None) -> Offer:
    """Give the offer when its bytes may be delivered now.

    Raises NothingForYou without an offer, under an ended lease, or while the vehicle is told to cancel.
    """
    if offer is None or not offer.is_live or offer.action.status == "cancelling":
        raise NothingForYou
    return offer


def send(request: Request, package: Package) -> Response:
    """Send a package: 200, 206 for ranges, 412 when If-Match names other bytes, 416; HEAD gives the headers of 200.

    Raises BytesGone when the store has lost or shortened it.
    """
    etag, modified = f'"{package.sha1}"', _modified(request, package)
    if not _matches(request.headers.get("if-match"), etag):
        return Response(status_code=412)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-transform",
        "Content-Disposition": f'attachment; filename="{package.filename}"',  # letters, digits, . _ - by ingest
        "ETag": etag,
        "Last-Modified": modified,
        "X-Content-Type-Options": "nosniff",
    }
    wanted = request.headers.get("range", "") if request.method == "GET" else ""  # RFC 9110, 14.2: GET alone has ranges
    if request.headers.get("if-range") not in {None, etag, modified}:
        wanted = ""
    try:
        ranges = wanted_ranges(wanted, package.length)
    except NotSatisfiable:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{package.length}"})
    if request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(package.length)}, media_type=MEDIA_TYPE)
    return _whole_or_parts(request.app.state.artifacts, package, ranges, headers)


def _whole_or_parts(
    store: Any, package: Package, ranges: list[tuple[int, int]], headers: dict[str, str]
) -> StreamingResponse:
    if len(ranges) < 2:
        start, stop = ranges[0] if ranges else (0, package.length)
        headers["Content-Length"] = str(stop - start)
        if ranges:
            headers["Content-Range"] = content_range(ranges[0], package.length)
        body: Iterator[bytes] = store.read(package.sha256, start, stop)
        return StreamingResponse(body, 206 if ranges else 200, headers, MEDIA_TYPE)
    # Made from the hash of the content, a boundary cannot stand in the content but by intent.
    boundary = f"part-of-{package.sha256[:40]}"
    heads, end = part_heads(ranges, package.length, boundary, MEDIA_TYPE), closing_line(boundary)
    headers["Content-Length"] = str(sum(map(len, heads)) + sum(b - a for a, b in ranges) + len(end))
    parts = (chain([head], store.read(package.sha256, a, b)) for head, (a, b) in zip(heads, ranges, strict=True))
    return StreamingResponse(
        chain(chain.from_iterable(parts), [end]), 206, headers, f"multipart/byteranges; boundary={boundary}"
    )


def _modified(request: Request, package: Package) -> str:
    try:
        stored = request.app.state.artifacts.path(package.sha256).stat()
    except (NotFound, FileNotFoundError) as error:
        log.error("artifact %s is gone from the store", package.sha256)  # noqa: TRY400 - one line, no trace
        raise BytesGone from error
    if stored.st_size != package.length:
        log.error("artifact %s has %d bytes, not %d", package.sha256, stored.st_size, package.length)
        raise BytesGone
    return formatdate(stored.st_mtime, usegmt=True)


def _matches(header: str | None, etag: str) -> bool:
    """Whether If-Match allows the bytes (RFC 9110, 13.1.1: weak tags never match)."""
    return header is None or any(one.strip() in {"*", etag} for one in header.split(","))
