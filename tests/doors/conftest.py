"""One installation for all tests of doors that need a real one; it lives as long as the test process."""

from collections.abc import Iterator

import pytest

from tests.doors.house import Car, House, running


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house") / "home") as house:
        yield house


@pytest.fixture
def car(house: House) -> Car:
    """A car to which nothing is offered."""
    return next(house.cars)


@pytest.fixture
def offered(house: House) -> tuple[Car, int]:
    """A car to which an update is offered by DDI, and the number of its action."""
    return house.shipped()
