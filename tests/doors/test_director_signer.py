import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tuf.api.metadata import Metadata, Targets

from roadworthy.director_signer.ledger import DirectorLedger, VersionSpent
from roadworthy.director_signer.service import DirectorService, listening
from roadworthy.kernel.errors import Malformed, Refused, RoadworthyError
from roadworthy.kernel.time import SetTime, SystemTime, to_text
from roadworthy.signing.keys import SigningKey, generate_key
from roadworthy.signing.lease import NotCleared
from roadworthy.signing.model import Bundle
from roadworthy.signing.remote import SignerAway
from roadworthy.signing.roots import tuf_key
from roadworthy.signing.signers import DirectorSigner
from tests.signing.logbook import (
    ASSIGNMENT,
    CAMPAIGN,
    GATE,
    IMAGE,
    NOON,
    OTHER_GATE,
    PATH,
    SHA256,
    VEHICLE,
    VIN,
    Logbook,
    assignment,
    decision,
    opening,
)

KEY = SigningKey.generate("director-online")
LIFE = timedelta(hours=12)
OTHER_VIN = "LSVAA4187E0000002"


class Director:
    """A director service with its log and its time, and the one request it grants."""

    def __init__(self, folder) -> None:
        self.log = Logbook()
        self.time = SetTime(NOON)
        self.folder = folder
        self.restart()

    def restart(self) -> None:
        if hasattr(self, "ledger"):
            self.ledger.close()
        self.ledger = DirectorLedger(self.folder / "state.db")
        self.service = DirectorService(KEY, self.log.vkey, self.ledger, self.time)

    def proof(self, *rows, gate=None, kind="assignment.made", subject=None, **changes):
        gate = gate or self.log.add("gate.decided", GATE, decision(**changes))
        lines = [("assignment", row["id"], row) for row in rows or [assignment()]]
        made = self.log.add(kind, subject or lines[0][1], {}, lines)
        assigned = self.log.batch_receipt(made)
        openings = [opening(lines, n) for n in range(len(lines))]
        shown = openings[0] if len(openings) == 1 else openings
        return {"assignment": assigned, "gate": self.log.receipt(gate), "opening": shown}

    def ask(self, targets, *, version=1, vin=VIN, vehicle=VEHICLE, expires=NOON + LIFE):
        return self.service.answer(
            {"expires": to_text(expires), "targets": targets, "vehicle": vehicle, "version": version, "vin": vin}
        )


@pytest.fixture
def director(tmp_path):
    made = Director(tmp_path)
    yield made
    made.ledger.close()


def test_a_logged_assignment_under_a_live_decision_is_signed(director):
    answer = director.ask(director.proof())
    for role in ("targets", "snapshot", "timestamp"):
        file = Metadata.from_bytes(answer[role].encode())
        tuf_key(KEY.public_key).verify_signature(file.signatures[KEY.keyid], file.signed_bytes)
    targets = json.loads(answer["targets"])["signed"]
    assert targets["targets"] == {
        PATH: {
            "custom": {"ecuIdentifiers": {"SN000000001": {"hardwareId": "adcu-hw3", "releaseCounter": 42}}},
            "hashes": {"sha256": SHA256},
            "length": len(IMAGE),
        }
    }
    assert targets["custom"] == {
        "assignment": ASSIGNMENT,
        "correlationId": f"urn:roadworthy:campaign:{CAMPAIGN}",
        "gate": GATE,
        "vin": VIN,
    }


def test_several_ecus_of_one_assignment_share_the_target(director):
    rows = [assignment(), assignment(id=ASSIGNMENT[:-1] + "B", ecu_serial="SN000000002", hardware_id="adcu-hw4")]
    answer = director.ask(director.proof(*rows))
    target = json.loads(answer["targets"])["signed"]["targets"][PATH]
    assert set(target["custom"]["ecuIdentifiers"]) == {"SN000000001", "SN000000002"}


def test_nothing_to_install_is_signed_with_the_vin_inside(director):
    signed = Metadata[Targets].from_bytes(director.ask(None)["targets"].encode()).signed
    assert signed.targets == {}
    assert signed.unrecognized_fields == {"custom": {"vin": VIN}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"vin": OTHER_VIN}, "VIN"),
        ({"vehicle_id": VEHICLE[:-1] + "B"}, "vehicle"),
        ({"decision_id": OTHER_GATE}, "gate decision"),
        ({"campaign_id": "CMP-2"}, "campaign"),
        ({"wave": 2}, "wave"),
        ({"wave": True}, "wave"),
        ({"release_id": "REL-2"}, "release"),
        ({"path": "acme/adcu/4.2.2.img"}, "path"),
        ({"sha256": "0" * 64}, "SHA-256"),
        ({"length": 1}, "length"),
        ({"hardware_id": "other-hw"}, "Hardware other-hw is not cleared"),
    ],
)
def test_a_row_of_another_vehicle_package_or_model_moves_nothing(director, changes, reason):
    with pytest.raises(NotCleared, match=reason):
        director.ask(director.proof(assignment(**changes)))
    assert director.ledger.last_version(VIN) == 0


