"""Many cars at once, on PostgreSQL, where writers do not wait for each other: nobody is turned away."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import Databases
from tests.doors.house import running


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_cars_that_call_for_the_first_time_together_all_get_an_action_of_their_own(
    databases: Databases, tmp_path: Path
):
    with running(tmp_path / "home", vehicles=24, database_url=databases.empty()) as house:
        cars = list(house.cars)
        house.ship(*cars)
        calls = [car for car in cars for _ in range(2)]  # each car twice: a client that lost patience
        with ThreadPoolExecutor(len(calls)) as together:
            answers = list(together.map(lambda car: car.get().status_code, calls))
        assert set(answers) == {200}
        house.tick()
        assert sorted(car.action() for car in cars) == list(range(1, len(cars) + 1))
        car, number = cars[0], cars[0].action()
        assert car.get(f"deploymentBase/{number}").status_code == 200
        assert car.get(f"deploymentBase/{2**31}").status_code == 404  # no overflow of a 32 bit column
        assert car.tell(number, "closed", "failure", details=["\x00\ud800" * 300, "z" * 600]).status_code == 200
        assert car.send("PUT", "configData", json={"data": {"\x00": "\x00\ud800"}}).status_code == 200
        assert house.status(number) == "failed"
