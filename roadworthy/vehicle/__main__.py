"""`python -m roadworthy.vehicle`: simulate a fleet until its rounds are done or SIGTERM arrives."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from roadworthy.kernel.errors import RoadworthyError
from roadworthy.vehicle.sim import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the simulator; 0 when it ran, 1 when it could not (the message says why)."""
    options = _parser().parse_args(arguments)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(
            options.fleet,
            server=options.server,
            vehicles=options.vehicles,
            rounds=options.rounds,
            interval=options.interval,
            failure_rate=options.failure_rate,
            tamper_rate=options.tamper,
            seed=options.seed,
            workers=options.workers,
            share_metadata=options.share_metadata,
            state_dir=options.state,
            say=_say,
            stop=stop,
        )
    except RoadworthyError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("roadworthy.vehicle", description="Simulate vehicles that poll an update server.")
    add = parser.add_argument
    add("--fleet", type=Path, required=True, help="folder of provisioning files (*.json)")
    add("--state", type=Path, help="folder of the vehicles' state (default: FLEET/state)")
    add("--server", help="URL of the server, instead of the one in the files")
    add("--vehicles", type=int, help="only the first so many")
    add("--rounds", type=int, help="polls per vehicle (default: until SIGTERM)")
    add("--interval", type=float, default=10.0, help="seconds between two polls of a vehicle (default 10, +-10 %%)")
    add("--failure-rate", type=float, default=0.0, help="share of installs that fail and are reported (0..1)")
    add("--tamper", type=float, nargs="?", const=1.0, default=0.0, help="share of vehicles that alter what they got")
    add("--seed", type=int, default=0, help="repeats the same failures and jitter")
    add("--workers", type=int, default=16, help="vehicles at a time (default 16)")
    add("--share-metadata", action="store_true", help="keep versioned image metadata once per process")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
