"""The roof of the server: one ASGI application over an opened installation."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request

from roadworthy.accounts import actions as accounts
from roadworthy.accounts.web import router as accounts_router
from roadworthy.admission.web import router as admission_router
from roadworthy.admission.web.papers import MAX_PAPER
from roadworthy.campaigns.web.api import router as campaigns_router
from roadworthy.campaigns.web.console import console as campaigns_console
from roadworthy.campaigns.web.impact import router as impact_router
from roadworthy.clocks.web.api import ready
from roadworthy.clocks.web.api import router as clocks_router
from roadworthy.clocks.web.console import console as clocks_console
from roadworthy.couriers.archives import LIMITS
from roadworthy.database import Actor, Database
from roadworthy.device.ddi import router as ddi_router
from roadworthy.device.uptane import router as uptane_router
from roadworthy.filings.web import console as filings_console
from roadworthy.filings.web import router as filings_router
from roadworthy.fleet.web import router as fleet_router
from roadworthy.installation import Installation
from roadworthy.kernel.decision import Text
from roadworthy.kernel.errors import SignInNeeded
from roadworthy.products.sheets import MAX_SHEET_BYTES
from roadworthy.products.web import router as products_router
from roadworthy.regulator.log import router as log_router
from roadworthy.releases.web import router as releases_router
from roadworthy.rulebook.web.api import router as rulebook_router
from roadworthy.rulebook.web.console import console as rulebook_console
from roadworthy.settings import MOST_PACKAGE_BYTES, Settings
from roadworthy.signing.keys import trusted_log
from roadworthy.signing.signers import DirectorSigner
from roadworthy.transparency.making import Log
from roadworthy.webui.console import install_console
from roadworthy.webui.limits import Limits
from roadworthy.webui.proxies import Forwarded, TrustedProxies
from roadworthy.webui.session import session_of

# Files have limits of their own, kept where they are read.
_LIMITS = {
    "/api/v1/releases/[^/]+/(package|sbom|papers)": MOST_PACKAGE_BYTES,
    "/api/v1/(vehicles|ecus)/import": MAX_SHEET_BYTES + 2**20,
    "/api/v1/filings/[^/]+/documents": LIMITS.file_bytes,
    "/api/v1/tables/[^/]+/uploads": MAX_SHEET_BYTES,
    "/api/v1/(vehicle-types/[^/]+/test-reports|admission-files|admission-plans/[^/]+/document)": MAX_PAPER,
}


def create_app(installation: Installation) -> FastAPI:
    """Build the server: JSON API, console, vehicles' door, log tiles."""
    settings = installation.settings
    app = FastAPI(
        title="Roadworthy",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        redirect_slashes=False,  # it would redirect to whatever the Host header says
    )
    app.state.settings = settings
    app.state.database = installation.database
    app.state.regime = installation.regime
    app.state.artifacts = installation.artifacts
    app.state.couriers = installation.couriers
    app.state.director = DirectorSigner(settings.home)
    app.state.logs = _log_per_thread(settings)
    app.state.authenticate = _authenticate(installation.database)
    proxies = TrustedProxies(settings.trusted_proxies, settings.public_url)
    app.state.base_url = proxies.base_url
    app.state.sign_in = lambda token: accounts.sign_in(installation.database, token)[1]
    app.state.sign_out = lambda session: accounts.sign_out(installation.database, session)
    app.state.demo = settings.demo
    app.state.demo_people = lambda: read_demo_people(settings.home)
    app.state.reader_name = _reader_name(installation.database)
    install_console(app)
    app.add_api_route("/api/v1/trust", lambda: trust_of(settings), include_in_schema=False)
    app.add_api_route("/healthz", lambda: {"ok": True}, include_in_schema=False)
    app.add_api_route("/readyz", ready, include_in_schema=False)
    for router in (
        accounts_router,
        clocks_router,
        clocks_console,
        products_router,
        admission_router,
        fleet_router,
        filings_router,
        filings_console,
        releases_router,
        campaigns_router,
        campaigns_console,
        impact_router,
        rulebook_router,
        rulebook_console,
        log_router,
        ddi_router,
        uptane_router,
    ):
        app.include_router(router)
    app.add_middleware(Limits, limits=_LIMITS)
    app.add_middleware(Forwarded, proxies=proxies)
    return app


def _authenticate(database: Database) -> Callable[[Request], Actor]:
    """Say who a request speaks for: a Bearer token, else the console's session cookie."""

    def authenticate(request: Request) -> Actor:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with database.read() as view:
            if scheme.lower() == "bearer" and token:
                return accounts.actor_of_token(view, token.strip())
        if session := session_of(request):
            return accounts.resume_session(database, session)
        raise SignInNeeded

    return authenticate


def _reader_name(database: Database) -> Callable[[Request], str]:
    """Say whose name stands in the top bar."""
    authenticate = _authenticate(database)

    def name(request: Request) -> str:
        try:
            actor = authenticate(request)
        except SignInNeeded:
            return ""  # a page for visitors: sign-in, errors
        with database.read() as view:
            return str(accounts.whoami(view, actor).name)

    return name


def trust_of(settings: Settings) -> dict[str, str]:
    """Give what a vehicle's provisioning file needs beside its secrets: server, roots of trust, the log's key."""
    return {
        "server": settings.public_url,
        "image_root": (settings.trust / "image-root.json").read_text("utf-8"),
        "director_root": (settings.trust / "director-root.json").read_text("utf-8"),
        "log_vkey": trusted_log(settings.home),
    }


def read_demo_people(home: Path) -> list[tuple[Text, str]]:
    """Give the cast of the demo with their tokens, from the file that only `roadworthy demo` writes."""
    file = home / "demo-people.json"
    return [(Text(**label), token) for label, token in json.loads(file.read_text("utf-8"))] if file.is_file() else []


def _log_per_thread(settings: Settings) -> Callable[[], Log]:
    """Give each thread its own reader of the log: it keeps trees in memory and is not for several at once."""
    kept = threading.local()

    def log() -> Log:
        if not hasattr(kept, "log"):
            kept.log = Log(settings.log)
        found: Log = kept.log
        return found

    return log
