"""Filings with a store of artifacts and couriers; after each test every row is what its last event said."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from roadworthy.couriers.interface import Courier
from roadworthy.couriers.outgoing import Dispatcher
from roadworthy.database import Database
from roadworthy.filings import actions, store
from roadworthy.filings.model import Authority, FilId, Filing
from roadworthy.storage import ArtifactStore
from tests import papers
from tests.rooms.app import OFFICER, SECOND
from tests.rooms.conftest import every_row_is_covered


@dataclass
class Room:
    """The room with what it sends through."""

    database: Database
    artifacts: ArtifactStore
    couriers: dict[str, Courier]

    def sent(self, kind: str = "miit_enterprise") -> Filing:
        """Write, sign and send a paper, and let the worker deliver it."""
        made = papers.drafted(self.database, OFFICER, kind)
        self.artifacts.put([papers.ATTACHED])
        papers.signed(self.database, OFFICER, SECOND, made)
        actions.send(self.database, self.artifacts, OFFICER, made.id, f"http://127.0.0.1/filings/{made.id}")
        self.work()
        return self.shown(made.id)

    def work(self) -> None:
        Dispatcher(self.database, self.artifacts.open, self.couriers).tick()

    def shown(self, filing_id: FilId) -> Filing:
        with self.database.read() as view:
            return store.load_filing(view, filing_id)

    def packet(self, filing: Filing):
        with self.database.read() as view:
            return actions.packet_of(view, filing)


@pytest.fixture
def dialect() -> str:
    return "sqlite"


@pytest.fixture
def room(database: Database, tmp_path: Path) -> Iterator[Callable[..., Room]]:
    """Give the room with these channels, by authority."""

    def made(uri: str = "print:") -> Room:
        artifacts = ArtifactStore(tmp_path / "artifacts")
        uris = dict.fromkeys(Authority, uri)
        return Room(database, artifacts, actions.open_channels(uris, artifacts, database.time, lambda _: ""))

    yield made
    every_row_is_covered(database)
