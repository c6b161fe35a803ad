"""The DDI documents, pure: what a vehicle reads and how its own are read, in hawkBit's spelling (DDI v1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from roadworthy.campaigns.model import Action, Said
from roadworthy.kernel.errors import Malformed, NotFound, Unusable
from roadworthy.kernel.event import canonical
from roadworthy.releases.model import Package, Release

TENANT = "DEFAULT"
MODE = "forced"  # of download and update. `skip` is never issued: SWUpdate answers it with "closed, success".
MAX_DETAILS = 50
MAX_DETAIL_LENGTH = 512
CUT = " [cut here]"
MAX_HISTORY = 100
LARGEST_ID = 2**31 - 1  # SWUpdate reads an action's id as int32

# A status of ours in hawkBit's words (actionHistory).
_STATUS = {
    "offered": "RUNNING",
    "retrieved": "RETRIEVED",
    "downloading": "DOWNLOAD",
    "installing": "RUNNING",
    "reported": "FINISHED",
    "attested": "FINISHED",
    "failed": "ERROR",
    "cancelling": "CANCELING",
    "cancelled": "CANCELED",
}


class TooManyDetails(Unusable):
    """A feedback has at most 50 lines of details; send fewer."""

    status = 429
    code = "feedback.details"


class AttributeUnusable(Malformed):
    """Names of attributes have 1 to 128 characters, values at most 128; values are texts, numbers or booleans."""

    code = "attributes.unusable"


@dataclass(frozen=True)
class Links:
    """Where a vehicle's resources are: `base` is http(s)://host without a slash at the end."""

    base: str
    vin: str

    def to(self, *parts: object) -> str:
        """Give the address of a resource of this vehicle."""
        return "/".join([self.base, TENANT, "controller/v1", self.vin, *map(str, parts)])


@dataclass(frozen=True)
class Deployed:
    """An action with what it installs."""

    action: Action
    release: Release
    package: Package


