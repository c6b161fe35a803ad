"""Things that go wrong in a simulated vehicle, decided by a seed so that a run can be repeated."""

from pathlib import Path
from random import Random

from roadworthy.vehicle.agent import Moment
from roadworthy.vehicle.slots import InstallFailed


class Faults:
    """A watcher of one vehicle: fails installs at `failure_rate`, alters downloaded images at `tamper_rate` (0..1)."""

    def __init__(self, seed: str, failure_rate: float, tamper_rate: float) -> None:
        """Draw from `seed`. Whether a vehicle tampers is drawn once, whether an install fails each time."""
        self._chance = Random(seed)  # noqa: S311 - a simulation repeats itself on purpose
        self._failure_rate = failure_rate
        self._tampers = self._chance.random() < tamper_rate

    def __call__(self, moment: Moment, path: Path) -> None:
        """Break something at DOWNLOADED, or nothing.

        Raises InstallFailed.
        """
        if moment is not Moment.DOWNLOADED:
            return
        if self._tampers:
            image = bytearray(path.read_bytes())
            image[len(image) // 2] ^= 0x01
            path.write_bytes(image)
        if self._chance.random() < self._failure_rate:
            raise InstallFailed("injected: the flash memory did not accept the image.")
