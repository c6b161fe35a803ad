"""Opens the courier that a URI of the settings names.

    print:                                   paper: print, stamp, scan
    portal:NAME                              a portal that people use, by its definition
    folder:/path                             a folder that is collected from
    mailto:a@authority.example[,b@...]       the company's mail server
    smtp://user@host:587?from=us@company.example&to=a@authority.example      (smtps: TLS from the first byte)
    https://authority.example/submissions    an API

A URI holds no secret: passwords and tokens come from `Surroundings.secret`, by the channel's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from roadworthy.couriers.folder import FolderCourier
from roadworthy.couriers.http import HttpCourier
from roadworthy.couriers.interface import Courier
from roadworthy.couriers.mailbox import MailCourier, MailServer
from roadworthy.couriers.paper import PaperCourier
from roadworthy.couriers.portal import Portal, PortalCourier
from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.time import Time
from roadworthy.storage import Artifacts


class ChannelUnusable(Unusable):
    """A channel cannot be used as it is set; correct it in the settings."""

    code = "channel.unusable"


def _no_secret(_name: str) -> str:
    return ""


@dataclass(frozen=True)
class Surroundings:
    """What couriers need beside their URI. `mail` is the company's mail server, `secret` gives passwords by channel."""

    artifacts: Artifacts
    time: Time
    portals: Mapping[str, Portal] = field(default_factory=dict)
    mail: MailServer | None = None
    secret: Callable[[str], str] = _no_secret


def open_courier(name: str, uri: str, around: Surroundings) -> Courier:
    """Open the courier of the channel `name`. Raises ChannelUnusable, which names channel and remedy."""
    try:
        parts = urlsplit(uri)
        return _OPENERS.get(parts.scheme, _unknown)(name, parts, around)
    except ChannelUnusable as error:
        raise ChannelUnusable(f"channel {name}: {error.message}", at=name) from error
    except ValueError as error:
        told = f"channel {name}: its URI cannot be read; write it like https://host/path."
        raise ChannelUnusable(told, at=name) from error


def _unknown(_name: str, _parts: SplitResult, _around: Surroundings) -> Courier:
    raise ChannelUnusable(f"begin with one of {', '.join(f'{one}:' for one in _OPENERS)}.")


def _paper(_name: str, _parts: SplitResult, around: Surroundings) -> Courier:
    return PaperCourier(around.artifacts, around.time)


def _portal(_name: str, parts: SplitResult, around: Surroundings) -> Courier:
    portal = around.portals.get(parts.path)
    if portal is None:
        known = ", ".join(sorted(around.portals)) or "none"
        raise ChannelUnusable(f"there is no portal {parts.path[:40]!r}; known: {known}.")
    return PortalCourier(portal, around.artifacts, around.time)


def _folder(_name: str, parts: SplitResult, around: Surroundings) -> Courier:
    folder = Path(unquote(parts.path))
    if parts.netloc or not folder.is_absolute():
        raise ChannelUnusable("write folder:/path, from the root on.")
    return FolderCourier(folder, around.time)


def _mailto(name: str, parts: SplitResult, around: Surroundings) -> Courier:
    if around.mail is None:
        raise ChannelUnusable("set the company's mail server first, or write smtp://host?from=...&to=....")
    server = replace(around.mail, password=around.mail.password or around.secret(name))
    return MailCourier(server, _addresses(unquote(parts.path)), around.time)


def _smtp(name: str, parts: SplitResult, around: Surroundings) -> Courier:
    asked = parse_qs(parts.query, strict_parsing=True)
    if parts.password is not None or not parts.hostname or set(asked) - {"from", "to"}:
        raise ChannelUnusable("write smtp://user@host:port?from=...&to=...; the password is no part of it.")
    (sender,) = _addresses(",".join(asked.get("from", []))) or ("",)
    implicit = parts.scheme == "smtps"
    tls = "implicit" if implicit else "none" if _is_this_computer(parts.hostname) else "starttls"
    server = MailServer(
        parts.hostname,
        parts.port or (465 if implicit else 587),
        sender,
        tls,
        unquote(parts.username or ""),
        around.secret(name),
    )
    return MailCourier(server, _addresses(",".join(asked.get("to", []))), around.time)


def _http(name: str, parts: SplitResult, around: Surroundings) -> Courier:
    if not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise ChannelUnusable("write https://host/path, without a user, a question mark or a hash.")
    if parts.scheme == "http" and not _is_this_computer(parts.hostname):
        raise ChannelUnusable("http: is for this computer only; use https:.")
    return HttpCourier(parts.geturl(), around.time, token=around.secret(name))


def _addresses(text: str) -> tuple[str, ...]:
    found = tuple(one.strip() for one in text.split(",") if one.strip())
    if not found or not all(_is_address(one) for one in found):
        raise ChannelUnusable(f"{text[:80]!r}: write mail addresses like filing@authority.example.")
    return found


def _is_address(text: str) -> bool:
    user, at, host = text.rpartition("@")
    plain = text.isascii() and text.isprintable() and not set(text) & set(' <>()[]\\;:"')
    return bool(at and user and host) and plain


def _is_this_computer(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_OPENERS: Mapping[str, Callable[[str, SplitResult, Surroundings], Courier]] = {
    "print": _paper,
    "portal": _portal,
    "folder": _folder,
    "mailto": _mailto,
    "smtp": _smtp,
    "smtps": _smtp,
    "https": _http,
    "http": _http,
}
