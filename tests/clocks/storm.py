"""A storm over clocks: several pollers, each killed again and again, while duties start, end and are corrected.

The parent only forks, kills and waits: it holds no database open while a child of its may be forked. Every second
poller is killed at a point of its own code (see tests/crash.py), the others by the parent at some moment.
"""

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Self

from roadworthy.clocks import actions
from roadworthy.clocks.delivery import Deliverer, Inbox
from roadworthy.clocks.model import Message
from roadworthy.clocks.poller import Poller
from roadworthy.database import Database
from roadworthy.kernel.event import digest_of
from roadworthy.kernel.time import SystemTime
from tests import crash
from tests.clocks.plans import ROOM, plan

LEASE = timedelta(seconds=1)
POLLERS = 4
POINTS = 48  # of a poller's first work; beyond them the same ones come again


@dataclass(frozen=True)
class Size:
    """How many clocks, over how many seconds their time spreads, and how many kills at least."""

    clocks: int
    seconds: float
    kills: int


class Ledger:
    """A receiver outside the database that writes down every delivery, also a repeated one."""

    name = "ledger"

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, message: Message) -> None:
        line = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(line, f"{message.dedupe_key} {digest_of(dict(message.payload))}\n".encode())
        os.close(line)

    def lines(self) -> list[tuple[str, str]]:
        found = self._path.read_text().splitlines() if self._path.exists() else []
        return [(key, digest) for key, digest in (line.split() for line in found)]

    def keys(self) -> list[str]:
        return [key for key, _ in self.lines()]


def poll(url: str, folder: Path, kill: tuple[int, str] | None) -> None:
    """Be a worker that does nothing but poll and deliver; with `kill`, be killed at that point."""
    database = Database(url, SystemTime())
    if kill:
        crash.arm(folder, *kill)
    poller, deliverer = Poller(database), Deliverer(database, [Inbox(database), Ledger(folder / "ledger")], LEASE)
    while True:
        if not poller.tick() + deliverer.tick():
            time.sleep(0.02)


def begin_duties(url: str, size: Size, seed: int) -> None:
    """Start clocks a few at a time; a part of them is acknowledged, cancelled or corrected soon after."""
    dice = random.Random(seed)
    batch = 20
    with closing(Database(url, SystemTime())) as database:
        for first in range(0, size.clocks, batch):
            now = database.time.now()
            with database.begin(ROOM) as work:
                made = [
                    (n, actions.start(work, _plan(now, dice.uniform(0.3, size.seconds), n)))
                    for n in range(first, min(first + batch, size.clocks))
                ]
            for number, clock in dice.sample(made, len(made) // 4):
                with database.begin(ROOM) as work:
                    act = dice.randrange(3)
                    if act == 0:
                        actions.satisfy(work, clock, now, "FIL-1")
                    elif act == 1:
                        actions.cancel(work, clock, "storm")
                    else:
                        actions.correct(work, clock, _plan(now, dice.uniform(0.3, size.seconds), number))


def _plan(now, seconds: float, number: int):
    return plan(now, seconds / 3600, f"CMP-{number}", kinds=["30%", "60%", "due"], roles=("auditor",))


@dataclass
class Storm:
    """The children and their ends. Use as a context: at its end no child is left."""

    url: str
    folder: Path
    size: Size
    kills: int = 0
    _dice: random.Random = field(default_factory=lambda: random.Random(45))
    _turns: Iterator[int] = field(default_factory=count)
    _ends: dict[int, float] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._ends:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        self._ends.clear()

    def rage(self) -> None:
        """Keep four pollers running and kill them, until all duties have begun and enough were killed."""
        starter = fork(lambda: begin_duties(self.url, self.size, 45))
        began = False
        while not (began and self.kills >= self.size.kills):
            while len(self._ends) < POLLERS:
                self._fork()
            time.sleep(0.01)
            if not began:
                began = self._has_ended(starter)
            for child, end in list(self._ends.items()):
                if time.monotonic() > end:
                    os.kill(child, signal.SIGKILL)
                self._reap(child)
        while len(self._ends) < POLLERS:
            self._fork(mortal=False)

    def _fork(self, *, mortal: bool = True) -> None:
        turn = next(self._turns)
        kill, end = None, float("inf")
        if mortal and turn % 2:
            kill = (turn // 2 * 7 % POINTS, (crash.BEFORE, crash.AFTER)[turn // 2 % 2])
        if mortal:
            end = time.monotonic() + self._dice.uniform(0.05, 1.5)
        self._ends[fork(lambda: poll(self.url, self.folder, kill))] = end

    def _reap(self, child: int) -> None:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert os.WIFSIGNALED(status), "a poller failed without being killed; see its traceback"
            assert os.WTERMSIG(status) == signal.SIGKILL
            self.kills += 1
            del self._ends[child]

    def _has_ended(self, starter: int) -> bool:
        ended, status = os.waitpid(starter, os.WNOHANG)
        assert status == 0, "the duties could not be started; see the traceback"
        return bool(ended)


def fork(body: Callable[[], None]) -> int:
    """Run `body` in a child; give its process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    try:
        body()
    except BaseException:  # noqa: BLE001 - a forked child must never return into the test runner
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