def test_the_row_of_one_vehicle_cannot_be_used_for_another(director):
    with pytest.raises(NotCleared, match="VIN"):
        director.ask(director.proof(), vin=OTHER_VIN)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"decision": "hold"}, "not open"),
        ({"approver": "USR-A"}, "same author and approver"),
        ({"not_after": "2026-03-01T12:00:00.000000Z"}, "expired"),
        ({"not_before": "2026-03-01T12:00:00.000001Z"}, "valid only from"),
    ],
)
def test_a_decision_that_does_not_hold_now_is_refused(director, changes, reason):
    with pytest.raises(NotCleared, match=reason):
        director.ask(director.proof(**changes))


def test_an_order_ends_with_its_lease_and_with_the_day(director):
    director.ask(director.proof(not_after=to_text(NOON + timedelta(hours=2))), expires=NOON + timedelta(hours=2))
    with pytest.raises(Refused, match="no longer than the lease"):
        director.ask(
            director.proof(not_after=to_text(NOON + timedelta(hours=2))),
            version=2,
            expires=NOON + timedelta(hours=2, seconds=1),
        )
    for expires in (NOON, NOON + timedelta(days=1, seconds=1)):
        with pytest.raises(Refused, match="one day"):
            director.ask(None, version=2, expires=expires)


def test_a_row_written_straight_into_the_database_is_refused(director):
    proof = director.proof()
    proof["opening"] = {**proof["opening"], "row": assignment(ecu_serial="SN999999999")}
    with pytest.raises(Refused) as refusal:
        director.ask(proof)
    assert refusal.value.error_code == "unproved"


def test_an_event_that_is_not_in_the_log_is_refused(director):
    proof = director.proof(decision="hold")
    proof["gate"] = {**proof["gate"], "event": proof["gate"]["event"].replace('"hold"', '"open"')}
    with pytest.raises(Refused) as refusal:
        director.ask(proof)
    assert refusal.value.error_code == "unproved"


@pytest.mark.parametrize("which", ["gate", "assignment"])
def test_a_checkpoint_of_another_key_is_refused(director, which):
    proof = director.proof()
    impostor = Logbook(key=SigningKey.generate(director.log.key.name), entries=director.log.entries)
    good, forged = proof[which]["checkpoint"], impostor.receipt(impostor.add("x.done", "x"))["checkpoint"]
    assert forged.splitlines()[0] == good.splitlines()[0]
    with pytest.raises(Refused) as refusal:
        director.ask({**proof, which: {**proof[which], "checkpoint": forged}})
    assert refusal.value.error_code == "unproved"


def test_rows_of_another_table_or_event_are_no_assignment(director):
    gate = director.log.add("gate.decided", GATE, decision())
    lines = [("wish", ASSIGNMENT, assignment())]
    wished = director.log.receipt(director.log.add("assignment.made", ASSIGNMENT, {}, lines))
    gate_receipt = director.log.receipt(gate)
    with pytest.raises(Malformed, match="no row of `assignment`"):
        director.ask({"assignment": wished, "gate": gate_receipt, "opening": opening(lines)})
    with pytest.raises(NotCleared, match=r"not assignment\.made"):
        director.ask(director.proof(kind="assignment.wished"))
    with pytest.raises(NotCleared, match="not those of this assignment"):
        director.ask(director.proof(subject="ASG-2"))


def test_an_ecu_stands_once_in_an_order(director):
    rows = [assignment(), assignment(id=ASSIGNMENT[:-1] + "B")]
    with pytest.raises(NotCleared, match="stands twice"):
        director.ask(director.proof(*rows))


@pytest.mark.parametrize("version", [3, 2, 1])
def test_a_version_it_has_passed_is_refused_also_after_a_restart(director, version):
    director.ask(None, version=3)
    director.restart()
    with pytest.raises(VersionSpent, match="use 4 or higher"):
        director.ask(director.proof(), version=version)
    director.ask(None, version=1, vin=OTHER_VIN)
    assert director.service.answer({"last": VIN}) == {"version": 3}


