"""The worker: sequences the log, answers events, ends filings, renews leases, publishes images.

Any crash is made good by the next tick; while no worker runs, leases end and delivery stops by itself.
"""

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from roadworthy import reactions
from roadworthy.campaigns import actions as campaigns
from roadworthy.filings import actions as filings
from roadworthy.installation import Installation, open_keys
from roadworthy.kernel.errors import RoadworthyError
from roadworthy.publishing import Publisher
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.signers import DirectorSigner, GateSigner
from roadworthy.transparency.making import Log
from roadworthy.transparency.sequencer import Sequencer

log = logging.getLogger(__name__)
IDLE_SECONDS = 0.2
RENEWAL_PERIOD = timedelta(seconds=30)


class Worker:
    """All background work of one installation."""

    def __init__(self, installation: Installation, keys: Mapping[str, SigningKey]) -> None:
        """Work with the keys of the custody WORKER."""
        settings = installation.settings
        self._database = installation.database
        self._context = reactions.Context(installation.database, installation.regime, settings.lease_hours)
        self._sequencer = Sequencer(installation.database, settings.log, keys["log"])
        self._publisher = Publisher(
            installation.database,
            Log(settings.log),
            keys,
            GateSigner(settings.home),
            DirectorSigner(settings.home),
        )
        self._renewed: datetime | None = None

    def tick(self) -> bool:
        """Do everything that is due once; give whether there was anything to do."""
        placed = self._sequencer.tick()
        answered = reactions.run_pending(self._context)
        renewed = self._renew()
        published = self._publisher.tick()
        return bool(placed or answered or renewed or published)

    def _renew(self) -> int:
        now = self._database.time.now()
        if self._renewed is not None and now - self._renewed < RENEWAL_PERIOD:
            return 0
        ended = filings.expire_ended(self._database)
        asked = campaigns.renew(self._database, self._context.regime, self._context.lease_hours)
        self._renewed = now
        return ended + asked

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set. A failing tick is told and tried again: leases end by themselves meanwhile."""
        while not stop.is_set():
            try:
                busy = self.tick()
            except RoadworthyError as error:
                log.error("tick failed (%s): %s", error.error_code, error.message)  # noqa: TRY400 - one line, no trace
                busy = False
            if not busy:
                stop.wait(IDLE_SECONDS)


def open_worker(installation: Installation, passphrase: str) -> Worker:
    """Open the worker's keys.

    Raises WrongPassphrase, NoKey.
    """
    return Worker(installation, open_keys(installation.settings.home, "WORKER", passphrase))
