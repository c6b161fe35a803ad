"""Signal 9 at every point of sending, the authority's own writes among them: nothing lost, nothing twice in silence."""

import os
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import select

from roadworthy.couriers import actions, store
from roadworthy.couriers.folder import FolderCourier
from roadworthy.couriers.http import HttpCourier
from roadworthy.couriers.interface import Courier, Evidence, Failed, Packet, Result, Sent, Told
from roadworthy.couriers.outgoing import Dispatcher
from roadworthy.couriers.paper import PaperCourier
from roadworthy.database import Database
from roadworthy.database.migrate import upgrade
from roadworthy.database.schema import event
from roadworthy.kernel.time import SetTime
from roadworthy.mock_authority import Desk
from roadworthy.storage import ArtifactStore
from tests import crash
from tests.company import no_tables_of_tests
from tests.conftest import LONG, START
from tests.couriers.authority import BASE, at_the_desk
from tests.couriers.lines import queue
from tests.couriers.world import PDF_BYTES, ROOM, Shelf, packet
from tests.crashes.state import URL, ServerCopies
from tests.rooms.conftest import every_row_is_covered

SHELF = Shelf()
MADE = packet(SHELF)
CHANNELS = ["http", "folder", "post", "paper"]


class Post:
    """A channel that can neither be asked nor be told the same twice: every call adds a letter."""

    channel, repeatable, asks, longest = "post:", False, False, timedelta(minutes=1)

    def __init__(self, path: Path, time: SetTime) -> None:
        self._path, self._time = path, time

    def send(self, made: Packet, attempt: int) -> Result:
        line = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(line, f"{made.id} {attempt}\n".encode())
        os.fsync(line)
        os.close(line)
        return Sent(Evidence(self.channel, self._time.now()))

    def ask(self, made: Packet) -> Result:
        raise AssertionError("it cannot be asked")

    def confirm(self, made: Packet, told: Told) -> Evidence:
        return Evidence(self.channel, told.at, note=told.note)

    def letters(self) -> int:
        return len(self._path.read_text().splitlines()) if self._path.exists() else 0


def courier(folder: Path, channel: str, time: SetTime) -> Courier:
    return {
        "http": lambda: HttpCourier(BASE, time, transport=at_the_desk(Desk(folder / "desk", time), quiet, quiet)),
        "folder": lambda: FolderCourier(folder / "outgoing", time),
        "post": lambda: Post(folder / "letters", time),
        "paper": lambda: PaperCourier(ArtifactStore(folder / "artifacts"), time),
    }[channel]()


def quiet(_method: str) -> None:
    crash.mark("the line")


def prepare(folder: Path, template: Path, channel: str, url: str = "") -> Path:
    """Give a folder with one packet that waits, and the other ends."""
    for name in ("desk/received", "outgoing", "artifacts/incoming"):
        (folder / name).mkdir(parents=True)
    copy(template, folder / "dispatch.db")
    (folder / URL).write_text(url)
    database = opened(folder, START)
    if url:
        with no_tables_of_tests():
            upgrade(database)
    queue(database, MADE, channel)
    database.close()
    return folder


def opened(folder: Path, now) -> Database:
    return Database((folder / URL).read_text() or f"sqlite:///{folder / 'dispatch.db'}", SetTime(now))


def work_once(folder: Path, channel: str = "http", now=START) -> None:
    """What a worker does with what is due."""
    database = opened(folder, now)
    Dispatcher(database, SHELF.open, {channel: courier(folder, channel, SetTime(now))}).tick()


def arrived(folder: Path, channel: str) -> int:
    time = SetTime(START)
    if channel == "http":
        return len(Desk(folder / "desk", time).records())
    if channel == "post":
        return Post(folder / "letters", time).letters()
    return len(list((folder / "outgoing").glob("*.zip")))


def look(label: str, channel: str, folder: Path) -> None:
    """What the next processes find and do, hours later; a person settles what only a person can."""
    with closing(opened(folder, START)) as database:
        every_row_is_covered(database)
        before = arrived(folder, channel)
        for hours in range(1, 8):
            work_once(folder, channel, START + timedelta(hours=hours))
        status = standing(database)
        assert status in {"sent", "unsure", "handed"}, (label, status)
        if channel == "post" and before:
            assert arrived(folder, channel) == before, f"{label}: sent again in silence"
        person(folder, channel, status)
        assert standing(database) == ("handed" if channel == "paper" else "sent"), label
        if channel != "paper":
            assert arrived(folder, channel) == 1, label
        kinds = kinds_of(database)
        assert kinds.count("dispatch.claimed") <= 1 + kinds.count("dispatch.missed") + kinds.count(
            "dispatch.resent"
        ) + kinds.count("dispatch.postponed"), (label, kinds)
        every_row_is_covered(database)


def person(folder: Path, channel: str, status: str) -> None:
    if status != "unsure":
        return
    later = START + timedelta(days=1)
    with closing(opened(folder, later)) as database:
        if arrived(folder, channel):
            told = Told(later, note="telephone")
            actions.confirm(database, courier(folder, channel, SetTime(later)), SHELF.open, ROOM, MADE.id, told)
        else:
            actions.resend(database, ROOM, MADE.id, "they have it not")
            work_once(folder, channel, later)


def standing(database: Database) -> str:
    with database.read() as view:
        return store.load(view, MADE.id).status


def kinds_of(database: Database) -> list[str]:
    with database.read() as view:
        return [row.kind for row in view.all(select(event.c.kind).order_by(event.c.seq))]


def kill_everywhere(prepared: Path, scratch: Path, channel: str, copies: crash.Copies, most: int) -> None:
    labels = []
    act = partial(work_once, channel=channel)
    for left in crash.crashes(prepared, act, scratch, both_sides=LONG, most=most, copies=copies):
        labels.append(left.label)
        crash.run(left.folder, partial(look, left.label, channel))
    assert sum(label.endswith("COMMIT") for label in labels) >= 2
    print(f"{channel}: killed {len(labels)} times")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_kill_while_sending_loses_nothing_and_sends_nothing_twice_in_silence(tmp_path, sqlite_template, channel):
    prepared = prepare(tmp_path / "prepared", sqlite_template, channel)
    kill_everywhere(prepared, tmp_path, channel, crash.Copies(), 0 if LONG else 24)


@pytest.mark.usefixtures("postgresql_template")
def test_a_kill_while_sending_loses_nothing_on_postgresql(tmp_path, sqlite_template, postgresql_server):
    copies = ServerCopies(postgresql_server)
    prepared = prepare(tmp_path / "prepared", sqlite_template, "http", copies.new())
    kill_everywhere(prepared, tmp_path, "http", copies, 0 if LONG else 8)
    copies.remove(prepared)


def test_a_packet_whose_files_are_gone_fails_and_goes_when_they_are_back(tmp_path, sqlite_template):
    prepared = prepare(tmp_path / "prepared", sqlite_template, "folder")
    time = SetTime(START)
    empty = Shelf({MADE.files[0].sha256: PDF_BYTES + b"!"})
    with closing(opened(prepared, START)) as database:
        line = FolderCourier(prepared / "outgoing", time)
        Dispatcher(database, empty.open, {"folder": line}).tick()
        assert standing(database) == "failed"
        actions.resend(database, ROOM, MADE.id, "restored from the backup")
        Dispatcher(database, SHELF.open, {"folder": line}).tick()
        assert standing(database) == "sent"
        assert isinstance(line.ask(MADE), Sent)
        assert not isinstance(line.ask(MADE), Failed)
