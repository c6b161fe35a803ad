"""Loads new image metadata with an unmodified TUF client before anybody else can.

One malformed root bricks every client that fetches it (python-tuf issue 2669), so a set is published only after
python-tuf's own client went from the set before to the new one, in a folder of its own.
"""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient import Updater  # type: ignore[attr-defined] # python-tuf re-exports these without __all__
from tuf.ngclient.fetcher import FetcherInterface

from roadworthy.kernel.errors import Broken
from roadworthy.signing.image_repository import released_targets
from roadworthy.signing.model import IMAGE_ROLES, ImageSet, header_of

_BASE = "memory:/"
_PROBE = "no/such/image"


class Unpublishable(Broken):
    """Clients would refuse this metadata; it was not published."""

    code = "signing.unpublishable"


class _Memory(FetcherInterface):
    """Serves files from memory, so that the check needs no network."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def _fetch(self, url: str) -> Iterator[bytes]:
        content = self._files.get(url.removeprefix(_BASE))
        if content is None:
            raise DownloadHTTPError(f"no {url}", 404)
        return iter([content])


def check_publishable(images: ImageSet, now: datetime, *, before: ImageSet | None = None) -> None:
    """Load `images` at the moment `now`, coming from the set `before` where there is one.

    Raises Unpublishable with the client's reason: thresholds, hashes, expiry, rollback, a target not found.
    """
    bootstrap = before.root if before else images.root
    with tempfile.TemporaryDirectory(prefix="prepublish") as folder:
        try:
            if before:
                # At a moment when it was fresh: an expired set is exactly what must be replaced.
                _load(folder, bootstrap, before, _freshest(before))
            updater = _load(folder, bootstrap, images, now)
            updater.get_targetinfo(_PROBE)  # loads `released` even when it lists nothing
            missing = [path for path in released_targets(images.released) if updater.get_targetinfo(path) is None]
        except (RepositoryError, DownloadError, ValueError) as error:
            raise Unpublishable(f"{Unpublishable.__doc__} The TUF client says: {error}") from error
    if missing:
        raise Unpublishable(f"{Unpublishable.__doc__} The TUF client does not find {missing[0]}.")


def _freshest(images: ImageSet) -> datetime:
    return min(header_of(images.of_role(role)).expires for role in IMAGE_ROLES) - timedelta(seconds=1)


def _load(folder: str, bootstrap: bytes, images: ImageSet, moment: datetime) -> Updater:
    updater = Updater(folder, _BASE, fetcher=_Memory(images.files()), bootstrap=bootstrap)
    # The client has no way to be told the time; without it a replay at another moment could not be checked.
    updater._trusted_set.reference_time = moment  # noqa: SLF001 - no public setter
    updater.refresh()
    return updater
