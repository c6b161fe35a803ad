"""The DDI documents, pure: what a vehicle reads, in hawkBit's spelling (DDI v1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from roadworthy.campaigns.model import Action, Assignment
from roadworthy.kernel.errors import Malformed
from roadworthy.releases.model import Package, Release

TENANT = "DEFAULT"
MAX_DETAILS = 50
MAX_DETAIL_LENGTH = 512


@dataclass(frozen=True)
class Links:
    """Where a vehicle's resources are: `base` is http(s)://host without a slash at the end."""

    base: str
    vin: str

    def to(self, *parts: object) -> str:
        """Give the address of a resource of this vehicle."""
        return "/".join([self.base, TENANT, "controller/v1", self.vin, *map(str, parts)])


@dataclass(frozen=True)
class Feedback:
    """A vehicle's word on an action: `execution`, `finished`, free text lines, and an optional code."""

    execution: str
    finished: str
    details: tuple[str, ...]
    code: int | None


def base_document(
    links: Links,
    *,
    poll_seconds: int,
    offered: Action | None = None,
    cancelling: Action | None = None,
    installed: Action | None = None,
    wants_config: bool = False,
) -> dict[str, Any]:
    """Give the base document: at most one of cancelAction and deploymentBase, then installedBase and configData."""
    found: dict[str, Any] = {}
    if cancelling is not None:
        found["cancelAction"] = {"href": links.to("cancelAction", cancelling.number)}
    elif offered is not None:
        found["deploymentBase"] = {"href": f"{links.to('deploymentBase', offered.number)}?c={fingerprint(offered)}"}
    if installed is not None:
        found["installedBase"] = {"href": links.to("installedBase", installed.number)}
    if wants_config:
        found["configData"] = {"href": links.to("configData")}
    hours, rest = divmod(min(poll_seconds, 86_399), 3600)
    sleep = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"  # always HH:MM:SS: SWUpdate and Zephyr parse just that
    return {"config": {"polling": {"sleep": sleep}}, "_links": found}


def fingerprint(action: Action) -> int:
    """Give a signed 32-bit number that changes when the content of the action does (it breaks client caches)."""
    return crc32(f"{action.number}/{action.assignment_id}".encode("ascii")) - 2**31


def deployment_document(links: Links, action: Action, release: Release, package: Package) -> dict[str, Any]:
    """Give the deployment: one chunk, one artifact, both link rels, all three hashes, size as a JSON integer."""
    address = links.to("softwaremodules", action.number, "artifacts", package.filename)
    artifact = {
        "filename": package.filename,
        "hashes": {"sha1": package.sha1, "md5": package.md5, "sha256": package.sha256},
        "size": package.length,
        "_links": {
            "download": {"href": address},
            "download-http": {"href": address},
            "md5sum": {"href": f"{address}.MD5SUM"},
            "md5sum-http": {"href": f"{address}.MD5SUM"},
        },
    }
    chunk = {"part": "os", "version": release.version, "name": release.name, "artifacts": [artifact]}
    return {"id": str(action.number), "deployment": {"download": "forced", "update": "forced", "chunks": [chunk]}}


def cancel_document(action: Action) -> dict[str, Any]:
    """Give the order to stop an action."""
    return {"id": str(action.number), "cancelAction": {"stopId": str(action.number)}}


def read_feedback(body: Any) -> Feedback:
    """Read a feedback; `id` and `time` in the body are ignored, unknown fields too.

    Raises Malformed when status, result or finished is missing or of another type.
    """
    status = _part(body, "status", "feedback")
    result = _part(status, "result", "status")
    execution, finished = status.get("execution"), result.get("finished")
    if not isinstance(execution, str) or not isinstance(finished, str):
        raise Malformed("feedback needs status.execution and status.result.finished.", at="status")
    details = status.get("details") or []
    lines = [details] if isinstance(details, str) else details
    if not isinstance(lines, list) or len(lines) > MAX_DETAILS:
        raise Malformed(f"status.details is a list of at most {MAX_DETAILS} lines.", at="status.details")
    code = status.get("code")
    return Feedback(
        execution,
        finished,
        tuple(str(line)[:MAX_DETAIL_LENGTH] for line in lines),
        code if isinstance(code, int) and not isinstance(code, bool) else None,
    )


def read_attributes(body: Any) -> tuple[str, dict[str, str | None]]:
    """Read configData: the mode (merge, replace, remove) and the attributes; null deletes one.

    Raises Malformed for a missing `data`, more than 100 attributes, or names and values over 128 characters.
    """
    data = _part(body, "data", "configData")
    mode = body.get("mode") or "merge"
    if mode not in {"merge", "replace", "remove"}:
        raise Malformed("mode is merge, replace or remove.", at="mode")
    if len(data) > 100:
        raise Malformed("configData has at most 100 attributes.", at="data")
    attributes: dict[str, str | None] = {}
    for name, value in data.items():
        text = None if value is None else str(value)
        if not 1 <= len(name) <= 128 or (text is not None and len(text) > 128):
            raise Malformed(f"attribute {name[:40]!r}: name and value have at most 128 characters.", at="data")
        attributes[name] = text
    return mode, attributes


def ddi_error(code: str, message: str) -> dict[str, str]:
    """Give an error body in hawkBit's shape, which DDI clients expect instead of problem+json."""
    return {
        "exceptionClass": "org.eclipse.hawkbit.exception.AbstractServerRtException",
        "errorCode": f"hawkbit.server.error.{code}",
        "message": message,
    }


def md5sum_line(package: Package) -> str:
    """Give the MD5SUM file: digest, two blanks, name."""
    return f"{package.md5}  {package.filename}"


def manifest_of(assignment: Assignment) -> Mapping[str, Any]:
    """Give what the assigned ECU shall attest after the update."""
    return {"filepath": assignment.path, "length": assignment.length, "sha256": assignment.sha256}


def _part(body: Any, name: str, where: str) -> dict[str, Any]:
    found = body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise Malformed(f"{where} needs an object {name!r}.", at=name)
    return found
