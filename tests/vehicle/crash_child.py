"""Kill a vehicle at every point of an update where its disk changes: `crash_child.py PROVISIONING CAR OUT`.

Run as a program of its own, single-threaded, so that it may fork. For n = 1, 2, ... a child runs one cycle on a copy
of CAR and dies by SIGKILL at its n-th point, until a child lives to the end. OUT/n holds the folder as the kill left
it (`killed`), after one more cycle (`recovered`), and where it died (`at`). Token `t-n` marks its requests.
"""

import os
import shutil
import signal
import sys
import traceback
from dataclasses import replace
from itertools import count
from pathlib import Path

from roadworthy.vehicle.agent import Agent
from roadworthy.vehicle.provisioning import read_provisioning

# Whatever changes the disk, ours and ngclient's alike.
CALLS = [(os, name) for name in ("replace", "fsync", "remove", "symlink", "mkdir")] + [(Path, "write_bytes")]
points = count(1)


def point(name, deadly, note, torn=None):
    if next(points) == deadly:
        if torn is not None:
            torn()
        fd = os.open(note, os.O_CREAT | os.O_WRONLY)
        os.write(fd, name.encode())
        os.kill(os.getpid(), signal.SIGKILL)


def arm(deadly, note):
    """Let the `deadly`-th call die before it happens; a write dies half done."""
    for owner, name in CALLS:
        original = getattr(owner, name)

        def wrapped(*arguments, _original=original, _name=name, **options):
            torn = None
            if _name == "write_bytes":
                path, data = arguments
                torn = lambda: _original(path, data[: len(data) // 2])  # noqa: E731 - short is clear here
            point(_name, deadly, note, torn)
            return _original(*arguments, **options)

        setattr(owner, name, wrapped)
    return lambda moment, _path: point(f"moment {moment}", deadly, note)


def in_child(work):
    """Run `work` in a fork; give its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - a forked child must not return into its parent's code
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def cycle(vehicle, folder, answer=None, watch=None):
    outcome = Agent(vehicle, folder, watch=watch).cycle()
    if answer is not None:
        answer.write_text(outcome.status)


def main(provisioning, car, out):
    vehicle = read_provisioning(Path(provisioning))
    for n in count(1):
        place = Path(out) / str(n)
        place.mkdir(parents=True)
        folder, me = place / "recovered", replace(vehicle, token=f"t-{n}")
        shutil.copytree(car, folder, symlinks=True)
        status = in_child(lambda: cycle(me, folder, watch=arm(n, place / "at")))  # noqa: B023 - used at once
        if not os.WIFSIGNALED(status):
            shutil.rmtree(place)
            return os.waitstatus_to_exitcode(status)
        shutil.copytree(folder, place / "killed", symlinks=True)
        if in_child(lambda: cycle(me, folder, place / "outcome")) != 0:  # noqa: B023 - used at once
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
