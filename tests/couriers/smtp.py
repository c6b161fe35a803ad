"""A small mail server that keeps what it takes, and fails at the step it is told to (RFC 5321)."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Post:
    """What the server took, and how it behaves: `fail` is (step, answer); an empty answer closes the connection.

    Steps are EHLO, MAIL, RCPT, DATA, the end of the data as `.` (not taken) and as `taken` (taken, answer lost).
    """

    taken: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    fail: tuple[str, str] = ("", "")
    size: int = 0
    port: int = 0


class _Handler(socketserver.StreamRequestHandler):
    timeout = 10
    post: Post

    def handle(self) -> None:
        self._say("220 mail.example")
        while line := self.rfile.readline():
            verb = line[:4].decode().strip().upper()
            if verb == "QUIT" or not self._step(verb, line):
                return

    def _step(self, verb: str, line: bytes) -> bool:
        if self.post.fail[0] == verb:
            return self._fail()
        if verb == "EHLO":
            self._say(f"250-mail.example\r\n250 SIZE {self.post.size}" if self.post.size else "250 mail.example")
        elif verb == "DATA":
            self._say("354 go on")
            return self._data()
        elif verb == "MAIL":
            self.post.senders.append(line.decode().strip())
            self._say("250 ok")
        else:
            self._say("250 ok")
        return True

    def _data(self) -> bool:
        if self.post.fail[0] == "body":
            return self._fail()
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b".") else line)
        if not line:
            return False
        if self.post.fail[0] == ".":
            return self._fail()
        self.post.taken.append(b"".join(lines))
        if self.post.fail[0] == "taken":
            return self._fail()
        self._say("250 queued as 4711")
        return True

    def _fail(self) -> bool:
        answer = self.post.fail[1]
        if answer:
            self._say(answer)
        return bool(answer)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


@contextmanager
def mail_server() -> Iterator[Post]:
    """Run the server on a free port of this computer."""
    post = Post()
    handler = type("Handler", (_Handler,), {"post": post})
    with _Server(("127.0.0.1", 0), handler) as server:
        post.port = server.server_address[1]
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        running.start()
        yield post
        server.shutdown()
        running.join()
