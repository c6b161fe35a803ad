"""The log as C2SP tlog-tiles: /log/checkpoint, /log/tile/..., static files."""

import re

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from roadworthy.kernel.errors import NotFound

router = APIRouter(prefix="/log", tags=["log"])
_TILE = re.compile(r"tile/(?:\d{1,2}|entries)/(?:x\d{3}/)*\d{3}(?:\.p/\d{1,3})?")


@router.get("/checkpoint")
def checkpoint(request: Request) -> Response:
    """Give the newest signed head of the log."""
    return _send(request, "checkpoint", "no-cache")


@router.get("/{path:path}")
def tile(request: Request, path: str) -> Response:
    """Give a tile or an entry bundle; full ones never change."""
    if not _TILE.fullmatch(path):
        raise NotFound("The log has /log/checkpoint and /log/tile/... only.")
    return _send(request, path, "no-cache" if ".p/" in path else "public, max-age=31536000, immutable")


def _send(request: Request, path: str, caching: str) -> Response:
    file = request.app.state.settings.log / path
    if not file.is_file():
        raise NotFound(f"The log has no {path}.")
    kind = "text/plain; charset=utf-8" if path == "checkpoint" else "application/octet-stream"
    return FileResponse(file, media_type=kind, headers={"Cache-Control": caching})
