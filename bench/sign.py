"""Per-vehicle bundle signing against raw Ed25519, in one run on one core: `python -m bench sign`.

Prints microseconds of processor time and ratios. A bundle is targets, snapshot and timestamp: three signatures,
so a bundle that cost nothing but its signatures would have the ratio 3. The sizes show the growth 1x / 10x / 100x.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from roadworthy.director_signer.ledger import DirectorLedger
from roadworthy.director_signer.service import DirectorService
from roadworthy.kernel.time import SetTime, to_text
from roadworthy.signing.director_repository import make_bundle
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import EcuTarget, VehicleOrder, VehicleTarget
from tests.signing.logbook import GATE, NOON, PATH, SHA256, VEHICLE, Logbook, assignment, decision, opening

SIZES = (200, 2_000, 20_000)
MESSAGE = b"x" * 836
EXPIRES = NOON + timedelta(hours=12)
KEY = SigningKey.generate("director-online")


def order(number: int) -> VehicleOrder:
    ecus = {f"SN{number:09d}-{n}": EcuTarget("adcu-hw3", 42) for n in range(3)}
    custom = {"assignment": f"ASG-{number:026d}", "correlationId": "urn:roadworthy:campaign:CMP-1", "gate": GATE}
    targets = {PATH: VehicleTarget(SHA256, 5000, ecus)}
    return VehicleOrder(f"LSVAA4187E{number:07d}", 7, EXPIRES, targets, custom)


def microseconds(count: int, once: Callable[[int], object]) -> float:
    start = time.process_time()
    for number in range(count):
        once(number)
    return (time.process_time() - start) / count * 1e6


def proved_request(folder: Path, count: int = 300) -> float:
    """One whole answer of the director signer: two receipts opened, the ledger committed, a bundle signed."""
    log = Logbook()
    gate = log.add("gate.decided", GATE, decision(max_vehicles=count))
    rows = [assignment(vin=f"LSVAA4187E{n:07d}", id=f"ASG-{n:026d}") for n in range(count)]
    lines = [[("assignment", row["id"], row)] for row in rows]
    made = [log.add("assignment.made", row["id"], {}, line) for row, line in zip(rows, lines, strict=True)]
    decided = log.receipt(gate)
    requests = [
        {
            "expires": to_text(EXPIRES),
            "targets": {"assignment": log.receipt(event), "gate": decided, "opening": opening(line)},
            "vehicle": VEHICLE,
            "version": 1,
            "vin": row["vin"],
        }
        for row, line, event in zip(rows, lines, made, strict=True)
    ]
    ledger = DirectorLedger(folder / "state.db")
    service = DirectorService(KEY, log.vkey, ledger, SetTime(NOON))
    used = microseconds(count, lambda n: service.answer(requests[n]))
    ledger.close()
    return used


def main() -> None:
    microseconds(500, lambda _: KEY.sign(MESSAGE))  # warm
    print("vehicles    raw sign   bundle   bundle/raw   bundles/s   growth of one bundle")
    first = 0.0
    for size in SIZES:
        raw = microseconds(size, lambda _: KEY.sign(MESSAGE))
        bundle = microseconds(size, lambda number: make_bundle(order(number), KEY))
        first = first or bundle
        line = f"{raw:8.1f} us {bundle:6.1f} us {bundle / raw:12.2f} {1e6 / bundle:11.0f} {bundle / first:12.2f}"
        print(f"{size:8d} {line}")
    with tempfile.TemporaryDirectory() as folder:
        raw, whole = microseconds(2_000, lambda _: KEY.sign(MESSAGE)), proved_request(Path(folder))
    print(
        f"proved request (2 receipts, row opening, durable ledger): {whole:.0f} us = {whole / raw:.1f} raw signatures"
    )


if __name__ == "__main__":
    main()
