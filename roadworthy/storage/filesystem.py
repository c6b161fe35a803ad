"""Artifacts as files: FOLDER/ab/cdef..., the SHA-256 split after two digits."""

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from roadworthy.kernel.errors import NotFound, Refused, Unusable
from roadworthy.storage.interface import Artifact

CHUNK = 256 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")
_DRAFTS = "incoming"


class Mismatch(Refused):
    """The upload is not what was announced; nothing was kept. Send it again."""

    code = "artifact.mismatch"


class TooLarge(Refused):
    """The upload is larger than allowed; nothing was kept."""

    code = "artifact.too_large"


class ArtifactStore:
    """Keeps artifacts in a folder; any number of processes may use it at once."""

    def __init__(self, folder: Path | str) -> None:
        """Keep artifacts in `folder`, which is made when it is missing."""
        self.folder = Path(folder)
        self._drafts = self.folder / _DRAFTS  # on the same file system, so that the last step is a rename
        self._drafts.mkdir(parents=True, exist_ok=True)

    def put(
        self,
        content: BinaryIO | Iterable[bytes],
        *,
        expected_sha256: str = "",
        expected_length: int | None = None,
        limit: int | None = None,
    ) -> Artifact:
        """Take in a stream and keep it under its SHA-256; see `Artifacts.put`.

        Raises Mismatch or TooLarge; whatever the stream itself raises passes through. Nothing is kept then.
        """
        handle, draft = self._begin()
        try:
            with os.fdopen(handle, "wb") as file:
                taken = _copy(content, file, limit)
                _require(taken, expected_sha256.lower(), expected_length)
                file.flush()
                os.fsync(file.fileno())
                self._keep(draft, self._path(taken.sha256))
        finally:
            draft.unlink(missing_ok=True)
        return taken

    def open(self, sha256: str) -> BinaryIO:
        """Open an artifact for reading.

        Raises NotFound.
        """
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError as error:
            raise _missing(sha256) from error

    def path(self, sha256: str) -> Path:
        """Give the file of an artifact, for a server that sends files itself.

        Raises NotFound.
        """
        path = self._path(sha256)
        if not path.is_file():
            raise _missing(sha256)
        return path

    def length(self, sha256: str) -> int:
        """Give the number of bytes of an artifact.

        Raises NotFound.
        """
        try:
            return self._path(sha256).stat().st_size
        except FileNotFoundError as error:
            raise _missing(sha256) from error

    def read(self, sha256: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Give bytes `start` to `stop` (not included) in chunks of at most 256 KiB.

        Raises NotFound, or Unusable when the range does not lie within the artifact.
        """
        size = self.length(sha256)
        stop = size if stop is None else stop
        if not 0 <= start <= stop <= size:
            raise Unusable(f"Bytes {start} to {stop} are not within the {size} of the artifact; ask for others.")
        return self._chunks(sha256, start, stop)  # a generator of its own, so that the checks above run now

    def discard_drafts(self) -> int:
        """Remove what uploads left that a crash cut off; give their number. Drafts of running uploads stay."""
        return sum(_discard(draft) for draft in list(self._drafts.iterdir()))

    def _begin(self) -> tuple[int, Path]:
        """Open a draft and lock it; a dead process lets go by itself, and that is how its draft is known."""
        while True:
            handle, name = tempfile.mkstemp(dir=self._drafts)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if os.fstat(handle).st_nlink:
                return handle, Path(name)
            os.close(handle)  # taken for a leftover before it was locked

    def _chunks(self, sha256: str, start: int, stop: int) -> Iterator[bytes]:
        with self.open(sha256) as file:
            file.seek(start)
            left = stop - start
            while left and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise _missing(sha256)
        return self.folder / sha256[:2] / sha256[2:]

    def _keep(self, draft: Path, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        draft.replace(path)  # the same name always has the same bytes: whoever comes second changes nothing
        for folder in (path.parent, self.folder):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _discard(draft: Path) -> bool:
    try:
        with draft.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.unlink()
    except (BlockingIOError, FileNotFoundError):
        return False  # an upload holds it, or has just finished
    return True


class _Sink(Protocol):
    def write(self, chunk: bytes, /) -> int: ...


def _copy(content: BinaryIO | Iterable[bytes], file: _Sink, limit: int | None) -> Artifact:
    sha256, sha1, md5 = hashlib.sha256(), hashlib.sha1(usedforsecurity=False), hashlib.md5(usedforsecurity=False)
    length = 0
    for chunk in _pieces(content):
        length += len(chunk)
        if limit is not None and length > limit:
            raise TooLarge(f"The upload is larger than the {limit} bytes allowed; nothing was kept.")
        for one in (sha256, sha1, md5):
            one.update(chunk)
        file.write(chunk)
    return Artifact(sha256.hexdigest(), sha1.hexdigest(), md5.hexdigest(), length)


def _pieces(content: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    read = getattr(content, "read", None)
    if read is None:
        yield from content
        return
    while chunk := read(CHUNK):
        yield chunk


def _require(taken: Artifact, sha256: str, length: int | None) -> None:
    if length is not None and taken.length != length:
        raise Mismatch(
            f"The upload has {taken.length} bytes, announced were {length}; nothing was kept. Send it again."
        )
    if sha256 and taken.sha256 != sha256:
        raise Mismatch(
            f"The upload has SHA-256 {taken.sha256}, announced was {sha256[:64]}; nothing was kept. Send it again."
        )


def _missing(sha256: str) -> NotFound:
    return NotFound(f"There is no artifact {sha256[:64]!r}; check its SHA-256.")
