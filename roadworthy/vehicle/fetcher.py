"""The vehicle's HTTP: one token, hard limits, and a server that may say "come back later"."""

import json
from collections.abc import Callable, Iterator
from threading import Lock
from time import monotonic

from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError
from tuf.ngclient.fetcher import FetcherInterface
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, ReadTimeoutError

CHUNK = 65_536
ERROR_BODY = 16_384  # of an error answer, at most this much is read
DEFAULT_COME_BACK = 30.0
LONGEST_COME_BACK = 86_400.0  # a lease lives 24 h: a server cannot send a vehicle to sleep for longer
GRACE = 10.0  # seconds before the minimum rate counts

# Only what never reached the server is tried again. Retry-After is for the agent, so urllib3 must not sleep on it.
_RETRIES = Retry(
    total=2, connect=2, read=1, redirect=0, status=0, other=0, backoff_factor=0.2, respect_retry_after_header=False
)


class ComeBack(DownloadError):
    """The server has nothing to say yet (503 or 429): poll again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        """Carry the wait in seconds, 0..86,400."""
        self.seconds = seconds
        super().__init__(f"the server says: come back in {seconds:g} s")


class SharedFiles:
    """Versioned image metadata by URL, for many simulated vehicles in one process; each still verifies for itself."""

    def __init__(self) -> None:
        """Start empty."""
        self._files: dict[str, bytes] = {}
        self._lock = Lock()

    def get(self, url: str) -> bytes | None:
        """Give the bytes kept for `url`, or None."""
        return self._files.get(url)

    def keep(self, url: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass `chunks` on and keep them once the last one has arrived, if `url` names a file that never changes."""
        if not _is_immutable(url):
            yield from chunks
            return
        kept: list[bytes] = []
        for chunk in chunks:
            kept.append(chunk)
            yield chunk
        with self._lock:
            self._files[url] = b"".join(kept)


def http_pool(connections: int = 1) -> PoolManager:
    """Give a pool that keeps up to `connections` open to the server; share it between vehicles of one process."""
    return PoolManager(num_pools=4, maxsize=connections)


class Fetcher(FetcherInterface):
    """Fetches for ngclient and sends manifests, as one vehicle.

    Follows no redirect, so that the token reaches only the server it was made for. ngclient passes the length cap of
    each file; this class adds timeouts and a minimum rate (a drip of bytes is an attack: Uptane 3.3, slow retrieval).
    """

    def __init__(
        self,
        pool: PoolManager,
        token: str,
        *,
        timeout: float = 15.0,
        minimum_rate: float = 1_000.0,
        shared: SharedFiles | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Use `pool`; `timeout` seconds to connect and between bytes; `minimum_rate` bytes per second after 10 s."""
        self._pool = pool
        self._headers = {"Authorization": f"TargetToken {token}", "User-Agent": "roadworthy-vehicle/1"}
        self._timeout = timeout
        self._minimum_rate = minimum_rate
        self._shared = shared
        self._clock = clock

    def _fetch(self, url: str) -> Iterator[bytes]:
        """Fetch `url`; see FetcherInterface. Raises ComeBack, DownloadHTTPError, DownloadError."""
        if self._shared is None:
            return self._read(self._request("GET", url), url)
        known = self._shared.get(url)
        if known is not None:
            return iter([known])
        return self._shared.keep(url, self._read(self._request("GET", url), url))

    def put_json(self, url: str, body: bytes) -> None:
        """PUT canonical JSON bytes.

        Raises ComeBack, DownloadHTTPError (any other answer than 2xx) or DownloadError (no answer).
        """
        _short_body(self._request("PUT", url, body))

    def _request(self, method: str, url: str, body: bytes | None = None) -> BaseHTTPResponse:
        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        try:
            answer = self._pool.request(
                method,
                url,
                body=body,
                headers=headers,
                timeout=Timeout(connect=self._timeout, read=self._timeout),
                retries=_RETRIES if body is None else _RETRIES.new(read=0),
                redirect=False,
                preload_content=False,
            )
        except (MaxRetryError, ConnectTimeoutError, HTTPError) as error:
            raise DownloadError(f"no answer to {method} {url}: {error}") from error
        if answer.status >= 300:
            raise _refusal(method, url, answer)
        return answer

    def _read(self, answer: BaseHTTPResponse, url: str) -> Iterator[bytes]:
        started, received, complete = self._clock(), 0, False
        try:
            # read1 returns what one packet brought; read(CHUNK) would wait for a full chunk, however slow it drips.
            while chunk := answer.read1(CHUNK, decode_content=False):
                received += len(chunk)
                seconds = self._clock() - started
                if seconds > GRACE and received < seconds * self._minimum_rate:
                    raise SlowRetrievalError(f"{url}: {received} bytes in {seconds:.0f} s")
                yield chunk
            complete = True
        except ReadTimeoutError as error:
            raise SlowRetrievalError(f"{url}: no byte for {self._timeout:g} s after {received} bytes") from error
        except HTTPError as error:
            raise DownloadError(f"{url} broke off after {received} bytes: {error}") from error
        finally:
            if not complete:
                answer.close()  # unread bytes would answer the next request
            answer.release_conn()


def _refusal(method: str, url: str, answer: BaseHTTPResponse) -> DownloadError:
    body = _short_body(answer)
    if answer.status in {429, 503}:
        return ComeBack(_seconds(answer.headers.get("Retry-After", "")))
    return DownloadHTTPError(f"{method} {url}: HTTP {answer.status}{_detail(body)}", answer.status)


def _short_body(answer: BaseHTTPResponse) -> bytes:
    """Read a body that only informs; what cannot be read says nothing, the status has said what matters."""
    try:
        body = answer.read(ERROR_BODY, decode_content=False)
    except HTTPError:
        body = b""
    if answer.length_remaining != 0:
        answer.close()  # unread bytes would answer the next request
    answer.release_conn()
    return body


def _seconds(retry_after: str) -> float:
    """Read Retry-After in seconds; its date form needs a clock we may not trust, so it gives the default."""
    text = retry_after.strip()
    if not (text.isascii() and text.isdigit()):
        return DEFAULT_COME_BACK
    return min(float(text), LONGEST_COME_BACK)


def _detail(body: bytes) -> str:
    """Quote `detail` of problem+json (RFC 9457), if the body is that."""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    detail = document.get("detail") if isinstance(document, dict) else None
    return f" ({detail})" if isinstance(detail, str) else ""


def _is_immutable(url: str) -> bool:
    """Say whether the last part is N.role.json of the Image repository: a version is never written twice."""
    folder, _, name = url.rpartition("/")
    return folder.endswith("/image/metadata") and name.partition(".")[0].isdigit()
