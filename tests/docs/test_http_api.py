"""The short reference of the JSON API names what the server answers, and leaves no part of it out."""

import re
from pathlib import Path

from roadworthy import app

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "http-api.md").read_text("utf-8")
PATHS = {
    route.path.removeprefix("/api/v1")
    for name, router in vars(app).items()
    if name.endswith("_router") and hasattr(router, "routes")
    for route in router.routes
    if route.path.startswith("/api/v1")
}


def _named() -> set[str]:
    table = TEXT.partition("## What there is")[2].partition("## Beside")[0]
    return set(re.findall(r"[`,] ?(?:GET )?(/[a-z/{}_.-]+)", table))


def test_every_path_named_is_answered():
    assert _named()
    for named in _named():
        assert any(path == named or path.startswith(f"{named}/") for path in PATHS), named


def test_every_part_of_the_api_is_named():
    for path in PATHS:
        assert any(path == named or path.startswith(f"{named}/") for named in _named()), path
