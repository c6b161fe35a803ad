"""A company on the eve of everything that may be killed, and what must be true of it after a kill."""

import os
from collections import Counter
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from sqlalchemy import func, make_url, select

from roadworthy.campaigns import actions as campaigns
from roadworthy.database.schema import event
from roadworthy.filings.model import Scope
from roadworthy.kernel.time import SetTime
from roadworthy.signing.store import load_image_set
from tests import papers, postgresql
from tests.company import Company, found, vin
from tests.conftest import PRODUCT_TABLES, START
from tests.crash import Copies
from tests.tampering.shell import verify

# Written by the sequencer and by doors, not by the action that is looked at.
APART = {"event", "event_row", "log_entry", "log_place", "log_checkpoint", "pending", "director_bundle", "session"}
URL, ACKNOWLEDGED = "database-url", "acknowledged"
IMAGE = b"z9 1.0.0" * 2000


def eve(home: Path, url: str = "") -> Company:
    """Campaigns that are ready, running and just paused, a filing that waits, a vehicle that is about to attest.

    The log is sequenced and the image repository published but for the last minute, whose events wait.
    """
    company = found(home, SetTime(START), url)
    (home / URL).write_text(company.url if url else "")
    release = company.release("x7", "1.0.0")
    company.later()
    company.campaign("running", release, [50, 50], vins=[vin(n) for n in range(4)])
    paused = company.campaign("paused", release, [100], vins=[vin(5)])
    company.campaign("attesting", release, [100], vins=[vin(6), vin(7)])
    company.tick()
    assert campaigns.contact(company.database, company.vehicle(6)) is not None
    company.tick()
    company.later()
    waiting = company.file("recall_plan", Scope((company.ecus_of("EX1")[0],)), upto="submit")
    papers.receipt(company.database, company.people["second"], waiting.id)
    company.draft_release("z9", "1.0.0")
    company.campaign("ready", release, [40, 60], start=False, filter={"sold": True})
    assert campaigns.contact(company.database, company.vehicle(7)) is not None
    campaigns.pause(company.database, company.people["manager"], paused.id)
    return company


class ServerCopies(Copies):
    """Copies of a home whose database lies on a PostgreSQL server."""

    def __init__(self, server: str) -> None:
        self.server = make_url(server)

    def new(self, template: str = "template0") -> str:
        """Make a database; give its URL."""
        name = f"rw_{token_hex(8)}"
        postgresql.execute(self.server, f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.server.set(database=name).render_as_string(hide_password=False)

    def make(self, prepared: Path, folder: Path) -> None:
        super().make(prepared, folder)
        (folder / URL).write_text(self.new(database_of(prepared)))

    def remove(self, folder: Path) -> None:
        postgresql.execute(self.server, f"DROP DATABASE {database_of(folder)} WITH (FORCE)")
        super().remove(folder)


def database_of(folder: Path) -> str:
    return str(make_url((folder / URL).read_text()).database)


def opened(company: Company, folder: Path) -> Company:
    """Open the copy in `folder`, as a process that was just started."""
    return company.elsewhere(folder, (folder / URL).read_text())


def acknowledge(folder: Path, what: str) -> None:
    """Say that `what` is done, as an answer to a client would: from here on it must not be lost."""
    line = os.open(folder / ACKNOWLEDGED, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(line, f"{what}\n".encode())
    os.close(line)


def acknowledged(folder: Path) -> list[str]:
    path = folder / ACKNOWLEDGED
    return path.read_text().splitlines() if path.exists() else []


def shape(company: Company) -> dict[str, object]:
    """Everything that a unit of work can change, without ids and instants: rows, statuses, kinds of events."""
    with company.database.read() as view:
        kinds = view.all(select(event.c.kind, func.count()).group_by(event.c.kind))
        told: dict[str, object] = {"events": {row[0]: row[1] for row in kinds}}
        for table in PRODUCT_TABLES:
            if table.name not in APART:
                rows = view.all(select(table))
                states = [getattr(row, "status", "") or "" for row in rows]
                told[table.name] = dict(Counter(states))
        images = load_image_set(view)
        told["released"] = images.released.count(b'"length"') if images else None
    return told


def differences(one: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    return {name: (one[name], other[name]) for name in one if one[name] != other[name]}


def check_whole(company: Company, *, settled: bool) -> None:
    """Rows, events and log agree; when `settled`, all is sequenced and published and no half file lies about."""
    report = verify(company)
    assert report.clean, report.differences
    for file in company.settings.artifacts.glob("??/*"):
        assert sha256(file.read_bytes()).hexdigest() == file.parent.name + file.name, f"{file} is half an artifact"
    if settled:
        assert (report.pending, report.published) == (0, report.size)
        assert not list(company.settings.log.rglob("*.unfinished"))
