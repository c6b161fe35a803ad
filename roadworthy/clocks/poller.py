"""Fires timers: claim, change of state, event and message in one transaction, so that a kill does all or nothing.

Any number of pollers may run on one database, on any number of computers: on PostgreSQL each leaves alone what another
holds (SKIP LOCKED), on SQLite one writes at a time. Due is `fire_at <= now`, so time without a poller only delays.
"""

import os
import secrets
from datetime import timedelta

from roadworthy.clocks import store
from roadworthy.clocks.actions import ACTOR
from roadworthy.clocks.model import Timer
from roadworthy.clocks.store import messages, watch
from roadworthy.clocks.watch import check_time
from roadworthy.database import Database, View, Work
from roadworthy.kernel.time import to_text

BATCH = 100
HEARTBEAT = timedelta(seconds=5)
RESTORE_PERIOD = timedelta(minutes=10)


class Poller:
    """Looks again and again for timers that are due."""

    def __init__(self, database: Database, name: str = "") -> None:
        """Poll `database` under a `name` that no other poller has (made up when empty)."""
        self.name = name or f"{os.getpid()}-{secrets.token_hex(4)}"
        self._database = database
        self._restore_at = database.time.now()

    def tick(self, limit: int = BATCH) -> int:
        """Fire the timers that are due, `limit` at most; give how many there were.

        Raises TimeWentBack, and fires nothing, while the computer's time lies before the last heartbeat.
        """
        with self._database.read() as view:
            if not self._has_work(view):
                return 0
        with self._database.begin(ACTOR) as work:
            last = check_time(work)
            watch.beat(work, self.name, max(work.now, last or work.now))
            self._restore(work)
            return self._fire(work, limit)

    def _has_work(self, view: View) -> bool:
        check_time(view)
        seen = watch.tick_of(view, self.name)
        if seen is None or view.now - seen >= HEARTBEAT or view.now >= self._restore_at:
            return True
        first = watch.oldest_pending(view)
        return first is not None and first <= view.now

    def _fire(self, work: Work, limit: int) -> int:
        due = store.claim_due(work, limit)
        for one, _ in due:
            step = store.fire_timer(work, one)
            told = {"fire_at": to_text(one.fire_at), "kind": one.kind, "roles": list(one.roles)}
            work.record("timer.fired", one.clock_id, told, move=step)
        messages.put(work, due)
        return len(due)

    def _restore(self, work: Work) -> None:
        """Make the messages again that were lost from the outbox; a receiver knows them by their key."""
        if work.now < self._restore_at:
            return
        work.alone("outbox lines that were lost")
        ids = messages.lost(work, BATCH)
        fired = [one for one in store.timers_of(work, ids) if one.status == "fired"]
        there = messages.keys_of(work, [one.dedupe_key for one in fired])
        gone: list[Timer] = [one for one in fired if one.dedupe_key not in there]
        messages.put(work, [(one, store.load(work, one.clock_id)) for one in gone])
        self._restore_at = work.now + (timedelta(0) if ids else RESTORE_PERIOD)
