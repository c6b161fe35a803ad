"""The demo application of tests/browser behind an in-process client; no browser needed."""

import asyncio
import importlib.util
import sys
from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from fastapi import FastAPI


class Client:
    """Asks as a browser does: for HTML, in English, keeping cookies, not following redirects."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner, base: str = "http://testserver") -> None:
        headers = {"accept": "text/html,*/*;q=0.8", "accept-language": "en"}
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.app = app
        self.runner = runner
        self.inner = httpx.AsyncClient(transport=transport, base_url=base, headers=headers)

    def request(self, method: str, where: str, **options) -> httpx.Response:
        return self.runner.run(self.inner.request(method, where, **options))

    get = partialmethod(request, "GET")
    post = partialmethod(request, "POST")
    delete = partialmethod(request, "DELETE")

    def over_https(self) -> "Client":
        return Client(self.app, self.runner, "https://testserver")


@pytest.fixture(scope="session")
def demo() -> ModuleType:
    place = Path(__file__).parents[1] / "browser" / "app.py"
    spec = importlib.util.spec_from_file_location("webui_demo_app", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules["webui_demo_app"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def client(demo) -> Iterator[Client]:
    with asyncio.Runner() as runner:
        yield Client(demo.make_app(), runner)
