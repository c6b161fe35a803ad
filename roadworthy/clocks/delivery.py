"""Tells people what fired: claims messages for a while, delivers them outside any transaction, then writes it down.

A process that dies in between leaves a message claimed; when its lease is over another one tries again. So a message
arrives at least once, and every attempt carries the same key, by which a receiver knows a repetition.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import httpx
from sqlalchemy.exc import SQLAlchemyError

from roadworthy.clocks.actions import ACTOR
from roadworthy.clocks.model import Message
from roadworthy.clocks.rules import delay_after
from roadworthy.clocks.store import messages
from roadworthy.database import Database
from roadworthy.kernel.errors import Broken, RoadworthyError
from roadworthy.kernel.time import Time, to_text

log = logging.getLogger(__name__)
BATCH = 10
WEBHOOK_SECONDS = 5.0
# Longer than a whole batch may take, so that a slow receiver is not asked by two at once.
LEASE = timedelta(seconds=60)


class NotDelivered(Broken):
    """The receiver did not take the message; it is tried again."""

    code = "notice.not_delivered"


class Transport(Protocol):
    """One way to tell somebody. It may be called again with the same message."""

    name: str

    def deliver(self, message: Message) -> None:
        """Deliver, or raise NotDelivered, SQLAlchemyError, OSError."""
        ...


class Inbox:
    """Shows a message to the holders of its roles in the console, the API and the command line."""

    name = "inbox"

    def __init__(self, database: Database) -> None:
        """Write notices into `database`."""
        self._database = database

    def deliver(self, message: Message) -> None:
        """Write a notice for each role, once."""
        with self._database.begin(ACTOR) as work:
            work.alone(f"notice {message.dedupe_key}")
            made = messages.give(work, message)
            if made:
                told = {"kind": made[0].kind, "roles": [one.role for one in made], "topic": message.topic}
                work.record("notice.given", made[0].clock_id, told)


class Webhook:
    """Posts a message to one address, with the header Idempotency-Key. After a failure it rests, longer each time."""

    name = "webhook"

    def __init__(self, url: str, time: Time, transport: httpx.BaseTransport | None = None) -> None:
        """Post to `url`; `transport` replaces the network in tests."""
        self._url, self._time = url, time
        self._http = httpx.Client(timeout=WEBHOOK_SECONDS, transport=transport)
        self._failures = 0
        self._rests_until: datetime | None = None

    def deliver(self, message: Message) -> None:
        """Post; any 2xx answer is a receipt. Raises NotDelivered, without the address, which may hold a secret."""
        now = self._time.now()
        if self._rests_until is not None and now < self._rests_until:
            raise NotDelivered(f"the receiver failed {self._failures} times and is left alone for a moment.")
        body = {
            "created_at": to_text(message.created_at),
            "dedupe_key": message.dedupe_key,
            "payload": dict(message.payload),
            "roles": list(message.roles),
            "topic": message.topic,
        }
        try:
            answer = self._http.post(self._url, json=body, headers={"Idempotency-Key": message.dedupe_key})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._failed(now)
            raise NotDelivered(f"the receiver cannot be reached ({type(error).__name__}).") from error
        if not answer.is_success:
            self._failed(now)
            raise NotDelivered(f"the receiver answered {answer.status_code}.")
        self._failures, self._rests_until = 0, None

    def _failed(self, now: datetime) -> None:
        self._failures += 1
        self._rests_until = now + delay_after(self._failures)


class Deliverer:
    """Delivers the messages of the outbox through every transport, in their order."""

    def __init__(self, database: Database, transports: Sequence[Transport], lease: timedelta = LEASE) -> None:
        """Deliver what stands in `database`; a message claimed by somebody who died is free after `lease`."""
        self._database, self._transports, self._lease = database, tuple(transports), lease

    def tick(self, limit: int = BATCH) -> int:
        """Try the messages whose time has come, `limit` at most; give how many were tried."""
        with self._database.read() as view:
            if not messages.has_due(view):
                return 0
        with self._database.begin(ACTOR) as work:
            claimed = messages.claim(work, limit, self._lease)
        for message in claimed:
            self._deliver(message)
        return len(claimed)

    def _deliver(self, message: Message) -> None:
        failures = [told for one in self._transports if (told := _attempt(one, message))]
        with self._database.begin(ACTOR) as work:
            if failures:
                again = work.now + delay_after(message.attempts)
                messages.mark_failed(work, message.dedupe_key, "; ".join(failures), again)
            else:
                messages.mark_delivered(work, message.dedupe_key)


def _attempt(transport: Transport, message: Message) -> str:
    """Deliver by one way; give why it failed, or ""."""
    try:
        transport.deliver(message)
    except (RoadworthyError, SQLAlchemyError, OSError) as error:
        told = error.message if isinstance(error, RoadworthyError) else type(error).__name__
        log.warning("%s did not take %s: %s", transport.name, message.dedupe_key, told)
        return f"{transport.name}: {told}"
    return ""