def base_document(
    links: Links,
    *,
    poll_seconds: int,
    offered: Deployed | None = None,
    cancelling: Action | None = None,
    installed: Action | None = None,
    wants_config: bool = False,
) -> dict[str, Any]:
    """Give the base document: at most one of cancelAction and deploymentBase, then installedBase and configData.

    `poll_seconds` is below 24 h; it is written HH:MM:SS always, since SWUpdate and Zephyr parse just that.
    """
    found: dict[str, Any] = {}
    if cancelling is not None:
        found["cancelAction"] = {"href": links.to("cancelAction", cancelling.number)}
    elif offered is not None:
        address = links.to("deploymentBase", offered.action.number)
        found["deploymentBase"] = {"href": f"{address}?c={fingerprint(offered)}"}
    if installed is not None:
        found["installedBase"] = {"href": links.to("installedBase", installed.number)}
    if wants_config:
        found["configData"] = {"href": links.to("configData")}
    hours, rest = divmod(poll_seconds, 3600)
    return {"config": {"polling": {"sleep": f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"}}, "_links": found}


def fingerprint(deployed: Deployed) -> int:
    """Give a signed 32-bit number that changes just when the content of the deployment does (clients cache by it)."""
    return crc32(canonical(deployment_document(None, deployed))) - 2**31


def deployment_document(links: Links | None, deployed: Deployed, history: Sequence[str] | None = None) -> Any:
    """Give the deployment: one chunk, one artifact, all three hashes, size as a JSON integer.

    With `links` the artifact has both link rels; without, none: bytes that no lease clears have no link.
    `history` are the vehicle's own words, newest first.
    """
    release = deployed.release
    chunk = {"part": "os", "version": release.version, "name": release.name, "artifacts": artifacts(links, deployed)}
    number = str(deployed.action.number)
    document: dict[str, Any] = {"id": number, "deployment": {"download": MODE, "update": MODE, "chunks": [chunk]}}
    if history is not None:
        document["actionHistory"] = {"status": _STATUS[deployed.action.status], "messages": list(history)}
    return document


def artifacts(links: Links | None, deployed: Deployed) -> list[dict[str, Any]]:
    """Give the artifacts of a deployment, of which there is one."""
    package = deployed.package
    found: dict[str, Any] = {
        "filename": package.filename,
        "hashes": {"sha1": package.sha1, "md5": package.md5, "sha256": package.sha256},
        "size": package.length,
        "_links": {},
    }
    if links is not None:
        address = links.to("softwaremodules", deployed.action.number, "artifacts", package.filename)
        for suffix in ("", "-http"):
            found["_links"][f"download{suffix}"] = {"href": address}
            found["_links"][f"md5sum{suffix}"] = {"href": f"{address}.MD5SUM"}
    return [found]


def cancel_document(action: Action) -> dict[str, Any]:
    """Give the order to stop an action."""
    return {"id": str(action.number), "cancelAction": {"stopId": str(action.number)}}


def action_number(text: str) -> int:
    """Read the number of an action in an address.

    Raises Malformed when it is no number, NotFound above 2^31 - 1, where no action is.
    """
    if not (text.isascii() and text.isdigit()):
        raise Malformed(f"{text[:40]!r} is no id; take the address from the base document.")
    if len(text) > 10 or int(text) > LARGEST_ID:
        raise NotFound(f"There is no action {text[:40]}; take the address from the base document.")
    return int(text)


def history_length(text: str) -> int:
    """Read actionHistory: how many lines are asked for, 0 for none; below 0 means all, and 100 is the most.

    Raises Malformed.
    """
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise Malformed(f"actionHistory={text[:40]!r} is no whole number.", at="actionHistory")
    return MAX_HISTORY if int(text) < 0 else min(int(text), MAX_HISTORY)


def read_feedback(body: Any) -> Said:
    """Read a feedback; `id` and `time` in the body are ignored, unknown fields too, and a single detail is a list.

    Lines over 512 characters are cut, with a mark. Raises Malformed when status, result or finished is missing or
    of another type, TooManyDetails.
    """
    status = _part(body, "status", "feedback")
    result = _part(status, "result", "status")
    execution, finished, code = status.get("execution"), result.get("finished"), status.get("code")
    if not isinstance(execution, str) or not isinstance(finished, str):
        raise Malformed("feedback needs status.execution and status.result.finished.", at="status")
    if code is not None and (not isinstance(code, int) or isinstance(code, bool) or abs(code) > LARGEST_ID):
        raise Malformed("status.code is a whole number of 32 bits.", at="status.code")
    told = status.get("details")
    lines = told if isinstance(told, list) else [] if told is None else [told]
    if len(lines) > MAX_DETAILS:
        raise TooManyDetails
    return Said(execution, finished, tuple(_line(line) for line in lines), code)


def read_attributes(body: Any) -> tuple[str, dict[str, str | None]]:
    """Read configData: the mode (merge, replace, remove) and the attributes; null deletes one.

    Raises Malformed for a missing `data` or an unknown mode, AttributeUnusable.
    """
    data = _part(body, "data", "configData")
    mode = "merge" if body.get("mode") is None else body["mode"]
    if not isinstance(mode, str) or mode not in {"merge", "replace", "remove"}:
        raise Malformed("mode is merge, replace or remove.", at="mode")
    attributes = {name: _scalar(value) for name, value in data.items()}
    for name, text in attributes.items():
        if not 1 <= len(name) <= 128 or (text is not None and len(text) > 128):
            raise AttributeUnusable(f"attribute {name[:40]!r}: {AttributeUnusable.__doc__}", at="data")
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


def _line(told: Any) -> str:
    if isinstance(told, dict | list) or told is None:
        raise Malformed("status.details is a list of texts.", at="status.details")
    text = told if isinstance(told, str) else str(_scalar(told))
    return text if len(text) <= MAX_DETAIL_LENGTH else text[: MAX_DETAIL_LENGTH - len(CUT)] + CUT


def _scalar(value: Any) -> str | None:
    """Give a JSON scalar as the text that JSON writes; None for null.

    Raises AttributeUnusable for objects and lists.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise AttributeUnusable


def _part(body: Any, name: str, where: str) -> Mapping[str, Any]:
    found = body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, dict):
        raise Malformed(f"{where} needs an object {name!r}.", at=name)
    return found
