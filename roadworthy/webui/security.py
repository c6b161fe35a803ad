"""Headers that confine a page, and the refusal of requests forged by other sites.

There are no CSRF tokens: the session cookie is SameSite=Strict, and a browser itself says where a request that
changes something comes from (Sec-Fetch-Site, Fetch Metadata; Origin, RFC 6454). Scripts and vehicles send neither
and carry no cookie.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

Refuse = Callable[[Request], Response]


def confine(headers: MutableHeaders, scheme: str) -> None:
    """Put the security headers on an answer, keeping those that are there already."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scheme == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def forged(method: str, headers: Headers) -> bool:
    """Say whether a browser sent this changing request on behalf of another site."""
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


class Guard:
    """ASGI middleware: confine every answer, refuse forged requests before anything reads them."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        """Guard `app`; `refuse` writes the answer to a forged request."""
        self.app = app
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        confined = _confining(send, scope["scheme"])
        if forged(scope["method"], Headers(scope=scope)):
            await self.refuse(Request(scope))(scope, receive, confined)
        else:
            await self.app(scope, receive, confined)


def _confining(send: Send, scheme: str) -> Callable[[Message], Awaitable[None]]:
    async def confined(message: Message) -> None:
        if message["type"] == "http.response.start":
            confine(MutableHeaders(scope=message), scheme)
        await send(message)

    return confined
