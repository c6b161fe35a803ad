"""A folder: a whole packet or none; the same packet twice gives one."""

import io
import zipfile

import pytest

from roadworthy.couriers.folder import FolderCourier
from roadworthy.couriers.interface import Failed, Sent, Unsure
from roadworthy.kernel.time import SetTime
from tests.conftest import LONG, START
from tests.couriers.world import Shelf, packet
from tests.crash import crashes

MADE_ID = packet(Shelf()).id


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "outgoing"
    made.mkdir()
    return made


def courier(folder) -> FolderCourier:
    return FolderCourier(folder, SetTime(START))


def visible(folder) -> list:
    return [one for one in folder.iterdir() if not one.name.startswith(".")]


def test_the_same_packet_twice_gives_one(shelf, folder):
    made = packet(shelf)
    for attempt in (1, 2):
        assert isinstance(courier(folder).send(made, attempt), Sent)
    (file,) = visible(folder)
    assert file.name == f"{made.id}.zip"
    assert zipfile.ZipFile(io.BytesIO(file.read_bytes())).testzip() is None


def test_it_is_asked_before_anything_is_sent_again(shelf, folder):
    made = packet(shelf)
    assert isinstance(courier(folder).ask(made), Failed)
    courier(folder).send(made, 1)
    assert isinstance(courier(folder).ask(made), Sent)
    visible(folder)[0].unlink()
    collected = courier(folder).ask(made)
    assert isinstance(collected, Unsure)
    assert "check with the receiver" in collected.reason.en


def test_another_file_of_that_name_is_neither_replaced_nor_taken_for_it(shelf, folder):
    made = packet(shelf)
    (folder / f"{made.id}.zip").write_bytes(b"other")
    assert isinstance(courier(folder).send(made, 1), Failed)
    assert isinstance(courier(folder).ask(made), Unsure)
    assert visible(folder)[0].read_bytes() == b"other"


def test_a_share_that_is_not_mounted_is_tried_again_later(shelf, tmp_path):
    failed = courier(tmp_path / "missing").send(packet(shelf), 1)
    assert isinstance(failed, Failed)
    assert failed.again
    assert not (tmp_path / "missing").exists()


def test_a_kill_never_leaves_half_a_packet_and_asking_tells_the_truth(tmp_path, shelf):
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    made = packet(shelf, packet_id=MADE_ID)
    truth = {}
    for left in crashes(prepared, lambda home: courier(home).send(made, 1), tmp_path, both_sides=LONG):
        files = visible(left.folder)
        assert all(zipfile.ZipFile(one).testzip() is None for one in files)
        answer = courier(left.folder).ask(made)
        truth[left.label] = type(answer)
        if isinstance(answer, Failed):
            assert not files
        else:
            assert isinstance(answer, Sent if files else Unsure)
        if not isinstance(answer, Unsure):
            assert isinstance(courier(left.folder).send(made, 2), Sent)
            assert len(visible(left.folder)) == 1
    assert set(truth.values()) == {Failed, Unsure, Sent}
