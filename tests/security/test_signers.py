"""Attacks on the two signers: forged proofs, JSON that two readers read differently, places in the file system."""

import json
import os
import socket
import struct
import subprocess
import sys
from datetime import timedelta

import pytest

from roadworthy.director_signer.ledger import DirectorLedger
from roadworthy.director_signer.service import DirectorService
from roadworthy.gate_signer.ledger import GateLedger
from roadworthy.gate_signer.service import GateService
from roadworthy.kernel.errors import RoadworthyError
from roadworthy.kernel.event import canonical
from roadworthy.kernel.merkle import leaf_hash, node_hash, root_of
from roadworthy.kernel.time import SetTime, to_text
from roadworthy.signing.image_repository import released_portion
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import ImageTarget
from roadworthy.signing.remote import LocalServer
from roadworthy.transparency.checkpoint import Checkpoint, sign_checkpoint
from tests.signing.logbook import GATE, IMAGE, NOON, PATH, SHA256, VEHICLE, VIN, Logbook, assignment, decision, opening

TARGET = ImageTarget(PATH, SHA256, len(IMAGE), ("adcu-hw3",), 42, (GATE,))


@pytest.fixture
def log() -> Logbook:
    return Logbook()


@pytest.fixture
def gate(tmp_path, log):
    ledger = GateLedger(tmp_path / "gate.state.json")
    yield GateService(SigningKey.generate("gate"), log.vkey, ledger, SetTime(NOON))
    ledger.close()


@pytest.fixture
def director(tmp_path, log):
    ledger = DirectorLedger(tmp_path / "director.state.db")
    yield DirectorService(SigningKey.generate("director-online"), log.vkey, ledger, SetTime(NOON))
    ledger.close()


def ask(gate, *receipts, target=TARGET, version=1):
    portion = released_portion(version, NOON + timedelta(hours=12), [target])
    return gate.answer({"receipts": list(receipts), "released": portion})


def forged(log: Logbook, entries: list[bytes], index: int, path: list[bytes], event: bytes, batch=None) -> dict:
    """A receipt under a checkpoint that the real log signed over `entries`, claiming what the forger likes."""
    leaves = [leaf_hash(entry) for entry in entries]
    return {
        "batch": batch,
        "checkpoint": sign_checkpoint(Checkpoint(log.key.name, len(leaves), root_of(leaves)), log.key),
        "event": event.decode("ascii"),
        "index": index,
        "path": [step.hex() for step in path],
    }


def test_an_inner_node_of_the_tree_is_no_entry(gate, log) -> None:
    a, b = log.add("x.happened", GATE), log.add("x.happened", GATE)
    leaves = [leaf_hash(a.to_bytes()), leaf_hash(b.to_bytes())]
    wish = log.add("gate.decided", GATE, decision()).to_bytes()
    del log.entries[-1]
    for path in ([], [leaves[1]], [node_hash(*leaves)]):
        with pytest.raises(RoadworthyError):
            ask(gate, forged(log, log.entries, 0, path, wish))


def test_a_decision_hidden_in_another_events_text_is_none(gate, log) -> None:
    wish = log.add("gate.decided", GATE, decision()).to_bytes()
    log.entries[-1] = log.add("fact.answered", GATE, {"value": wish.decode("ascii")}).to_bytes()
    real = [entry for entry in log.entries if b"fact.answered" in entry][:1]
    for event in (wish, real[0]):
        with pytest.raises(RoadworthyError):
            ask(gate, forged(log, real, 0, [], event))


@pytest.mark.parametrize("change", [{"lane": "staff"}, {"count": 2}, {"count": 0}, {"more": 1}, {"type": "batch/2"}])
def test_a_batch_entry_out_of_form_carries_no_decision(gate, log, change: dict) -> None:
    wish = log.add("gate.decided", GATE, decision()).to_bytes()
    entry = canonical({"count": 1, "lane": "fleet", "root": leaf_hash(wish).hex(), "type": "batch/1", **change})
    batch = {"entry": entry.decode("ascii"), "path": [], "position": 0}
    with pytest.raises(RoadworthyError):
        ask(gate, forged(log, [entry], 0, [], wish, batch))


@pytest.mark.parametrize(
    "twist",
    [
        lambda text: text.replace('"decision":"open"', '"decision":"blocked","decision":"open"'),
        lambda text: text.replace('"max_vehicles":2', '"max_vehicles":2e9'),
        lambda text: text.replace('"max_vehicles":2', '"max_vehicles":NaN'),
        lambda text: text.replace('"max_vehicles":2', '"max_vehicles":-0'),
        lambda text: text.replace("adcu-hw3", "\\u0061dcu-hw3"),
        lambda text: text.replace("adcu-hw3", "adcu-hw3\\ud800"),
        lambda text: text.replace('"wave":1', '"wave":true'),
        lambda text: text.replace('"wave":1', '"wave":' + "9" * 5000),
        lambda text: " " + text,
        lambda text: text + "\n",
        lambda text: "\ufeff" + text,
    ],
)  # fmt: skip
def test_json_that_two_readers_could_read_differently_is_no_event_even_when_it_is_logged(gate, log, twist) -> None:
    text = twist(log.add("gate.decided", GATE, decision()).to_bytes().decode("ascii"))
    raw = text.encode("utf-8")
    receipt = forged(log, [raw], 0, [], b"x") | {"event": text}
    with pytest.raises(RoadworthyError):
        ask(gate, receipt)


