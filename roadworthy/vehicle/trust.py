"""The metadata a vehicle believes: one folder per repository, filled only by python-tuf's ngclient.

The Director's keys sign for every vehicle, so genuine metadata of another car passes ngclient, and a higher version
number in it would lock this vehicle out of its own. Director metadata is therefore refreshed in a side folder and
believed only after the VIN in it has been checked. New roots are believed at once: they are the same for all.
"""

import shutil
from pathlib import Path
from urllib.parse import quote

from tuf.api.metadata import Metadata, Root, Targets  # type: ignore[attr-defined] # python-tuf re-exports these without __all__
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from roadworthy.vehicle.durable import write_atomically
from roadworthy.vehicle.provisioning import Provisioning

# The order in which ngclient itself writes: a crash in between leaves a state it can start from.
_FILES = ("timestamp.json", "snapshot.json", "targets.json")


class Trust:
    """Both repositories of one vehicle, below `folder`."""

    def __init__(self, vehicle: Provisioning, folder: Path, fetcher: FetcherInterface) -> None:
        """Use `folder`/director and `folder`/image; nothing is read or fetched yet."""
        self._vehicle = vehicle
        self._fetcher = fetcher
        self._director = folder / "director"
        self._candidate = folder / "director.candidate"
        self._image = folder / "image"

    def refresh_director(self) -> Targets:
        """Fetch and verify the Director's root, timestamp, snapshot and targets, without believing the last three yet.

        Raises what ngclient raises: RepositoryError, DownloadError.
        """
        self._stage()
        base = self._vehicle.director_url + "metadata/"
        try:
            updater = Updater(str(self._candidate), base, fetcher=self._fetcher, bootstrap=self._vehicle.director_root)
            updater.refresh()
        finally:
            self._believe_roots()
        return _targets_in(self._candidate, Targets.type)

    def believe_director(self) -> None:
        """Keep what the last refresh verified: from now on nothing older is accepted."""
        for name in _FILES:
            new, old = (self._candidate / name).read_bytes(), self._director / name
            if not old.exists() or old.read_bytes() != new:
                write_atomically(old, new)

    def refresh_image(self) -> Updater:
        """Fetch and verify the Image repository's root, timestamp, snapshot and top-level targets.

        Raises what ngclient raises: RepositoryError, DownloadError.
        """
        self._image.mkdir(parents=True, exist_ok=True)
        base = self._vehicle.image_url
        updater = Updater(
            str(self._image),
            base + "metadata/",
            target_base_url=base + "targets/",
            fetcher=self._fetcher,
            bootstrap=self._vehicle.image_root,
        )
        updater.refresh()
        return updater

    def keys_behind(self, path: str) -> int:
        """Say how many keys had to sign the Image role that lists `path`: its threshold.

        Walks as `Updater.get_targetinfo(path)` just did and reads what that left. Gives 0 when the role is not the top
        level or one that the top level delegates to directly: who signs for deeper ones, the release key alone decides.
        """
        top = _targets_in(self._image, Targets.type)
        if path in top.targets:
            root = Metadata[Root].from_file(str(self._image / "root.json")).signed
            return int(root.roles[Targets.type].threshold)
        if top.delegations is None or top.delegations.roles is None:
            return 0
        for name, terminating in top.delegations.get_roles_for_target(path):
            role = _targets_in(self._image, name)
            if path in role.targets:
                return int(top.delegations.roles[name].threshold)
            if terminating or role.delegations is not None:
                break
        return 0

    def _stage(self) -> None:
        self._director.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._candidate, ignore_errors=True)
        shutil.copytree(self._director, self._candidate, symlinks=True)

    def _believe_roots(self) -> None:
        history = self._director / "root_history"
        history.mkdir(exist_ok=True)
        for root in sorted((self._candidate / "root_history").glob("*.root.json")):
            if not (history / root.name).exists():
                write_atomically(history / root.name, root.read_bytes())


def _targets_in(folder: Path, role: str) -> Targets:
    return Metadata[Targets].from_file(str(folder / f"{quote(role, '')}.json")).signed
