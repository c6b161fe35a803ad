"""What the gate signer remembers between runs: the last version it signed and the decisions that were closed.

It stands beside the key, so that whoever restores the key restores this too. A lock keeps a second process from
signing with the same memory.
"""

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from roadworthy.kernel.errors import Broken, Refused
from roadworthy.kernel.event import canonical
from roadworthy.signing.files import replace_file


class VersionSpent(Refused):
    """This version was signed already; number the next one higher."""

    code = "signing.version_spent"


class GateLedger:
    """The durable memory at `path`, held by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Open or begin the ledger.

        Raises Refused when another process holds it, Broken when it cannot be read.
        """
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise Refused(
                "Another gate signer runs for this installation; stop it first.", code="signer.twice"
            ) from error
        try:
            self.version, self.closed = _read(path)
        except BaseException:
            os.close(self._lock)
            raise

    def spend(self, version: int) -> None:
        """Make `version` the last one, durably, before it is signed.

        Raises VersionSpent unless it is higher than the last.
        """
        if version <= self.version:
            raise VersionSpent(
                f"`released` version {self.version} was signed already; use {self.version + 1} or higher."
            )
        self._write(version, self.closed)

    def remember_closed(self, gates: Iterable[str]) -> None:
        """Remember closed decisions, durably."""
        both = self.closed | frozenset(gates)
        if both != self.closed:
            self._write(self.version, both)

    def close(self) -> None:
        """Let go of the lock."""
        os.close(self._lock)

    def _write(self, version: int, closed: frozenset[str]) -> None:
        told = {"closed": sorted(closed), "version": version}
        replace_file(self._path, canonical(told) + b"\n", mode=0o600)
        self.version, self.closed = version, closed


def _read(path: Path) -> tuple[int, frozenset[str]]:
    if not path.exists():
        return 0, frozenset()
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        return int(told["version"]), frozenset(str(gate) for gate in told["closed"])
    except (ValueError, KeyError, TypeError) as error:
        raise Broken(
            f"{path} cannot be read; restore it from a backup. Do not delete it: versions would repeat."
        ) from error
