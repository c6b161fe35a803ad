"""One server and one Chromium per session; contexts that watch for errors and for requests leaving this computer."""

import importlib.util
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def demo() -> ModuleType:
    """Give the module `app.py` beside this file (tests are no package)."""
    spec = importlib.util.spec_from_file_location("browser_demo_app", Path(__file__).parent / "app.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["browser_demo_app"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def app(demo):
    return demo.make_app()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free loopback port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=running.run, args=([listener],), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    running.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(scope="session")
def served() -> Callable[[FastAPI], AbstractContextManager[str]]:
    """Give the way to serve an application of one's own."""
    return serving


@pytest.fixture(scope="session")
def server(app) -> Iterator[str]:
    with serving(app) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        message = f"{CHROMIUM} is missing: apt-get install -y --no-install-recommends chromium fonts-noto-cjk"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, server) -> Iterator[Open]:
    """Open pages; afterwards nothing may have been complained about and nothing may have left loopback."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def visit_page(path: str, *, lang="en", theme="light", width=1440, expect=200, forgive=False, **options) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, base_url=server, **options)
        contexts.append(context)
        for name, value in (("lang", lang), ("theme", theme)):
            context.add_cookies([{"name": name, "value": value, "url": server}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        _watch(page, complaints, expected_failure=forgive or expect >= 400)
        answer = page.goto(path)
        assert answer.status == expect
        return page

    yield visit_page
    for context in contexts:
        context.close()
    assert complaints == []


def _watch(page: Page, complaints: list[str], *, expected_failure: bool) -> None:
    def said(message) -> None:
        if message.type in {"error", "warning"} and not expected_failure:
            complaints.append(f"{page.url}: {message.text}")

    def asked(request) -> None:
        if not request.url.startswith("data:") and urlsplit(request.url).hostname != "127.0.0.1":
            complaints.append(f"request to {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("request", asked)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Path:
    """Where screenshots go: $ROADWORTHY_ARTEFACTS/screenshots, else a temporary folder."""
    folder = os.environ.get("ROADWORTHY_ARTEFACTS")
    place = Path(folder) / "screenshots" if folder else tmp_path_factory.mktemp("screenshots")
    place.mkdir(parents=True, exist_ok=True)
    return place
