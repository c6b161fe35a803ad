"""Static files: held in memory, compressed once, under addresses that carry their content hash."""

import gzip
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from roadworthy.kernel.errors import NotFound

FOLDER = Path(__file__).parent / "static"
_FOR_EVER = "public, max-age=31536000, immutable"
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".txt": "text/plain"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Asset:
    """One static file with its gzip form and the first 12 hex digits of its SHA-256."""

    name: str
    kind: str
    body: bytes
    packed: bytes
    digest: str


@lru_cache
def assets() -> dict[str, Asset]:
    """Read all static files (a few dozen kilobytes) once per process."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.suffix in _KINDS:
            body = path.read_bytes()
            name = path.relative_to(FOLDER).as_posix()
            kind = _KINDS[path.suffix]
            packed = gzip.compress(body, 9, mtime=0)
            found[name] = Asset(name, kind, body, packed, sha256(body).hexdigest()[:12])
    return found


def address(name: str) -> str:
    """Give the address of a static file; it changes with the content. Raises KeyError for an unknown file."""
    asset = assets()[name]
    return f"/static/{asset.digest}/{asset.name}"


def accepts_gzip(request: Request) -> bool:
    """Say whether the browser takes gzip (RFC 9110, 12.5.3)."""
    offers = request.headers.get("accept-encoding", "").replace(" ", "").lower().split(",")
    return "gzip" in offers or any(o.startswith("gzip;q=") and not o.startswith("gzip;q=0") for o in offers)


@router.get("/static/{digest}/{name:path}")
def static_file(digest: str, name: str, request: Request) -> Response:
    """Send a static file; one whose hash in the address is old is sent too, but not to be kept.

    Raises NotFound.
    """
    asset = assets().get(name)
    if asset is None:
        raise NotFound(f"There is no static file {name[:80]!r}; reload the page.")
    headers = {"Cache-Control": _FOR_EVER if digest == asset.digest else "no-cache", "Vary": "Accept-Encoding"}
    if accepts_gzip(request):
        return Response(asset.packed, media_type=asset.kind, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.body, media_type=asset.kind, headers=headers)


@router.get("/favicon.ico")
def favicon() -> Response:
    """Lead browsers that show a bare document (JSON, a PDF) to the mark."""
    return RedirectResponse(address("mark.svg"), 302, {"Cache-Control": "max-age=3600"})
