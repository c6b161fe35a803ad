"""What the worker and the server ask of the two signer processes. They never see those keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from roadworthy.kernel.event import Json
from roadworthy.kernel.time import to_text
from roadworthy.signing.canonical import Signature
from roadworthy.signing.model import Bundle
from roadworthy.signing.remote import call


class GateSigner:
    """The line to the gate signer at HOME/run/gate.sock. All raise SignerAway when it is not running."""

    def __init__(self, home: Path) -> None:
        """Use the signer of the installation at `home`."""
        self._socket = home / "run" / "gate.sock"

    def sign(
        self, portion: str, receipts: Sequence[Mapping[str, Json]], closed: Sequence[Mapping[str, Json]] = ()
    ) -> Signature:
        """Get the second signature on a `released` portion; `receipts` prove its gate decisions.

        `closed` are receipts of `gate.closed` events; the signer remembers them. Raises Refused, Malformed.
        """
        request = {"closed": list(closed), "receipts": list(receipts), "released": portion}
        told = call(self._socket, request)
        return Signature(told["keyid"], told["sig"])

    def close(self, closed: Sequence[Mapping[str, Json]]) -> None:
        """Tell the signer of ended leases without asking for a signature."""
        call(self._socket, {"closed": list(closed)})

    def last_version(self) -> int:
        """Give the version of `released` it signed last, 0 for none; the next must be higher."""
        return int(call(self._socket, {"last": True})["version"])


class DirectorSigner:
    """The line to the director signer at HOME/run/director.sock. All raise SignerAway when it is not running."""

    def __init__(self, home: Path) -> None:
        """Use the signer of the installation at `home`."""
        self._socket = home / "run" / "director.sock"

    def sign(
        self, vehicle: str, vin: str, version: int, expires: datetime, targets: Mapping[str, Json] | None
    ) -> Bundle:
        """Get the three files of a vehicle.

        `targets` is None for nothing to install, or {"gate": receipt, "assignment": receipt, "opening": row opening
        or a list of them, one per ECU}. Raises Refused, Malformed.
        """
        request = {
            "expires": to_text(expires),
            "targets": None if targets is None else dict(targets),
            "vehicle": vehicle,
            "version": version,
            "vin": vin,
        }
        told = call(self._socket, request)
        return Bundle(*(told[role].encode("ascii") for role in ("targets", "snapshot", "timestamp")))

    def close(self, closed: Sequence[Mapping[str, Json]]) -> None:
        """Tell the signer of ended leases: it signs nothing under them any more."""
        call(self._socket, {"closed": list(closed)})

    def last_version(self, vin: str) -> int:
        """Give the version it signed last for a vehicle, 0 for none; the next must be higher."""
        return int(call(self._socket, {"last": vin})["version"])
