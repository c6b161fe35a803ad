"""One company after its life, shared by all tests of a process; tests put back what they change."""

import pytest

from roadworthy.kernel.time import SetTime
from tests.company import found
from tests.conftest import START
from tests.tampering.life import live


@pytest.fixture(scope="session")
def company(tmp_path_factory):
    made = found(tmp_path_factory.mktemp("company") / "home", SetTime(START))
    live(made)
    yield made
    made.close()
