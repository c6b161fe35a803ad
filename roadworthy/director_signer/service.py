"""Answers requests: opens the receipts, asks the policy, spends the version, builds and signs the three files."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from roadworthy.director_signer.ledger import DirectorLedger
from roadworthy.director_signer.policy import empty_order, order_of
from roadworthy.kernel.errors import Malformed
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import SystemTime, Time
from roadworthy.kernel.vin import parse_vin
from roadworthy.signing.director_repository import make_bundle
from roadworthy.signing.keys import SigningKey, open_key, trusted_log
from roadworthy.signing.lease import closed_gate, lease_of
from roadworthy.signing.model import LARGEST_VERSION, VehicleOrder, read_expiry
from roadworthy.signing.remote import LocalServer, run_until_signalled
from roadworthy.transparency.receipt import open_receipt, open_row

_ORDER = {"expires", "targets", "vehicle", "version", "vin"}
_PROOF = {"assignment", "gate", "opening"}
_TABLE = "assignment"


class DirectorService:
    """The director-online key and the rules of its use. `answer` is called by one thread at a time."""

    def __init__(self, key: SigningKey, log_vkey: str, ledger: DirectorLedger, time: Time) -> None:
        """Sign with `key` what receipts under `log_vkey` allow."""
        self._key = key
        self._log_vkey = log_vkey
        self._ledger = ledger
        self._time = time

    def answer(self, request: Any) -> Json:
        """Answer one request.

        {"vehicle", "vin", "version", "expires", "targets"} -> {"targets", "snapshot", "timestamp"} as text;
        {"closed": receipts} -> {"closed": ids}; {"last": vin} -> {"version": n}.
        Raises Refused (NotCleared, Unproved, VersionSpent), Malformed or Unusable.
        """
        if not isinstance(request, dict):
            raise Malformed("The request is no object; send vehicle, vin, version, expires and targets.")
        if set(request) == {"last"}:
            return {"version": self._ledger.last_version(_vin(request["last"]))}
        if set(request) == {"closed"}:
            closed = [closed_gate(self._open(receipt)) for receipt in _objects(request["closed"], "closed")]
            self._ledger.remember_closed(closed)
            return {"closed": sorted(closed)}
        if set(request) != _ORDER:
            raise Malformed("The fields must be exactly vehicle, vin, version, expires and targets.")
        return self._sign(request)

    def _sign(self, request: Mapping[str, Any]) -> Json:
        now = self._time.now()
        wanted = VehicleOrder(_vin(request["vin"]), _version(request["version"]), read_expiry(request["expires"]))
        if request["targets"] is None:
            order = empty_order(wanted.vin, wanted.version, wanted.expires, now)
            self._ledger.spend(order.vin, order.version)
        else:
            proof = request["targets"]
            if not isinstance(proof, dict) or set(proof) != _PROOF:
                raise Malformed("`targets` is null, or has exactly gate, assignment and opening.")
            lease = lease_of(self._open(proof["gate"]))
            event = self._open(proof["assignment"])
            rows = [_row(opening, event) for opening in _openings(proof["opening"])]
            order = order_of(wanted, request["vehicle"], lease, event, rows, now=now)
            self._ledger.spend(order.vin, order.version, lease.gate, lease.max_vehicles)
        bundle = make_bundle(order, self._key)
        return {role: getattr(bundle, role).decode("ascii") for role in ("targets", "snapshot", "timestamp")}

    def _open(self, receipt: Any) -> Mapping[str, Any]:
        if not isinstance(receipt, dict):
            raise Malformed("A receipt is no object; send what make_receipt gives.")
        return open_receipt(receipt, self._log_vkey).event


@contextmanager
def listening(home: Path, passphrase: str, *, time: Time | None = None) -> Iterator[LocalServer]:
    """Open key, log key and ledger of the installation at `home`, and answer at run/director.sock inside the block.

    Raises NoKey, WrongPassphrase, or Refused when another director signer runs there.
    """
    key = open_key(home / "keys" / "director-online.pem", passphrase)
    log_vkey = trusted_log(home)
    with closing(DirectorLedger(home / "keys" / "director-online.state.db")) as ledger:
        service = DirectorService(key, log_vkey, ledger, time or SystemTime())
        with LocalServer(home / "run" / "director.sock", service.answer) as server:
            yield server


def serve(home: Path, passphrase: str, *, time: Time | None = None) -> None:
    """Run the director signer in this process until SIGTERM or SIGINT."""
    run_until_signalled(listening(home, passphrase, time=time))


def _row(opening: Mapping[str, Any], event: Mapping[str, Any]) -> Mapping[str, Any]:
    row = open_row(opening, event)
    if opening["table"] != _TABLE or opening["key"] != row.get("id"):
        raise Malformed("The opened row is no row of `assignment` under its own id; send the assignment's opening.")
    return row


def _openings(value: Any) -> list[Mapping[str, Any]]:
    found = _objects(value if isinstance(value, list) else [value], "opening")
    if not found:
        raise Malformed("`opening` is empty; send one row opening per ECU.")
    return found


def _objects(value: Any, name: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Malformed(f"`{name}` is no list of objects.")
    return value


def _vin(value: Any) -> str:
    if not isinstance(value, str) or (vin := parse_vin(value)) != value:
        raise Malformed("`vin` is no VIN in its exact form; send 17 of A-Z and 0-9.")
    return vin


def _version(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_VERSION:
        raise Malformed(f"`version` is no whole number from 1 to {LARGEST_VERSION}.")
    return value
