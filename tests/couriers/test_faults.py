"""The fault table: each commit and each call, lost or done but reported lost, in one process or with a new one after.

Whatever fails, at the end the packet arrived exactly once, or a person has it in hand; and between two submissions
that may both have arrived stands the channel's word that it has it not, or a person's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from roadworthy.couriers import actions, store
from roadworthy.couriers.interface import Scan, Told
from roadworthy.couriers.outgoing import Dispatcher
from tests.couriers.lines import Ends, Faulty, queue
from tests.couriers.smtp import mail_server
from tests.couriers.world import CODE, ROOM, packet

LOST, DONE = "lost", "done but reported lost"
CHANNELS = ["http", "folder", "mail", "paper"]


class Faults:
    """Counts commits and calls; one of them fails."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failing: tuple[int, str] = (-1, "")

    def point(self, what: str, act: Callable[[], Any]) -> Any:
        self.passed.append(what)
        number, mode = self.failing
        if number != len(self.passed) - 1:
            return act()
        if mode == DONE:
            act()
        raise OperationalError(what, {}, Exception("gone")) if what == "commit" else OSError("the line is dead")

    @contextmanager
    def around_commits(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        real = DefaultDialect.do_commit
        with monkeypatch.context() as patch:
            patch.setattr(
                DefaultDialect,
                "do_commit",
                lambda dialect, connection: self.point("commit", lambda: real(dialect, connection)),
            )
            yield


@pytest.fixture
def ends(tmp_path, time):
    with mail_server() as post:
        yield Ends(tmp_path, time, post)


@pytest.mark.parametrize("channel", CHANNELS)
def test_whatever_fails_a_packet_arrives_once(database, shelf, ends, monkeypatch, channel):
    dry = one_life(database, shelf, ends, monkeypatch, channel, (-1, ""))
    assert dry.passed == ["commit", "send", "commit"]
    table = {}
    for number, mode, restart in product(range(len(dry.passed)), (LOST, DONE), (False, True)):
        faults = one_life(database, shelf, ends, monkeypatch, channel, (number, mode), restart=restart)
        table[dry.passed[number], number, mode, restart] = faults.passed
    print("\n".join(f"{channel}: {case}: {' '.join(passed)}" for case, passed in table.items()))


def test_whatever_fails_while_it_is_being_asked_a_packet_arrives_once(database, shelf, ends, monkeypatch):
    """A first answer is lost; then every commit and call that settles it fails in turn."""
    for first, number, mode, restart in product((LOST, DONE), range(3, 8), (LOST, DONE), (False, True)):
        one_life(database, shelf, ends, monkeypatch, "http", (1, first), (number, mode), restart=restart)


def one_life(database, shelf, ends, monkeypatch, channel, *failing, restart=False) -> Faults:
    """Let one packet go its way with faults at some points, until nothing moves any more; a person does the rest."""
    made, faults, later = packet(shelf), Faults(), list(failing)
    line = Faulty(ends.couriers()[channel], faults.point)
    queue(database, made, channel)
    worker = Dispatcher(database, shelf.open, {channel: line})
    faults.failing = later.pop(0)
    with faults.around_commits(monkeypatch):
        for _ in range(12):
            failed = len(faults.passed)
            try:
                worker.tick()
            except SQLAlchemyError:
                worker = Dispatcher(database, shelf.open, {channel: line}) if restart else worker
            if later and failed <= faults.failing[0] < len(faults.passed):
                faults.failing = later.pop(0)
            ends.time.advance(minutes=20)
    faults.failing = (-1, "")
    person_settles(database, shelf, ends, line, worker, made, channel)
    check(database, ends, line, made, channel, failing)
    return faults


def person_settles(database, shelf, ends, line, worker, made, channel) -> None:
    """What a person does who telephones the authority, or stamps and sends the paper."""
    with database.read() as view:
        status = store.load(view, made.id).status
    assert status in {"sent", "unsure", "handed"}, status
    told = Told(ends.time.now() - timedelta(seconds=1), note="telephone")
    if status == "handed":
        told = Told(told.at, note="at the counter", scans=[Scan("1" * 64, "image/png", (CODE,))])
    if status == "unsure" and not ends.arrived(channel, made):
        actions.resend(database, ROOM, made.id, "they have it not")
        worker.tick()
    elif status != "sent":
        actions.confirm(database, line, shelf.open, ROOM, made.id, told)


def check(database, ends, line, made, channel, case) -> None:
    with database.read() as view:
        found = store.load(view, made.id)
    assert found.status == "sent", case
    assert ends.arrived(channel, made) == (0 if channel == "paper" else 1), case
    if channel == "paper":
        return
    # Of two sendings that reached the other end, the second followed a word that it is not there.
    told = [(verb, said) for packet_id, verb, said in line.log if packet_id == made.id]
    sends = [n for n, (verb, said) in enumerate(told) if verb == "send" and said == "Sent"]
    for one, two in pairwise(sends):
        assert ("ask", "Failed") in told[one:two], case
