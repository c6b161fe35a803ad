"""Answers requests: opens the receipts, asks the policy, spends the version, signs."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from roadworthy.gate_signer.ledger import GateLedger
from roadworthy.gate_signer.policy import require_cleared
from roadworthy.kernel.errors import Malformed
from roadworthy.kernel.event import Json
from roadworthy.kernel.time import SystemTime, Time
from roadworthy.signing.image_repository import sign_portion
from roadworthy.signing.keys import SigningKey, open_key, trusted_log
from roadworthy.signing.lease import Lease, closed_gate, lease_of
from roadworthy.signing.released import read_released
from roadworthy.signing.remote import LocalServer, run_until_signalled
from roadworthy.transparency.receipt import open_receipt

_FIELDS = {"closed", "receipts", "released"}


class GateService:
    """The gate key and the rules of its use. `answer` is called by one thread at a time."""

    def __init__(self, key: SigningKey, log_vkey: str, ledger: GateLedger, time: Time) -> None:
        """Sign with `key` what receipts under `log_vkey` clear."""
        self._key = key
        self._log_vkey = log_vkey
        self._ledger = ledger
        self._time = time

    def answer(self, request: Any) -> Json:
        """Answer one request.

        {"released": portion, "receipts": [...], "closed"?: [...]} -> {"keyid", "sig"};
        {"closed": [...]} -> {"closed": ids}; {"last": true} -> {"version": n}.
        Raises Refused (NotCleared, Unproved, VersionSpent) or Malformed; closed gates are remembered even then.
        """
        if not isinstance(request, dict):
            raise Malformed("The request is no object; send released and receipts.")
        if request == {"last": True}:
            return {"version": self._ledger.version}
        if not request or not set(request) <= _FIELDS:
            raise Malformed("The request has unknown fields; send released, receipts and closed.")
        closed = [closed_gate(self._open(receipt)) for receipt in _receipts(request, "closed")]
        self._ledger.remember_closed(closed)
        if "released" not in request:
            return {"closed": sorted(closed)}
        return self._sign(request)

    def _sign(self, request: Mapping[str, Any]) -> Json:
        portion = request["released"]
        if not isinstance(portion, str):
            raise Malformed("`released` is no text; send the text that released_portion gives.")
        released = read_released(portion)
        leases = self._leases(request)
        require_cleared(released, leases, self._ledger.closed, self._time.now())
        self._ledger.spend(released.version)
        return sign_portion(portion, self._key).to_json()

    def _leases(self, request: Mapping[str, Any]) -> dict[str, Lease]:
        leases: dict[str, Lease] = {}
        for receipt in _receipts(request, "receipts"):
            lease = lease_of(self._open(receipt))
            if leases.setdefault(lease.gate, lease) != lease:
                raise Malformed(f"Two receipts prove different decisions {lease.gate}; send the one that holds.")
        return leases

    def _open(self, receipt: Mapping[str, Any]) -> Mapping[str, Any]:
        return open_receipt(receipt, self._log_vkey).event


@contextmanager
def listening(home: Path, passphrase: str, *, time: Time | None = None) -> Iterator[LocalServer]:
    """Open key, log key and ledger of the installation at `home`, and answer at run/gate.sock inside the block.

    Raises NoKey, WrongPassphrase, or Refused when another gate signer runs there.
    """
    key = open_key(home / "keys" / "gate.pem", passphrase)
    log_vkey = trusted_log(home)
    with closing(GateLedger(home / "keys" / "gate.state.json")) as ledger:
        service = GateService(key, log_vkey, ledger, time or SystemTime())
        with LocalServer(home / "run" / "gate.sock", service.answer) as server:
            yield server


def serve(home: Path, passphrase: str, *, time: Time | None = None) -> None:
    """Run the gate signer in this process until SIGTERM or SIGINT."""
    run_until_signalled(listening(home, passphrase, time=time))


def _receipts(request: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = request.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Malformed(f"`{name}` is no list of receipts.")
    return found
