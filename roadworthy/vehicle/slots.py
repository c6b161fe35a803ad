"""A/B image slots: an image goes into the slot that does not boot, is read back, and only then may be switched to."""

from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

from tuf.ngclient.updater import Updater

from roadworthy.kernel.errors import Broken
from roadworthy.vehicle.attack import AttackName, Detected, naming_attacks
from roadworthy.vehicle.durable import flush
from roadworthy.vehicle.match import Install
from roadworthy.vehicle.state import Installed


class InstallFailed(Broken):
    """The image is genuine, but this vehicle could not install it."""

    code = "install_failed"


class Slots:
    """The slots of one vehicle: `folder`/SERIAL/a.img and b.img."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; it is made when first needed."""
        self._folder = folder

    def image(self, serial: str, slot: str) -> Path:
        """Give the path of a slot's image."""
        return self._folder / serial / f"{slot}.img"

    def holds(self, installed: Installed, install: Install) -> bool:
        """Say whether `installed` is the image wanted and its slot still holds those bytes."""
        same = (installed.path, installed.sha256) == (install.path, install.sha256)
        return same and _is(self.image(install.serial, installed.slot), install)

    def fill(self, install: Install, slot: str, images: Updater, downloaded: Callable[[Path], None]) -> Installed:
        """Download into `slot` through ngclient, read it back, flush it.

        `downloaded` is called with the file before it is read back. Raises Detected when bytes are not those that
        both repositories signed, InstallFailed when the disk refuses, DownloadError when the server does not answer.
        """
        path = self.image(install.serial, slot)
        target = images.get_targetinfo(install.path)
        if target is None:
            raise Detected(AttackName.ARBITRARY_SOFTWARE, f"the Image repository does not release {install.path}")
        try:
            with naming_attacks(install.path, mismatch=AttackName.ARBITRARY_SOFTWARE):
                images.download_target(target, str(path))
            downloaded(path)
            if not _is(path, install):
                raise Detected(AttackName.ARBITRARY_SOFTWARE, f"{install.path} changed between download and install")
            flush(path)
            flush(path.parent)
        except OSError as error:
            raise InstallFailed(f"slot {slot} of {install.serial} cannot be written ({error.strerror}).") from error
        return Installed(install.path, install.sha256, install.length, install.release_counter, slot)


def _is(path: Path, install: Install) -> bool:
    if not path.exists() or path.stat().st_size != install.length:
        return False
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest() == install.sha256
