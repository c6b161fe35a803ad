"""People, and a rulebook that has adopted what is shipped; after each test every row is covered by its event."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from roadworthy.database import Actor, Database
from roadworthy.kernel.time import SetTime
from roadworthy.rulebook import actions
from roadworthy.rulebook.model import Activation, Mode, PackVersion
from tests.rooms.conftest import every_row_is_covered
from tests.rulebook.packs import SHIPPED, text_of


def someone(number: int, *roles: str) -> Actor:
    return Actor(f"USR-{number:026d}", frozenset(roles))


@dataclass
class Rulebook:
    """A database, its clock, and the people who decide about law."""

    database: Database
    time: SetTime
    author: Actor = field(default_factory=lambda: someone(1, "administrator", "compliance_officer", "release_manager"))
    counsel: Actor = field(default_factory=lambda: someone(2, "compliance_officer"))
    second: Actor = field(default_factory=lambda: someone(3, "release_manager"))
    both: Actor = field(default_factory=lambda: someone(4, "compliance_officer", "release_manager"))

    def brought_in(self, **how) -> PackVersion:
        """A version of the company's own pack, in review."""
        return self._brought_in(text_of(**how))

    def _brought_in(self, text: bytes) -> PackVersion:
        made = actions.import_pack(self.database, self.author, text)
        self.time.advance(seconds=1)
        return actions.submit(self.database, self.author, made.digest)

    def signed(self, **how) -> PackVersion:
        return self.signed_text(text_of(**how))

    def signed_text(self, text: bytes) -> PackVersion:
        made = self._brought_in(text)
        for person in (self.counsel, self.second):
            self.time.advance(seconds=1)
            signed = actions.sign(self.database, person, made.digest)
        return signed

    def activated(self, version: PackVersion, mode: Mode = Mode.IN_FORCE, at=None) -> Activation:
        made = actions.propose(self.database, self.counsel, version.digest, mode, at)
        self.time.advance(seconds=1)
        return actions.confirm(self.database, self.second, made.id)

    def packs(self, moment=None):
        with self.database.read() as view:
            return actions.packs_at(view, moment=moment)

    def status(self, digest: str) -> str:
        with self.database.read() as view:
            from roadworthy.rulebook import store

            return store.load_version(view, digest).status


@pytest.fixture
def book(database: Database, time: SetTime) -> Iterator[Rulebook]:
    actions.adopt(database, SHIPPED)
    time.advance(seconds=1)
    yield Rulebook(database, time)
    every_row_is_covered(database)
