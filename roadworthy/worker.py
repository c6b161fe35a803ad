"""The worker: all background work, in steps: log, changes of law, papers, events, leases, images; clocks apart.

Each is a step of its own: one that fails is told and waits a moment (longer each time, half a minute at most), and
the others go on, so that holding a campaign never waits for a signer. Sending papers, watching clocks and delivering
notices have a thread each: a reminder waits for nobody, and nobody for an authority or a receiver of notices. Any
crash is made good by the next tick; while no worker runs, leases end and delivery stops by itself.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from roadworthy import reactions
from roadworthy.campaigns import actions as campaigns
from roadworthy.clocks import actions as clocks
from roadworthy.clocks.delivery import Deliverer, Inbox, Transport, Webhook
from roadworthy.clocks.planning import compute_again
from roadworthy.clocks.poller import Poller
from roadworthy.couriers.outgoing import Dispatcher
from roadworthy.filings import actions as filings
from roadworthy.installation import Installation, open_keys
from roadworthy.kernel.errors import RoadworthyError
from roadworthy.kernel.time import beijing_date
from roadworthy.publishing import Publisher
from roadworthy.rulebook import actions as rulebook
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.signers import DirectorSigner, GateSigner
from roadworthy.transparency.making import Log
from roadworthy.transparency.sequencer import Sequencer

log = logging.getLogger(__name__)
IDLE_SECONDS = 0.2
RENEWAL_PERIOD = timedelta(seconds=30)
SWEEP_PERIOD = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(seconds=30)


@dataclass
class Step:
    """One kind of work. `run` gives whether there was anything to do; after a failure it rests until `next_at`."""

    name: str
    run: Callable[[], bool]
    failures: int = 0
    next_at: datetime | None = None

    def tick(self, now: datetime) -> bool:
        """Do what is due; a failure is told, and never raised."""
        if self.next_at is not None and now < self.next_at:
            return False
        try:
            busy = self.run()
        except RoadworthyError as error:
            self._failed(now)
            log.error("%s failed (%s): %s", self.name, error.error_code, error.message)  # noqa: TRY400 - one line
            return False
        except (SQLAlchemyError, OSError):
            self._failed(now)
            log.exception("%s failed", self.name)
            return False
        self.failures, self.next_at = 0, None
        return busy

    def _failed(self, now: datetime) -> None:
        self.next_at = now + min(timedelta(seconds=IDLE_SECONDS * 2**self.failures), LONGEST_PAUSE)
        self.failures = min(self.failures + 1, 16)


class Worker:
    """All background work of one installation."""

    def __init__(self, installation: Installation, sequencer: Sequencer, publisher: Publisher) -> None:
        """Put the steps in order: a checkpoint first, since publishing needs it; then what may end a lease."""
        self._database = installation.database
        self._context = reactions.Context(installation.database, installation.regime, installation.settings.lease_hours)
        self._renewed: datetime | None = None
        self._swept: datetime | None = None
        self.steps = (
            Step("sequencing", lambda: bool(sequencer.tick())),
            Step("noting changes of law", lambda: bool(rulebook.settle(self._database))),
            Step("ending papers", lambda: bool(filings.expire_ended(self._database))),
            Step("beginning papers", lambda: bool(filings.begin_due(self._database))),
            Step("answering events", lambda: bool(reactions.run_pending(self._context))),
            Step("renewing leases", self._renew),
            Step("publishing images", publisher.tick),
        )
        poller, deliverer = Poller(self._database), _deliverer(installation)
        dispatcher = Dispatcher(self._database, installation.artifacts.open, installation.couriers)
        self.apart = (
            Step("sending papers", lambda: bool(dispatcher.tick())),
            Step("watching clocks", lambda: bool(poller.tick())),
            Step("delivering notices", lambda: bool(deliverer.tick())),
        )

    def tick(self) -> bool:
        """Do everything that is due once; give whether there was anything to do."""
        return self._tick((*self.steps, *self.apart))

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set, the steps `apart` in threads of their own; a mistake of ours ends all of them."""
        with ThreadPoolExecutor(len(self.apart)) as pool:
            running = [pool.submit(self._loop, [step], stop) for step in self.apart]
            self._loop(self.steps, stop)
        for one in running:
            one.result()

    def _loop(self, steps: Sequence[Step], stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                if not self._tick(steps):
                    stop.wait(IDLE_SECONDS)
        finally:
            stop.set()

    def _tick(self, steps: Sequence[Step]) -> bool:
        busy = [step.tick(self._database.time.now()) for step in steps]
        return any(busy)

    def _renew(self) -> bool:
        """Renew leases, and now and then ask every gate and look which clocks begin or move.

        At the start, when the law or the settings may be new; on a new day, when the law may be; and every ten
        minutes, since on PostgreSQL an answer may change while a gate is being asked.
        """
        now = self._database.time.now()
        if self._renewed is not None and now - self._renewed < RENEWAL_PERIOD:
            return False
        sweep = (
            self._swept is None or now - self._swept >= SWEEP_PERIOD or beijing_date(now) > beijing_date(self._swept)
        )
        campaigns.renew(self._database, self._context.regime, self._context.lease_hours, everything=sweep)
        self._renewed = now
        if sweep:
            campaigns.start_due_clocks(self._database, reactions.ACTOR, self._context.regime)
            with self._database.read() as view:
                calendars = self._context.regime.packs_at(view).calendars
            clocks.recompute(self._database, lambda recipe: compute_again(recipe, calendars))
            self._swept = now
        return False


def _deliverer(installation: Installation) -> Deliverer:
    """Tell people in the inbox, and by a webhook where one is set."""
    database, address = installation.database, installation.settings.notices_webhook
    transports: list[Transport] = [Inbox(database)]
    if address:
        transports.append(Webhook(address, database.time))
    return Deliverer(database, transports)


def open_worker(installation: Installation, passphrase: str) -> Worker:
    """Open the worker's keys.

    Raises WrongPassphrase, NoKey.
    """
    settings, database = installation.settings, installation.database
    keys: Mapping[str, SigningKey] = open_keys(settings.home, "WORKER", passphrase)
    gate, director = GateSigner(settings.home), DirectorSigner(settings.home)
    publisher = Publisher(database, Log(settings.log), keys, gate, director)
    return Worker(installation, Sequencer(database, settings.log, keys["log"]), publisher)
