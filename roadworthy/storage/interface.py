"""What every store of artifacts promises, wherever it keeps them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Artifact:
    """Bytes as they were taken in. SHA-1 and MD5 are there because DDI clients ask for them; they prove nothing."""

    sha256: str
    sha1: str
    md5: str
    length: int


class Artifacts(Protocol):
    """Keeps bytes under their SHA-256 (64 hex digits, lower case)."""

    def put(
        self,
        content: BinaryIO | Iterable[bytes],
        *,
        expected_sha256: str = "",
        expected_length: int | None = None,
        limit: int | None = None,
    ) -> Artifact:
        """Take in a stream, chunk by chunk, and keep it only when it is whole.

        Raises Refused when its length or SHA-256 is not the expected one or it exceeds `limit` bytes; then
        nothing is kept.
        """
        ...

    def open(self, sha256: str) -> BinaryIO:
        """Open an artifact for reading. Raises NotFound."""
        ...

    def length(self, sha256: str) -> int:
        """Give the number of bytes of an artifact. Raises NotFound."""
        ...

    def read(self, sha256: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Give bytes `start` to `stop` (not included) in chunks. Raises NotFound, or Unusable for a bad range."""
        ...
