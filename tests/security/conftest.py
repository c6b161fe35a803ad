"""One server for all attacks: making an installation takes seconds."""

from collections.abc import Iterator

import pytest

from tests.security.site import Site, site


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site") / "home") as made:
        yield made
