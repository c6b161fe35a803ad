"""A line between two processes of one computer: one request, one answer, over a Unix socket.

A frame is four bytes of length (big endian) and canonical JSON. The socket file has mode 0600 and the server asks
the kernel who called (SO_PEERCRED); errors come back as the family they were raised in.
"""

import contextlib
import json
import logging
import os
import signal
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from roadworthy.kernel.errors import Broken, Malformed, NotFound, NotPermitted, Refused, RoadworthyError, Unusable
from roadworthy.kernel.event import Json, canonical

LARGEST_FRAME = 16 * 1024 * 1024
PATIENCE = 10.0  # seconds for a whole request or answer

_LENGTH = struct.Struct(">I")
_PEER = struct.Struct("3i")  # pid, uid, gid
_ADDRESS_LIMIT = 100  # of 108 bytes in sockaddr_un

# Most particular first; an error is sent as the first that fits.
_FAMILIES: tuple[tuple[str, type[RoadworthyError]], ...] = (
    ("not_permitted", NotPermitted),
    ("refused", Refused),
    ("malformed", Malformed),
    ("not_found", NotFound),
    ("unusable", Unusable),
    ("broken", Broken),
)

log = logging.getLogger(__name__)


class SignerAway(Broken):
    """The signer process does not answer; start it and try again."""

    code = "signer.away"


def call(path: Path, request: Json, *, patience: float = PATIENCE) -> Any:
    """Send `request` to the server at `path` and give its answer.

    Raises SignerAway when nobody answers within `patience` seconds, and whatever family the server raised.
    """
    deadline = time.monotonic() + patience
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(patience)
            with _address(path) as address:
                line.connect(address)
            _send(line, canonical(request))
            answer = json.loads(_receive(line, deadline))
    except (OSError, ValueError, Malformed) as error:
        raise SignerAway(f"{SignerAway.__doc__} ({path.name}: {error})") from error
    if "error" in answer:
        raise _error_from(answer["error"])
    return answer["ok"]


class LocalServer:
    """Answers requests on a Unix socket, one per connection; `answer` is called by one thread at a time.

    `allowed_uids` may call (by default the server's own user). Opening takes over a stale socket file: the caller
    must hold a lock of its own that keeps a second server away.
    """

    def __init__(
        self, path: Path, answer: Callable[[Any], Json], *, allowed_uids: frozenset[int] | None = None
    ) -> None:
        """Listen at `path` (mode 0600, its folder is made)."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        self.path = path
        allowed = frozenset({os.getuid()}) if allowed_uids is None else allowed_uids
        before = os.umask(0o177)  # so that the file never has another mode, not even for a moment
        try:
            with _address(path) as address:
                self._server = _Server(address, answer, allowed)
        finally:
            os.umask(before)

    def run(self) -> None:
        """Answer until `stop` is called from another thread."""
        self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        """End `run`, wait for it, and take the socket away."""
        self._server.shutdown()
        self._server.server_close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join()


def run_until_signalled(running: AbstractContextManager[LocalServer]) -> None:
    """Enter `running` and stay until SIGTERM or SIGINT arrives; then leave it in order."""
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before any thread starts, so that only sigwait takes them
    with running as server:
        log.info("listening at %s", server.path)
        signal.sigwait(ends)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: str, answer: Callable[[Any], Json], allowed: frozenset[int]) -> None:
        self.answer = answer
        self.allowed = allowed
        self.one_at_a_time = threading.Lock()
        super().__init__(address, _Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - socketserver's signature
        _, uid, _ = _PEER.unpack(request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        if uid not in self.allowed:
            log.warning("refused a caller of user %d", uid)
        return uid in self.allowed


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = cast("_Server", self.server)
        self.request.settimeout(PATIENCE)
        try:
            answer = _answer(server, _receive(self.request, time.monotonic() + PATIENCE))
            _send(self.request, canonical(answer))
        except Malformed as error:
            with contextlib.suppress(OSError):  # the caller may be gone; nothing was done for it
                _send(self.request, canonical(_error_to(error)))
        except OSError as error:
            log.warning("a caller went away: %s", error)


def _answer(server: _Server, frame: bytes) -> Json:
    try:
        request = _parse(frame)
        with server.one_at_a_time:
            return {"ok": server.answer(request)}
    except RoadworthyError as error:
        return _error_to(error)
    except Exception:
        log.exception("a request failed")  # the caller learns no detail; the operator finds it here
        return _error_to(Broken("The signer failed on this request; its log says why."))


def _parse(frame: bytes) -> Any:
    try:
        request = json.loads(frame)
        plain = canonical(request)
    except (ValueError, RecursionError, Broken) as error:
        raise Malformed("The request is no canonical JSON; send kernel.event.canonical bytes.") from error
    if plain != frame:  # doubled keys, blanks: two readers could understand it differently
        raise Malformed("The request is no canonical JSON; send kernel.event.canonical bytes.")
    return request


def _send(line: socket.socket, body: bytes) -> None:
    if len(body) > LARGEST_FRAME:
        raise Broken(f"A frame of {len(body)} bytes is over {LARGEST_FRAME}; send fewer receipts at once.")
    line.sendall(_LENGTH.pack(len(body)) + body)


def _receive(line: socket.socket, deadline: float) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(line, _LENGTH.size, deadline))
    if length > LARGEST_FRAME:
        raise Malformed(f"A frame of {length} bytes is over {LARGEST_FRAME}; send fewer receipts at once.")
    return _exactly(line, length, deadline)


def _exactly(line: socket.socket, count: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    while count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the other side is too slow")
        line.settimeout(left)
        part = line.recv(min(count, 65536))
        if not part:
            raise Malformed("The other side stopped in the middle of a frame; send it again.")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _error_to(error: RoadworthyError) -> Json:
    family = next((name for name, kind in _FAMILIES if isinstance(error, kind)), "broken")
    told = {"at": error.at, "code": error.error_code, "family": family, "message": error.message}
    return {"error": told}


def _error_from(told: dict[str, str]) -> RoadworthyError:
    kind = dict(_FAMILIES).get(told["family"], Broken)
    return kind(told["message"], code=told["code"], at=told["at"])


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """Give an address the kernel accepts: a long path goes through a handle on its folder."""
    if len(os.fsencode(path)) <= _ADDRESS_LIMIT:
        yield str(path)
        return
    handle = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)