@pytest.mark.parametrize(
    "path",
    [
        "../../x",
        "a/../x",
        "a/./../b",
        "/etc/passwd",
        "a/b",
        "a/b/c/d",
        "a//b",
        "a/b/..",
        "a/b/c\x00",
        "a/b/ｃ",
        "a/b/c%2f..",
        "a\\b/c/d",
    ],
)
def test_a_target_name_that_leaves_its_folder_is_never_signed_even_when_cleared(gate, log, path: str) -> None:
    cleared = log.receipt(log.add("gate.decided", GATE, decision(path=path)))
    with pytest.raises(RoadworthyError):
        ask(gate, cleared, target=ImageTarget(**{**TARGET.__dict__, "path": path}))


@pytest.mark.parametrize("hardware", ["ADCU-HW3", "adcu-hw3 ", "ａdcu-hw3", "adcu\u2010hw3", "", "*"])
def test_a_hardware_id_that_only_looks_like_the_cleared_one_is_another(gate, log, hardware: str) -> None:
    cleared = log.receipt(log.add("gate.decided", GATE, decision()))
    with pytest.raises(RoadworthyError):
        ask(gate, cleared, target=ImageTarget(**{**TARGET.__dict__, "hardware_ids": (hardware,)}))


@pytest.mark.parametrize("vin", [VIN.lower(), VIN + " ", "Ｌ" + VIN[1:], VIN[:-1], VIN + "\n", "*", "%", None, [VIN]])
def test_a_vin_has_one_spelling(director, log, vin: object) -> None:
    row = ("assignment", assignment()["id"], assignment(vin=vin))
    made = log.add("assignment.made", row[1], {}, [row])
    proof = {
        "assignment": log.batch_receipt(made),
        "gate": log.receipt(log.add("gate.decided", GATE, decision())),
        "opening": opening([row]),
    }
    order = {"expires": to_text(NOON + timedelta(hours=1)), "vehicle": VEHICLE, "version": 1}
    for targets in (proof, None):
        with pytest.raises(RoadworthyError):
            director.answer({**order, "targets": targets, "vin": vin})


def test_a_time_that_runs_backwards_before_a_decision_began_opens_nothing(tmp_path, log) -> None:
    ledger = GateLedger(tmp_path / "early.json")
    early = GateService(SigningKey.generate("gate"), log.vkey, ledger, SetTime(NOON - timedelta(hours=2)))
    with pytest.raises(RoadworthyError):
        ask(early, log.receipt(log.add("gate.decided", GATE, decision())))
    ledger.close()


def raw_call(place, body: bytes) -> dict:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(str(place))
        line.sendall(struct.pack(">I", len(body)) + body)
        (length,) = struct.unpack(">I", line.recv(4))
        return json.loads(line.recv(length))


@pytest.mark.parametrize(
    "body",
    [
        b'{"last":true,"last":true}', b'{"last":1e0}', b'{"a":NaN}', b'{"a":' + b"9" * 5000 + b"}", b'{"a":"\\u0061"}',
        b"[" * 100_000, b'{"a":"\xff"}', b'\xef\xbb\xbf{"last":true}', b"", b"null ",
        b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)  # fmt: skip
def test_no_frame_reaches_a_signer_in_a_second_spelling(tmp_path, body: bytes) -> None:
    asked = []
    with LocalServer(tmp_path / "s.sock", lambda request: asked.append(request) or {}):
        assert raw_call(tmp_path / "s.sock", body)["error"]["family"] == "malformed"
    assert asked == []


def test_a_symlink_planted_at_the_sockets_place_is_replaced_and_its_target_untouched(tmp_path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    place = tmp_path / "run" / "s.sock"
    place.parent.mkdir()
    place.symlink_to(precious)
    with LocalServer(place, lambda _request: {}):
        assert place.is_socket()
        assert not place.is_symlink()
    assert precious.read_text() == "kept"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_of_the_computer_is_not_answered_even_where_the_file_modes_would_let_him(tmp_path) -> None:
    asked = []
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    with LocalServer(tmp_path / "s.sock", lambda request: asked.append(request) or {}):
        (tmp_path / "s.sock").chmod(0o666)
        script = (
            "import os,socket,sys;os.setgroups([]);os.setgid(65534);os.setuid(65534)\n"
            "s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);s.settimeout(5)\n"
            "try:\n s.sendall(b'\\0\\0\\0\\2{}');print(s.recv(9))\nexcept OSError: print(b'')"
        )
        told = subprocess.run(
            [sys.executable, "-I", "-c", script, str(tmp_path / "s.sock")],
            check=False,
            capture_output=True,
            text=True,
            timeout=20,
        )
    assert told.stdout.strip() == "b''", told.stderr
    assert asked == []
