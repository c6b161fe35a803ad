"""What a proxy in front of us says about the caller (X-Forwarded-Proto, X-Forwarded-Host): believed from named ones.

The server itself (uvicorn) must not read these headers: it would believe any process of this computer, and hide
which proxy called.
"""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


class TrustedProxies:
    """The proxies that an installation trusts, and the address that callers know it by."""

    def __init__(self, addresses: Sequence[str], public_url: str) -> None:
        """Trust `addresses` (IP addresses or networks); without a word of theirs, `public_url` is our address."""
        self._networks = [ip_network(text, strict=False) for text in addresses]
        self._public_url = public_url

    def scheme(self, scope: Scope) -> str:
        """Give http or https as the caller used it, "" when no trusted proxy says so."""
        said = self._said(scope, "x-forwarded-proto").lower()
        return said if said in {"http", "https"} else ""

    def base_url(self, request: Request) -> str:
        """Give the address under which the caller reached us, without a slash at the end."""
        scheme, host = self.scheme(request.scope), self._said(request.scope, "x-forwarded-host")
        return f"{scheme}://{host}" if scheme and host else self._public_url

    def _said(self, scope: Scope, header: str) -> str:
        """Give the first value of a header: what the proxy nearest to the caller wrote."""
        return Headers(scope=scope).get(header, "").partition(",")[0].strip() if self._trusts(scope) else ""

    def _trusts(self, scope: Scope) -> bool:
        peer = (scope.get("client") or ("",))[0]
        try:
            return any(ip_address(peer) in network for network in self._networks)
        except ValueError:  # a Unix socket has no address
            return False


class Forwarded:
    """ASGI middleware: what the caller used, http or https, is what the application sees."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        """Serve `app` behind `proxies`."""
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request through."""
        if scope["type"] == "http" and (scheme := self.proxies.scheme(scope)):
            scope = {**scope, "scheme": scheme}
        await self.app(scope, receive, send)
