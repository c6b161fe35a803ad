"""Signal 9 at every point between a signed paper and its acknowledgement: nothing lost, nothing submitted twice."""

import json
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from shutil import copy, copytree, rmtree
from typing import Any

import pytest
from sqlalchemy import select

from roadworthy.couriers import store as dispatches
from roadworthy.couriers.http import HttpCourier
from roadworthy.couriers.outgoing import Dispatcher
from roadworthy.database import Actor, Database
from roadworthy.database.schema import event
from roadworthy.documents import pdf
from roadworthy.filings import actions, store
from roadworthy.filings.model import FilId
from roadworthy.kernel.time import SetTime
from roadworthy.mock_authority import Desk
from roadworthy.storage import ArtifactStore
from tests import crash, papers
from tests.conftest import LONG, START
from tests.couriers.authority import BASE, at_the_desk
from tests.rooms.app import OFFICER, SECOND
from tests.rooms.conftest import every_row_is_covered

CHANNEL = "MIIT/miit_enterprise"
URL = "http://127.0.0.1/filings/1"


def opened(folder: Path, hours: float = 0) -> Database:
    return Database(f"sqlite:///{folder / 'filings.db'}", SetTime(START + timedelta(hours=hours)))


def prepare(folder: Path, template: Path) -> Path:
    """Give a folder with one signed paper, and the authority's desk."""
    for name in ("desk/received", "artifacts/incoming"):
        (folder / name).mkdir(parents=True)
    copy(template, folder / "filings.db")
    store_of = ArtifactStore(folder / "artifacts")
    with closing(opened(folder)) as database:
        made = papers.drafted(database, OFFICER, "miit_enterprise")
        store_of.put([papers.ATTACHED])
        papers.signed(database, OFFICER, SECOND, made)
        (folder / "filing").write_text(made.id)
    return folder


def send(folder: Path, hours: float = 0) -> None:
    with closing(opened(folder, hours)) as database:
        artifacts = ArtifactStore(folder / "artifacts")
        actions.send(database, artifacts, OFFICER, FilId((folder / "filing").read_text()), URL)


def work(folder: Path, hours: float = 0) -> None:
    """What the worker does with what is due: deliver, then answer the events about packets."""
    with closing(opened(folder, hours)) as database:
        time = database.time
        line = HttpCourier(BASE, time, transport=at_the_desk(Desk(folder / "desk", time), mark, mark))
        Dispatcher(database, ArtifactStore(folder / "artifacts").open, {CHANNEL: line}).tick()
        with database.read() as view:
            moved = view.all(select(event.c.subject).where(event.c.kind.in_(["dispatch.sent", "dispatch.found"])))
        for row in moved:
            actions.follow(database, Actor("system:reactions"), row.subject)


def mark(_method: str) -> None:
    crash.mark("the line")


def send_and_work(folder: Path) -> None:
    send(folder)
    work(folder)


def look(label: str, folder: Path) -> None:
    """What the officer and the next processes find and do; a paper that was not sent is sent again by the officer."""
    filing_id = (folder / "filing").read_text()
    with closing(opened(folder)) as database:
        every_row_is_covered(database)
        with database.read() as view:
            found = store.load_filing(view, filing_id)
        assert found.status in {"signed_off", "submitted", "acknowledged"}, label
    if found.status == "signed_off":
        send(folder, 1)
    for hours in range(2, 8):
        work(folder, hours)
    with closing(opened(folder, 8)) as database:
        with database.read() as view:
            found = store.load_filing(view, filing_id)
            packets = dispatches.of_subject(view, filing_id)
            drawn = [one.sha256 for one in store.documents_of(view, filing_id)]
        assert (found.status, found.packet_id) == ("acknowledged", packets[-1].id), label
        assert len(packets) == len(Desk(folder / "desk", database.time).records()) == 1, label
        for sha256 in drawn:
            assert ArtifactStore(folder / "artifacts").length(sha256), label
        every_row_is_covered(database)


def draw_ahead(prepared: Path, scratch: Path, patched: pytest.MonkeyPatch) -> None:
    """Keep what Typst makes: its threads do not live on in a forked child, which would wait for them for ever."""
    real, kept = pdf._typst, {}

    def typst(data: dict[str, Any], *, system: bool) -> bytes:
        key = json.dumps([data, system])
        if key not in kept:
            kept[key] = real(data, system=system)
        return kept[key]

    patched.setattr(pdf, "_typst", typst)
    for hours in (0, 1):
        folder = scratch / f"ahead-{hours}"
        copytree(prepared, folder)
        send(folder, hours)
        rmtree(folder)


def test_a_kill_at_any_point_of_submission_loses_and_doubles_nothing(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare(tmp_path / "prepared", sqlite_template)
    draw_ahead(prepared, tmp_path, monkeypatch)
    labels = []
    for left in crash.crashes(prepared, send_and_work, tmp_path, both_sides=LONG, most=0 if LONG else 10):
        labels.append(left.label)
        crash.run(left.folder, partial(look, left.label))
    assert sum(label.endswith("COMMIT") for label in labels) >= 4
    print(f"killed {len(labels)} times")
