"""What the director signer remembers between runs: the last version per VIN, vehicles per gate decision, closings.

A small SQLite file of its own beside the key, committed with fsync before anything is signed: a version that a
power cut forgot would be signed twice with different contents. It holds VINs and is erased with the vehicle.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from roadworthy.kernel.errors import Broken, Refused
from roadworthy.signing.lease import NotCleared

_TABLES = """
CREATE TABLE IF NOT EXISTS vehicle (vin TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cleared (gate TEXT, vin TEXT, PRIMARY KEY (gate, vin)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gate (
  gate TEXT PRIMARY KEY, vehicles INTEGER NOT NULL, closed INTEGER NOT NULL
) WITHOUT ROWID;
"""


class VersionSpent(Refused):
    """This version was signed already; number the next one higher."""

    code = "signing.version_spent"


class DirectorLedger:
    """The durable memory at `path`, held by one process at a time; use it from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or begin the ledger.

        Raises Refused when another process holds it, Broken when it is no ledger.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.5)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript("BEGIN IMMEDIATE;" + _TABLES + "COMMIT;")
        except sqlite3.DatabaseError as error:
            self._db.close()
            if "locked" in str(error):
                raise Refused(
                    "Another director signer runs for this installation; stop it first.", code="signer.twice"
                ) from error
            raise Broken(
                f"{path} cannot be read; restore it from a backup. Do not delete it: versions would repeat."
            ) from error

    def last_version(self, vin: str) -> int:
        """Give the last version signed for a VIN, 0 for none."""
        row = self._db.execute("SELECT version FROM vehicle WHERE vin = ?", (vin,)).fetchone()
        return int(row[0]) if row else 0

    def spend(self, vin: str, version: int, gate: str = "", max_vehicles: int = 0) -> None:
        """Make `version` the last of `vin` and count the vehicle under `gate`, durably, before it is signed.

        Raises VersionSpent unless it is higher than the last, NotCleared when the gate was closed or its number of
        vehicles is used up.
        """
        with self._transaction():
            last = self.last_version(vin)
            if version <= last:
                raise VersionSpent(f"Version {last} was signed already for this vehicle; use {last + 1} or higher.")
            if gate:
                self._count(gate, vin, max_vehicles)
            self._db.execute("INSERT OR REPLACE INTO vehicle VALUES (?, ?)", (vin, version))

    def remember_closed(self, gates: Iterable[str]) -> None:
        """Remember closed decisions, durably."""
        lines = [(gate,) for gate in gates]
        with self._transaction():
            self._db.executemany("INSERT INTO gate VALUES (?, 0, 1) ON CONFLICT (gate) DO UPDATE SET closed = 1", lines)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _count(self, gate: str, vin: str, max_vehicles: int) -> None:
        row = self._db.execute("SELECT vehicles, closed FROM gate WHERE gate = ?", (gate,)).fetchone()
        vehicles, closed = row or (0, 0)
        if closed:
            raise NotCleared(f"{gate} was closed; decide the gate again.")
        if self._db.execute("SELECT 1 FROM cleared WHERE gate = ? AND vin = ?", (gate, vin)).fetchone():
            return
        if vehicles >= max_vehicles:
            raise NotCleared(f"{gate} clears {max_vehicles} vehicles and all are used; clear a larger wave.")
        self._db.execute("INSERT INTO cleared VALUES (?, ?)", (gate, vin))
        self._db.execute(
            "INSERT INTO gate VALUES (?, 1, 0) ON CONFLICT (gate) DO UPDATE SET vehicles = vehicles + 1", (gate,)
        )