def test_no_more_vehicles_are_signed_than_were_cleared(director):
    gate = director.log.add("gate.decided", GATE, decision(max_vehicles=2))
    vins = [VIN, OTHER_VIN, "LSVAA4187E0000003"]
    for vin in vins[:2]:
        director.ask(director.proof(assignment(vin=vin), gate=gate), vin=vin)
    director.restart()
    with pytest.raises(NotCleared, match="clears 2 vehicles and all are used"):
        director.ask(director.proof(assignment(vin=vins[2]), gate=gate), vin=vins[2])
    director.ask(director.proof(gate=gate), version=2)
    assert director.ledger.last_version(vins[2]) == 0


def test_a_closed_decision_is_refused_for_ever(director):
    proof = director.proof()
    closed = director.log.receipt(director.log.add("gate.closed", GATE, {"reason": "withdrawn"}))
    assert director.service.answer({"closed": [closed]}) == {"closed": [GATE]}
    director.restart()
    with pytest.raises(NotCleared, match="was closed"):
        director.ask(proof)
    director.ask(None)


def test_a_second_signer_of_the_same_installation_is_refused(director):
    with pytest.raises(Refused, match="Another director signer"):
        DirectorLedger(director.folder / "state.db")


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 0},
        {"version": True},
        {"version": 2**31},
        {"version": "1"},
        {"vin": VIN.lower()},
        {"vin": None},
        {"expires": "tomorrow"},
        {"expires": "0001-01-01T00:00:00+23:00"},
        {"targets": {}},
        {"targets": "signed bytes"},
        {"signed": "{}"},
    ],
)
def test_a_request_out_of_form_is_refused(director, changes):
    request = {"expires": to_text(NOON + LIFE), "targets": None, "vehicle": VEHICLE, "version": 1, "vin": VIN}
    with pytest.raises(RoadworthyError) as told:
        director.service.answer({**request, **changes})
    assert told.value.status in {400, 422}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(
    junk=JUNK,
    path=st.sampled_from(
        [
            *[(name,) for name in ("version", "vin", "expires", "targets", "extra")],
            *[("targets", name) for name in ("gate", "assignment", "opening")],
            *[("targets", "gate", name) for name in ("event", "batch", "index", "path", "checkpoint")],
            *[("targets", "opening", name) for name in ("row", "key", "table", "count", "position", "path")],
        ]
    ),
)
def test_garbage_is_answered_with_a_named_error_and_never_with_a_signature(director, junk, path):
    request = {
        "expires": to_text(NOON + LIFE),
        "targets": director.proof(),
        "vehicle": VEHICLE,
        "version": 1,
        "vin": VIN,
    }
    spot = request
    for step in path[:-1]:
        spot = spot[step]
    if spot.get(path[-1]) == junk or (path == ("targets",) and junk is None) or (path == ("version",) and junk == 1):
        return
    spot[path[-1]] = junk
    if path == ("version",) and type(junk) is int and junk > 0:
        return
    with pytest.raises(RoadworthyError) as told:
        director.service.answer(request)
    assert told.value.status < 500
    assert director.ledger.last_version(VIN) == 0


def make_home(folder, log) -> None:
    generate_key(folder / "keys" / "director-online.pem", "director passphrase", "director-online")
    (folder / "trust").mkdir()
    (folder / "trust" / "log.vkey").write_text(log.vkey + "\n")


def test_the_server_gets_bundle_and_refusal_over_the_socket(tmp_path):
    log = Logbook()
    make_home(tmp_path, log)
    with listening(tmp_path, "director passphrase", time=SetTime(NOON)):
        client = DirectorSigner(tmp_path)
        bundle = client.sign(VEHICLE, VIN, 4, NOON + LIFE, None)
        assert isinstance(bundle, Bundle)
        assert client.last_version(VIN) == 4
        with pytest.raises(Refused, match="use 5 or higher"):
            client.sign(VEHICLE, VIN, 4, NOON + LIFE, None)
        with pytest.raises(Malformed):
            client.sign(VEHICLE, VIN, 5, NOON + LIFE, {"gate": {}})


def test_the_process_starts_signs_and_ends_on_sigterm(tmp_path):
    log = Logbook()
    make_home(tmp_path, log)
    command = [sys.executable, "-m", "roadworthy.director_signer", "--home", str(tmp_path)]
    environment = {**os.environ, "ROADWORTHY_PASSPHRASE_DIRECTOR": "director passphrase"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    client = DirectorSigner(tmp_path)
    try:
        for _ in range(400):
            with contextlib.suppress(SignerAway):
                client.last_version(VIN)
                break
            time.sleep(0.05)
        client.sign(VEHICLE, VIN, 1, SystemTime().now() + LIFE, None)
    finally:
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0, told
    assert b"director passphrase" not in told
