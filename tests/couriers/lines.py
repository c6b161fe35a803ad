"""Couriers whose calls can fail, and what arrived at their other end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from roadworthy.couriers import actions
from roadworthy.couriers.folder import FolderCourier
from roadworthy.couriers.http import HttpCourier
from roadworthy.couriers.interface import Courier, Evidence, Packet, Result, Sent, Told
from roadworthy.couriers.mailbox import MailCourier, MailServer, message_id_of
from roadworthy.couriers.paper import PaperCourier
from roadworthy.database import Database
from roadworthy.kernel.time import SetTime
from roadworthy.mock_authority import Desk
from roadworthy.storage import ArtifactStore
from tests.couriers.authority import BASE, at_the_desk
from tests.couriers.smtp import Post
from tests.couriers.world import ROOM


@dataclass
class Say:
    """A courier that says what it is told to, and counts its calls."""

    answers: list[Result | Exception]
    repeatable: bool = False
    asks: bool = False
    channel: str = "say:"
    longest: timedelta = timedelta(minutes=1)
    calls: list[str] = field(default_factory=list)

    def send(self, packet: Packet, attempt: int) -> Result:
        self.calls.append(f"send {attempt}")
        return self._next()

    def ask(self, packet: Packet) -> Result:
        self.calls.append("ask")
        return self._next()

    def confirm(self, packet: Packet, told: Told) -> Evidence:
        return Evidence(self.channel, told.at, receipt=told.receipt, note=told.note)

    def _next(self) -> Result:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Faulty:
    """A courier whose calls may be lost on the way there (`lost`) or back (`done`)."""

    courier: Courier
    point: Callable[[str, Callable[[], Result]], Result]
    log: list[tuple[str, str, str]] = field(default_factory=list)

    def __getattr__(self, name: str):
        return getattr(self.courier, name)

    def send(self, packet: Packet, attempt: int) -> Result:
        return self.point("send", lambda: self._noted("send", packet, self.courier.send(packet, attempt)))

    def ask(self, packet: Packet) -> Result:
        return self.point("ask", lambda: self._noted("ask", packet, self.courier.ask(packet)))

    def _noted(self, verb: str, packet: Packet, result: Result) -> Result:
        self.log.append((packet.id, verb, type(result).__name__))
        return result


@dataclass
class Ends:
    """What arrived where: an authority's desk, a folder, a mailbox, a pile of paper."""

    folder: Path
    time: SetTime
    post: Post

    def __post_init__(self) -> None:
        for name in ("desk", "outgoing", "artifacts"):
            (self.folder / name).mkdir()
        self.desk = Desk(self.folder / "desk", self.time)
        self.artifacts = ArtifactStore(self.folder / "artifacts")

    def couriers(self) -> dict[str, Courier]:
        mail = MailServer("127.0.0.1", self.post.port, "us@qilin.example", tls="none")
        return {
            "http": HttpCourier(f"{BASE}/submissions", self.time, transport=at_the_desk(self.desk)),
            "folder": FolderCourier(self.folder / "outgoing", self.time),
            "mail": MailCourier(mail, ("them@authority.example",), self.time),
            "paper": PaperCourier(self.artifacts, self.time),
        }

    def arrived(self, channel: str, packet: Packet) -> int:
        """How many times a packet arrived."""
        mark = message_id_of(packet.id, "us@qilin.example").encode()
        return {
            "http": int(self.desk.find(packet.id) is not None),
            "folder": int((self.folder / "outgoing" / f"{packet.id}.zip").exists()),
            "mail": sum(mark in one for one in self.post.taken),
            "paper": 0,
        }[channel]


def queue(database: Database, packet: Packet, channel: str) -> None:
    with database.begin(ROOM) as work:
        actions.queue(work, packet, channel, paper_of(packet))


def paper_of(packet: Packet) -> str:
    """Each packet is of a paper of its own, unless a test says otherwise."""
    return packet.id.replace("PKT", "FIL")


def sent(time: SetTime, receipt: str = "R-1") -> Sent:
    return Sent(Evidence("say:", time.now(), receipt=receipt, answer_sha256="0" * 64))
