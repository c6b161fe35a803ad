"""Kill an action at every point where a crash could matter, and look at what is left.

    for crash in crashes(prepared, action, tmp_path):
        ...check crash.folder, whose action was killed with SIGKILL at crash.label...

`prepared` is a folder with the state before (a data home: database, log, artifacts); nothing in it may be open.
`action(folder)` is any function that opens what it needs inside `folder` and acts: it runs in a forked child, once
in a dry run that counts the points, then once for each point and side on a fresh copy of `prepared`.

Points are enumerated from the code as it runs, not listed by hand: every SQL statement that writes and every COMMIT
of SQLAlchemy, and in `folder` every os.replace, rename, link, unlink, rmdir, mkdir, fsync, and every opening of a
file for writing, write and flush. What an action passes between two of them it can `mark`. At each the child is
killed once just before and once just after (signal 9: no exception, no `finally`, no flush). A SELECT or BEGIN is no
point: a kill there leaves what a kill after the point before it leaves, as does one before the next point; so
`both_sides=False` (before each, and after the last) meets every state that lasts. `most` takes so many of the kills,
evenly spread, and those around every COMMIT, write and replacement. An action must do the same at every run; one
that ends although its turn to be killed was due fails the test.

`points(prepared, action, scratch)` gives the labels of the dry run alone. `run(folder, action)` runs the action to
its end in a child. The parent must hold no open database of `folder` while a child runs. A state that is not all in
a folder brings `Copies` of its own.
"""

import builtins
import io
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy import event as on
from sqlalchemy.engine.default import DefaultDialect

Action = Callable[[Path], object]
BEFORE, AFTER = "before", "after"
_READS = ("SELECT", "BEGIN", "PRAGMA", "SHOW")
_EDGES = ("COMMIT", "write ", "os.replace ")
_FILE_CALLS = ("replace", "rename", "link", "unlink", "remove", "rmdir", "mkdir", "fsync")


@dataclass(frozen=True)
class Crash:
    """What one kill left: the folder, and where it was killed (`label`: side, number, what)."""

    folder: Path
    label: str


class Copies:
    """How the state before is copied and thrown away."""

    def make(self, prepared: Path, folder: Path) -> None:
        shutil.copytree(prepared, folder)

    def remove(self, folder: Path) -> None:
        shutil.rmtree(folder)


def crashes(
    prepared: Path,
    action: Action,
    scratch: Path,
    *,
    both_sides: bool = True,
    most: int = 0,
    copies: Copies = Copies(),  # noqa: B008 - it has no state
) -> Iterator[Crash]:
    """Kill `action` at its points; give each remaining folder (deleted after its turn)."""
    labels = points(prepared, action, scratch, copies)
    assert labels, "the action has no point to be killed at: it changes nothing"
    for number, side in _kills(labels, both_sides=both_sides, most=most):
        told = f"{side} {number} {labels[number]}"
        folder = scratch / f"crash-{number}-{side}"
        copies.make(prepared, folder)
        status = _fork(partial(_run, folder, action, kill=(number, side)))
        assert os.WIFSIGNALED(status), f"{told}: ended instead of being killed"
        assert os.WTERMSIG(status) == signal.SIGKILL
        yield Crash(folder, told)
        copies.remove(folder)


