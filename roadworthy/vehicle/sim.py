"""A fleet of simulated vehicles in one process: real verification, real files, real HTTP, one thread pool."""

import fcntl
import heapq
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from threading import Event
from time import monotonic

from urllib3 import PoolManager

from roadworthy.kernel.errors import Refused, RoadworthyError, Unusable
from roadworthy.vehicle.agent import Agent, Outcome, Status
from roadworthy.vehicle.faults import Faults
from roadworthy.vehicle.fetcher import SharedFiles, http_pool
from roadworthy.vehicle.provisioning import Provisioning, read_provisioning

JITTER = 0.1  # of the interval, so that a fleet does not poll in step
COME_BACKS_IN_A_ROUND = 20  # after so many a round counts as done, or a silent server would hold a bounded run for ever
PROGRESS_EVERY = 2.0  # seconds
SHORTEST_SLEEP = 0.05

Say = Callable[[str], None]


@dataclass
class Summary:
    """What a run did. `cycle_seconds` is the sum over all cycles; `seconds` is wall time."""

    vehicles: int
    polls: int = 0
    seconds: float = 0.0
    cycle_seconds: float = 0.0
    outcomes: Counter[Status] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    broken: int = 0

    @property
    def ms_per_cycle(self) -> float:
        """Give the mean duration of one vehicle's cycle, in milliseconds, as that vehicle saw it."""
        return 1000 * self.cycle_seconds / self.polls if self.polls else 0.0

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Count one cycle."""
        self.polls += 1
        self.cycle_seconds += seconds
        self.outcomes[outcome.status] += 1
        if outcome.status in {Status.FAILED, Status.REFUSED, Status.UNREACHABLE}:
            self.reasons[f"{outcome.status}: {outcome.reason}"] += 1

    def line(self, seconds: float) -> str:
        """Give one line of progress."""
        counts = " ".join(f"{status} {self.outcomes[status]}" for status in Status)
        return f"{seconds:7.1f} s  polls {self.polls}  {counts}  broken {self.broken}"

    def lines(self) -> list[str]:
        """Give the closing lines: totals, speed, and why vehicles failed or refused, most frequent first."""
        rate = self.polls / self.seconds if self.seconds else 0.0
        speed = f"{rate:.1f} polls/s, {self.ms_per_cycle:.1f} ms per vehicle cycle"
        head = f"{self.vehicles} vehicles, {self.polls} polls in {self.seconds:.1f} s, {speed}"
        counts = ", ".join(f"{status} {self.outcomes[status]}" for status in Status)
        return [head, f"{counts}, broken {self.broken}", *(f"{n} x {why}" for why, n in self.reasons.most_common())]


@dataclass
class _Car:
    agent: Agent
    chance: Random
    rounds_left: int | None
    come_backs: int = 0


@dataclass
class _Cycle:
    car: int
    outcome: Outcome | None
    seconds: float
    trouble: str = ""


def run(
    fleet_dir: Path,
    *,
    server: str | None = None,
    vehicles: int | None = None,
    rounds: int | None = None,
    interval: float = 10.0,
    failure_rate: float = 0.0,
    tamper_rate: float = 0.0,
    seed: int = 0,
    workers: int = 16,
    share_metadata: bool = False,
    state_dir: Path | None = None,
    say: Say = lambda line: print(line, file=sys.stderr),  # noqa: T201 - a simulator talks to its terminal
    stop: Event | None = None,
) -> Summary:
    """Let the vehicles of `fleet_dir`/*.json poll, `rounds` times each (None: until `stop` is set).

    `server` overrides the URL in the files; `vehicles` takes only the first so many by file name; `interval` is in
    seconds, with 10 % jitter; rates are 0..1. State goes to `state_dir` (default `fleet_dir`/state), one folder per
    VIN, and is used again by the next run. A COME_BACK is obeyed and does not use up a round, 20 times in a row.

    Raises Unusable for a bad fleet or number, Refused when another simulator uses the same state.
    """
    _check(interval, failure_rate, tamper_rate, workers)
    fleet = [_moved(read_provisioning(path), server) for path in _files(fleet_dir, vehicles)]
    home = state_dir or fleet_dir / "state"
    with _only_user_of(home):
        pool, shared = http_pool(workers), SharedFiles() if share_metadata else None
        cars = [
            _Car(
                _agent(vehicle, home, pool, shared, Faults(f"{seed}:{vehicle.vin}", failure_rate, tamper_rate)),
                Random(f"{seed}:{vehicle.vin}:polls"),  # noqa: S311 - a simulation repeats itself on purpose
                rounds,
            )
            for vehicle in fleet
        ]
        say(f"{len(cars)} vehicles, {workers} at a time; a poll every {interval:g} s")
        return _drive(cars, interval, workers, say, stop or Event())


def _drive(cars: list[_Car], interval: float, workers: int, say: Say, stop: Event) -> Summary:
    """Start each car when it is due, never more than `workers` at once, until all rounds are done or `stop` is set."""
    started = reported = monotonic()
    due = [(started + car.chance.uniform(0, interval), number) for number, car in enumerate(cars)]
    heapq.heapify(due)
    done: SimpleQueue[Future[_Cycle]] = SimpleQueue()
    summary, busy = Summary(len(cars)), 0
    with ThreadPoolExecutor(workers, thread_name_prefix="vehicle") as threads:
        while busy or (due and not stop.is_set()):
            while due and busy < workers and due[0][0] <= monotonic() and not stop.is_set():
                _, number = heapq.heappop(due)
                threads.submit(_cycle, cars[number].agent, number).add_done_callback(done.put)
                busy += 1
            try:
                finished = done.get(timeout=_nap(due, busy, workers))
            except Empty:
                continue
            cycle = finished.result()
            busy -= 1
            wait = _note(summary, cars[cycle.car], cycle, interval, say)
            if wait is not None:
                heapq.heappush(due, (monotonic() + wait, cycle.car))
            if monotonic() - reported >= PROGRESS_EVERY:
                reported = monotonic()
                say(summary.line(reported - started))
    summary.seconds = monotonic() - started
    for line in summary.lines():
        say(line)
    return summary


def _cycle(agent: Agent, number: int) -> _Cycle:
    """Poll once. What only this vehicle suffers from is told; a programming error ends the run."""
    started = monotonic()
    try:
        outcome = agent.cycle()
    except (RoadworthyError, OSError) as error:
        return _Cycle(number, None, monotonic() - started, f"{type(error).__name__}: {error}")
    return _Cycle(number, outcome, monotonic() - started)


def _note(summary: Summary, car: _Car, cycle: _Cycle, interval: float, say: Say) -> float | None:
    """Count a cycle; give the seconds until the car's next one, or None when it has no rounds left or is broken."""
    if cycle.outcome is None:
        summary.broken += 1
        say(f"vehicle {cycle.car} is broken and stops: {cycle.trouble}")
        return None
    new = f"{cycle.outcome.status}: {cycle.outcome.reason}" not in summary.reasons
    summary.add(cycle.outcome, cycle.seconds)
    if new and cycle.outcome.status in {Status.FAILED, Status.REFUSED, Status.UNREACHABLE}:
        say(f"first {cycle.outcome.status}: {cycle.outcome.reason}")
    jitter = 1 + car.chance.uniform(-JITTER, JITTER)
    if cycle.outcome.status is Status.COME_BACK and car.come_backs < COME_BACKS_IN_A_ROUND:
        car.come_backs += 1
        return max(cycle.outcome.seconds, SHORTEST_SLEEP) * (1 + car.chance.uniform(0, JITTER))
    car.come_backs = 0
    if car.rounds_left is not None:
        car.rounds_left -= 1
        if car.rounds_left <= 0:
            return None
    return interval * jitter


def _nap(due: list[tuple[float, int]], busy: int, workers: int) -> float:
    """Give the seconds to wait for a finished cycle before looking again: short, since `stop` must be seen too."""
    if not due or busy >= workers:
        return 0.5
    return min(max(due[0][0] - monotonic(), 0.001), 0.5)


def _agent(vehicle: Provisioning, home: Path, pool: PoolManager, shared: SharedFiles | None, faults: Faults) -> Agent:
    return Agent(vehicle, home / vehicle.vin, pool=pool, shared=shared, watch=faults)


def _moved(vehicle: Provisioning, server: str | None) -> Provisioning:
    return vehicle if server is None else replace(vehicle, server=server.rstrip("/"))


def _files(fleet_dir: Path, limit: int | None) -> list[Path]:
    files = sorted(fleet_dir.glob("*.json"))
    if not files:
        raise Unusable(f"{fleet_dir} holds no provisioning file (*.json); export the fleet into it first.")
    if limit is not None and limit < 1:
        raise Unusable(f"{limit} vehicles: ask for at least one.")
    return files[:limit]


def _check(interval: float, failure_rate: float, tamper_rate: float, workers: int) -> None:
    if interval < 0:
        raise Unusable(f"an interval of {interval:g} s is no interval; give seconds, 0 or more.")
    for name, rate in (("failure", failure_rate), ("tamper", tamper_rate)):
        if not 0 <= rate <= 1:
            raise Unusable(f"a {name} rate of {rate:g} is no share; give 0 to 1.")
    if workers < 1:
        raise Unusable(f"{workers} workers cannot poll; give at least one.")


@contextmanager
def _only_user_of(home: Path) -> Iterator[None]:
    """Hold the state folder: two simulators on one fleet would use the same report counter twice."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(f"another simulator uses {home}; stop it, or give another state folder.") from error
        yield
