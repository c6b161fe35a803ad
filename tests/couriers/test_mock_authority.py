"""The mock authority misbehaves as it is told, and the courier over a real socket says what is true."""

import io
import zipfile
from datetime import timedelta

import httpx
import pytest

from roadworthy.couriers import http
from roadworthy.couriers.http import HttpCourier
from roadworthy.couriers.interface import Sent, Unsure
from roadworthy.couriers.packet import bundled
from roadworthy.kernel.time import SetTime
from roadworthy.mock_authority import Desk
from tests.architecture.source import PACKAGE, name_of, python_files
from tests.architecture.test_house_rules import imports
from tests.conftest import LONG, START
from tests.couriers.authority import serving
from tests.couriers.world import PDF_BYTES, Shelf, packet
from tests.crash import crashes

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def client(tmp_path):
    with serving(tmp_path / "desk", SetTime(START)) as base, httpx.Client(base_url=base) as opened:
        yield opened


def submit(client, made, *, content: bytes | None = None, key: str | None = None):
    with bundled(made) as bundle:
        headers = {"idempotency-key": made.id if key is None else key}
        return client.post("/submissions", content=content or bundle.file.read(), headers=headers)


def test_a_key_is_received_once(client, shelf):
    made = packet(shelf)
    first, again = submit(client, made), submit(client, made)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == client.get(f"/submissions/{made.id}").json()
    assert first.json()["receipt"] == "MOCK-2026-000001"
    other = submit(client, packet(shelf, title="other", packet_id=made.id))
    assert other.status_code == 422
    assert submit(client, packet(shelf)).json()["receipt"] == "MOCK-2026-000002"
    with zipfile.ZipFile(io.BytesIO(client.get(f"/submissions/{made.id}/packet").content)) as kept:
        assert kept.read(made.files[0].name) == PDF_BYTES


@pytest.mark.parametrize(
    ("scenario", "outcomes"),
    [("accept", ["accepted"]), ("return", ["returned"]), ("refuse", ["refused"]), ("twice", ["accepted"] * 2)],
)
def test_a_title_chooses_how_it_is_answered(client, shelf, scenario, outcomes):
    answers = submit(client, packet(shelf, title=f"升级 [{scenario}]")).json()["answers"]
    assert [one["outcome"] for one in answers] == outcomes
    assert len({one["id"] for one in answers}) == 1
    assert all(bool(one["remarks"]) == (one["outcome"] != "accepted") for one in answers)


def test_the_newest_rule_for_a_kind_or_a_word_wins_over_the_title(client, shelf):
    rules = [{"scenario": "refuse", "kind": "miit_activity"}, {"scenario": "return", "word": "备案", "remarks": "补章"}]
    for rule in rules:
        assert client.post("/admin/scenarios", json=rule).status_code == 200
    (answer,) = submit(client, packet(shelf, title="备案 [accept]")).json()["answers"]
    assert (answer["outcome"], answer["remarks"]) == ("returned", "补章")
    (answer,) = submit(client, packet(shelf, title="other")).json()["answers"]
    assert answer["outcome"] == "refused"
    client.delete("/admin/scenarios")
    (answer,) = submit(client, packet(shelf, title="other")).json()["answers"]
    assert answer["outcome"] == "accepted"
    for wrong in ({"scenario": "explode"}, {"scenario": "slow", "seconds": 10**9}, {"scenario": "slow", "kind": 1}):
        assert client.post("/admin/scenarios", json=wrong).status_code == 422


def test_what_is_no_packet_is_refused(client, shelf):
    made = packet(shelf)
    assert submit(client, made, content=b"no zip").status_code == 422
    assert submit(client, made, key="").status_code == 400
    assert submit(client, made, key="../../x").status_code == 400
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", b'{"files": [{"name": "a"}], "authority": "a", "kind": "k", "title": "t"}')
    assert submit(client, made, content=file.getvalue()).status_code == 422
    assert client.get(f"/submissions/{made.id}").json() == {"key": made.id, "known": False}


def test_the_page_shows_what_was_received_in_both_languages(client, shelf):
    assert "尚未收到材料" in client.get("/").text
    submit(client, packet(shelf, title=f"备案 {HOSTILE} [return]"))
    chinese, english = client.get("/").text, client.get("/?lang=en").text
    assert "MOCK-2026-000001" in chinese
    assert "退回补正" in chinese
    assert "2026-03-02 10:00:00" in english
    assert "returned" in english
    assert HOSTILE not in chinese + english


def test_over_a_socket_lost_and_late_answers_are_unknown_and_asking_settles_them(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.5)
    time = SetTime(START)
    with serving(tmp_path / "desk", time) as base:
        courier = HttpCourier(f"{base}/submissions", time)
        httpx.post(f"{base}/admin/scenarios", json={"scenario": "slow", "word": "late", "seconds": 2})
        plain, lost, late = (packet(shelf, title=title) for title in ("plain", "x [lose]", "late"))
        assert isinstance(courier.send(plain, 1), Sent)
        for one in (lost, late):
            assert isinstance(courier.send(one, 1), Unsure)
            assert isinstance(courier.ask(one), Sent)
            assert isinstance(courier.send(one, 2), Sent), "a repetition gets the first receipt"
    receipts = [one["receipt"] for one in Desk(tmp_path / "desk", time).records()]
    assert len(receipts) == len(set(receipts)) == 3


MADE = packet(Shelf())


def receive(folder) -> None:
    desk = Desk(folder, SetTime(START))
    with desk.draft() as draft, bundled(MADE) as bundle:
        draft.write_bytes(bundle.file.read())
        desk.receive(MADE.id, draft)


def test_a_kill_of_the_authority_leaves_it_with_the_packet_or_without(tmp_path):
    (tmp_path / "prepared").mkdir()
    for left in crashes(tmp_path / "prepared", receive, tmp_path, both_sides=LONG):
        desk = Desk(left.folder, SetTime(START + timedelta(days=1)))
        before = desk.find(MADE.id)
        receive(left.folder)
        (record,) = desk.records()
        assert before in (None, record), left.label
        with zipfile.ZipFile(desk.packet(MADE.id)) as kept:
            assert kept.testzip() is None


def test_it_knows_the_kernel_alone_of_the_product():
    for path in python_files("roadworthy"):
        if PACKAGE / "mock_authority" in path.parents:
            ours = {name for name in imports(path) if name.split(".")[0] == "roadworthy"}
            assert all(n.startswith(("roadworthy.kernel", "roadworthy.mock_authority")) for n in ours), name_of(path)