def _kills(labels: list[str], *, both_sides: bool, most: int) -> list[tuple[int, str]]:
    last = len(labels) - 1
    kills = [(n, side) for n in range(len(labels)) for side in (BEFORE, AFTER) if both_sides or side == BEFORE]
    kills += [] if both_sides else [(last, AFTER)]
    if not most or len(kills) <= most:
        return kills
    spread = {kills[n * (len(kills) - 1) // (most - 1)] for n in range(most)}
    # A kill before what follows one of these is a kill after it.
    edges = {n for at, label in enumerate(labels) if label.startswith(_EDGES) for n in (at, at + 1)}
    return [kill for kill in kills if kill in spread or (kill[0] in edges and kill[1] == BEFORE)]


def points(prepared: Path, action: Action, scratch: Path, copies: Copies = Copies()) -> list[str]:  # noqa: B008
    """Run `action` once on a copy of `prepared` and give the label of every point it passes."""
    folder, log = scratch / "crash-dry", scratch / "crash-dry.points"
    copies.make(prepared, folder)
    assert _fork(lambda: _run(folder, action, log=log)) == 0, "the action fails without being killed"
    copies.remove(folder)
    labels = log.read_text("utf-8").splitlines()
    log.unlink()
    return labels


def mark(label: str) -> None:
    """Be a point of one's own, inside an action; nothing happens where no kill is due."""
    for passed in _passing:
        passed.leave(passed.enter(label))


def arm(folder: Path, number: int, side: str) -> None:
    """In a forked child: let it be killed on this side of the point of this number, if it comes so far."""
    _instrument(folder, _Points((number, side)))


def run(folder: Path, action: Action) -> None:
    """Run `action(folder)` to its end in a child, as a restarted process would."""
    assert _fork(lambda: _run(folder, action)) == 0


def _fork(body: Callable[[], None]) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        body()
    except BaseException:  # noqa: BLE001 - a forked child must never return into the test runner
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


_passing: list["_Points"] = []  # filled only in a child


class _Points:
    """Counts the points that a child passes, and kills it at one of them."""

    def __init__(self, kill: tuple[int, str] | None) -> None:
        self.kill = kill
        self.labels: list[str] = []

    def enter(self, label: str) -> int:
        self.labels.append(label)
        number = len(self.labels) - 1
        if self.kill == (number, BEFORE):
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    def leave(self, number: int) -> None:
        if self.kill == (number, AFTER):
            os.kill(os.getpid(), signal.SIGKILL)


def _run(folder: Path, action: Action, *, kill: tuple[int, str] | None = None, log: Path | None = None) -> None:
    passed = _Points(kill)
    if kill or log:
        _instrument(folder, passed)
    action(folder)
    if log:
        labels = "\n".join(passed.labels)
        os.write(os.open(log, os.O_WRONLY | os.O_CREAT), labels.encode())


def _instrument(folder: Path, passed: _Points) -> None:
    """Put points around everything that lasts; only ever in a child that ends soon."""
    running: dict[int, int] = {}
    _passing.append(passed)

    def before(_c: object, cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith(_READS):
            return
        running[id(cursor)] = passed.enter("sql " + " ".join(statement.split())[:70])

    def after(_c: object, cursor: object, *_rest: object) -> None:
        if id(cursor) in running:
            passed.leave(running.pop(id(cursor)))

    on.listen(Engine, "before_cursor_execute", before)
    on.listen(Engine, "after_cursor_execute", after)
    on.listen(Engine, "handle_error", lambda failed: after(None, failed.cursor))
    _wrap(DefaultDialect, "do_commit", lambda *_, **__: "COMMIT", passed)
    for name in _FILE_CALLS:
        _wrap(os, name, partial(_file_label, folder, name), passed)

    _wrap(os, "open", partial(_open_label, folder), passed)
    opening = partial(_opening, io.open, folder, passed)
    io.open = builtins.open = opening  # type: ignore[assignment]


def _opening(
    original: Callable[..., Any],
    folder: Path,
    passed: _Points,
    file: object,
    mode: str = "r",
    *rest: object,
    **named: object,
) -> Any:
    """Open a file with points around the opening (it may truncate), each `write` and each `flush`."""
    label = "" if mode in {"r", "rb"} else _file_label(folder, "open", file)
    if not label:
        return original(file, mode, *rest, **named)
    number = passed.enter(label)
    opened = original(file, mode, *rest, **named)
    passed.leave(number)
    for verb in ("write", "flush"):
        _wrap(opened, verb, partial(lambda told, *_, **__: told, label.replace("os.open", verb)), passed)
    return opened


def _open_label(folder: Path, path: object, flags: int, *_: object, **named: Any) -> str:
    return _file_label(folder, "open", path, **named) if flags & (os.O_WRONLY | os.O_RDWR) else ""


def _file_label(folder: Path, name: str, what: object, *_rest: object, dir_fd: int | None = None, **_: object) -> str:
    """Label a call on a file in `folder`; files elsewhere are of no account and give ""."""
    path = Path(f"/proc/self/fd/{what}").readlink() if isinstance(what, int) else Path(str(what))
    if dir_fd is not None:
        path = Path(f"/proc/self/fd/{dir_fd}").readlink() / path
    return f"os.{name} {_named(folder, path)}" if path.is_relative_to(folder) else ""


def _wrap(owner: object, name: str, label: Callable[..., str], passed: _Points) -> None:
    original = getattr(owner, name)

    def wrapped(*given: object, **named: object) -> object:
        told = label(*given, **named)
        if not told:
            return original(*given, **named)
        number = passed.enter(told)
        try:
            return original(*given, **named)
        finally:
            passed.leave(number)

    setattr(owner, name, wrapped)


def _named(folder: Path, what: object) -> str:
    return str(what).replace(str(folder), "").replace("\n", " ")
