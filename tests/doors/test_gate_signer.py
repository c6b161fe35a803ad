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

from roadworthy.gate_signer.ledger import GateLedger, VersionSpent
from roadworthy.gate_signer.service import GateService, listening
from roadworthy.kernel.errors import Malformed, Refused, RoadworthyError
from roadworthy.kernel.time import SetTime, SystemTime
from roadworthy.signing.canonical import Signature
from roadworthy.signing.image_repository import released_portion
from roadworthy.signing.keys import SigningKey, generate_key, load_public
from roadworthy.signing.lease import NotCleared
from roadworthy.signing.model import ImageTarget
from roadworthy.signing.remote import SignerAway
from roadworthy.signing.signers import GateSigner
from tests.signing.logbook import GATE, IMAGE, NOON, OTHER_GATE, PATH, SHA256, Logbook, decision

KEY = SigningKey.generate("gate")
TARGET = ImageTarget(PATH, SHA256, len(IMAGE), ("adcu-hw3",), 42, (GATE,))
LIFE = timedelta(hours=12)


class Gate:
    """A gate service with its log and its time, and the one request it grants."""

    def __init__(self, folder) -> None:
        self.log = Logbook()
        self.time = SetTime(NOON)
        self.ledger = GateLedger(folder / "gate.state.json")
        self.service = GateService(KEY, self.log.vkey, self.ledger, self.time)

    def decide(self, gate=GATE, **changes):
        return self.log.add("gate.decided", gate, decision(**changes))

    def ask(self, *events, version=1, targets=(TARGET,), expires=NOON + LIFE, **more):
        receipts = [self.log.receipt(event) for event in events]
        portion = released_portion(version, expires, targets)
        return self.service.answer({"receipts": receipts, "released": portion, **more})


@pytest.fixture
def gate(tmp_path):
    made = Gate(tmp_path)
    yield made
    made.ledger.close()


def varied(**changes) -> ImageTarget:
    return ImageTarget(**{**TARGET.__dict__, **changes})


def test_a_package_with_a_live_logged_decision_of_two_people_is_signed(gate):
    portion = released_portion(1, NOON + LIFE, [TARGET])
    signature = gate.ask(gate.decide())
    assert signature == {"keyid": KEY.keyid, "sig": KEY.sign(portion.encode()).hex()}


def test_an_empty_list_of_packages_needs_no_proof(gate):
    assert gate.ask(targets=())["keyid"] == KEY.keyid


def test_hardware_may_be_cleared_by_several_decisions(gate):
    both = varied(hardware_ids=("adcu-hw3", "other-hw"), gates=(GATE, OTHER_GATE))
    gate.ask(gate.decide(), gate.decide(OTHER_GATE, hardware_ids=["other-hw"]), targets=(both,))


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (varied(sha256="0" * 64), "SHA-256"),
        (varied(length=len(IMAGE) + 1), "length"),
        (varied(path="acme/adcu/4.2.2.img"), "path"),
        (varied(release_counter=41), "release counter"),
        (varied(hardware_ids=("adcu-hw3", "other-hw")), "hardware other-hw is not cleared"),
        (varied(gates=(GATE, OTHER_GATE)), "no receipt proves"),
    ],
    ids=["changed hash", "changed length", "other path", "other release counter", "other model's hardware", "unproved"],
)
def test_a_package_that_is_not_the_cleared_one_is_refused_by_name(gate, target, reason):
    with pytest.raises(NotCleared, match=reason) as refusal:
        gate.ask(gate.decide(), targets=(target,))
    assert refusal.value.at == target.path


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"decision": "hold"}, "is hold, not open"),
        ({"decision": "blocked"}, "is blocked, not open"),
        ({"approver": "USR-A"}, "same author and approver"),
        ({"approver": ""}, "same author and approver"),
        ({"not_after": "2026-03-01T12:00:00.000000Z"}, "expired"),
        ({"not_before": "2026-03-01T12:00:00.000001Z"}, "valid only from"),
    ],
)
def test_a_decision_that_does_not_hold_now_is_refused(gate, changes, reason):
    with pytest.raises(NotCleared, match=reason):
        gate.ask(gate.decide(**changes))


def test_an_expired_lease_is_refused_although_it_was_good_before(gate):
    happened = gate.decide()
    gate.ask(happened)
    gate.time.advance(hours=24)
    with pytest.raises(NotCleared, match="expired"):
        gate.ask(happened, version=2, expires=NOON + timedelta(hours=30))


def test_a_decision_that_is_not_in_the_log_is_refused(gate):
    receipt = gate.log.receipt(gate.decide(decision="hold"))
    altered = {**receipt, "event": receipt["event"].replace('"hold"', '"open"')}
    with pytest.raises(Refused) as refusal:
        gate.service.answer({"receipts": [altered], "released": released_portion(1, NOON + LIFE, [TARGET])})
    assert refusal.value.error_code == "unproved"


def test_a_checkpoint_of_another_key_is_refused(gate):
    happened = gate.decide()
    forged = gate.log.receipt(happened, signer=SigningKey.generate(gate.log.key.name))
    with pytest.raises(Refused) as refusal:
        gate.service.answer({"receipts": [forged], "released": released_portion(1, NOON + LIFE, [TARGET])})
    assert refusal.value.error_code == "unproved"


def test_an_event_of_another_kind_is_no_decision(gate):
    with pytest.raises(NotCleared, match=r"not gate\.decided"):
        gate.ask(gate.log.add("gate.imagined", GATE, decision()))


@pytest.mark.parametrize("version", [3, 2, 1])
def test_a_version_it_has_passed_is_refused_also_after_a_restart(gate, tmp_path, version):
    happened = gate.decide()
    gate.ask(happened, version=3)
    gate.ledger.close()
    gate.ledger = GateLedger(tmp_path / "gate.state.json")
    gate.service = GateService(KEY, gate.log.vkey, gate.ledger, gate.time)
    with pytest.raises(VersionSpent, match="use 4 or higher"):
        gate.ask(happened, version=version)
    assert gate.service.answer({"last": True}) == {"version": 3}
    gate.ask(happened, version=4)


def test_a_refused_request_spends_no_version(gate):
    with pytest.raises(NotCleared):
        gate.ask(version=7)
    assert gate.service.answer({"last": True}) == {"version": 0}


@pytest.mark.parametrize("expires", [NOON, NOON - LIFE, NOON + timedelta(hours=24, seconds=1)])
def test_released_expires_after_now_and_not_after_its_longest_lease(gate, expires):
    with pytest.raises(Refused, match="expires"):
        gate.ask(gate.decide(), expires=expires)


def test_released_lives_at_most_48_hours(gate):
    gate.ask(targets=(), expires=NOON + timedelta(hours=48))
    with pytest.raises(Refused, match="48 hours"):
        gate.ask(targets=(), version=2, expires=NOON + timedelta(hours=48, seconds=1))


def test_a_closed_decision_is_refused_for_ever_even_when_told_in_a_refused_request(gate, tmp_path):
    happened = gate.decide()
    closed = gate.log.receipt(gate.log.add("gate.closed", GATE, {"reason": "filing withdrawn"}))
    with pytest.raises(NotCleared, match="was closed"):
        gate.ask(happened, closed=[closed])
    gate.ledger.close()
    gate.ledger = GateLedger(tmp_path / "gate.state.json")
    gate.service = GateService(KEY, gate.log.vkey, gate.ledger, gate.time)
    with pytest.raises(NotCleared, match="was closed"):
        gate.ask(happened)
    assert gate.service.answer({"closed": [closed]}) == {"closed": [GATE]}


def test_a_second_signer_of_the_same_installation_is_refused(gate, tmp_path):
    with pytest.raises(Refused, match="Another gate signer"):
        GateLedger(tmp_path / "gate.state.json")


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.update(delegations={"keys": {}, "roles": []}),
        lambda s: s.update(custom={}),
        lambda s: s.update(_type="root"),
        lambda s: s.update(version=True),
        lambda s: s.update(version=2**31),
        lambda s: s.update(spec_version="2.0.0"),
        lambda s: s.update(expires="2026-03-01T20:00:00+08:00"),
        lambda s: s["targets"][PATH].update(uri="x"),
        lambda s: s["targets"][PATH]["hashes"].update(sha512="00"),
        lambda s: s["targets"][PATH]["custom"].update(gate=[]),
        lambda s: s["targets"][PATH]["custom"].update(gate=GATE),
        lambda s: s["targets"].update({"../a/b": s["targets"][PATH]}),
        lambda s: s["targets"].update({"acme/adcu/*": s["targets"][PATH]}),
    ],
)
def test_a_field_it_cannot_judge_is_refused_above_all_a_delegation(gate, change):
    signed = json.loads(released_portion(1, NOON + LIFE, [TARGET]))
    change(signed)
    receipt = gate.log.receipt(gate.decide())
    portion = json.dumps(signed, sort_keys=True, separators=(",", ":"))
    with pytest.raises(Malformed):
        gate.service.answer({"receipts": [receipt], "released": portion})


def test_text_that_two_readers_could_read_differently_is_refused(gate):
    portion = released_portion(1, NOON + LIFE, [TARGET])
    receipt = gate.log.receipt(gate.decide())
    for altered in (portion + " ", portion.replace('"version":1', '"version":1,"version":1'), "[]", "{", "[" * 10_000):
        with pytest.raises(Malformed):
            gate.service.answer({"receipts": [receipt], "released": altered})


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(junk=JUNK, field=st.sampled_from(["released", "receipts", "closed", "last", "event", "checkpoint", "path", ""]))
def test_garbage_is_answered_with_a_named_error_and_never_with_a_signature(gate, junk, field):
    receipt = gate.log.receipt(gate.log.add("gate.decided", GATE, decision()))
    good = {"receipts": [receipt], "released": released_portion(1, NOON + LIFE, [TARGET])}
    request = {**good, field: junk} if field in {"released", "receipts", "closed", "last"} else junk
    if field in receipt:
        request = {**good, "receipts": [{**receipt, field: junk}]}
    if request in ({"last": True}, {**good, "closed": []}):
        return
    with pytest.raises(RoadworthyError) as told:
        gate.service.answer(request)
    assert told.value.status < 500
    assert gate.ledger.version == 0


def wait_for(answers) -> None:
    for _ in range(400):
        with contextlib.suppress(SignerAway):
            answers()
            return
        time.sleep(0.05)


def make_home(folder, log) -> SigningKey:
    generate_key(folder / "keys" / "gate.pem", "gate passphrase", "gate")
    (folder / "trust").mkdir()
    (folder / "trust" / "log.vkey").write_text(log.vkey + "\n")
    return load_public(folder / "keys" / "gate.pem")


def test_the_worker_gets_signature_and_refusal_over_the_socket(tmp_path):
    log = Logbook()
    public = make_home(tmp_path, log)
    receipt = log.receipt(log.add("gate.decided", GATE, decision()))
    with listening(tmp_path, "gate passphrase", time=SetTime(NOON)):
        client = GateSigner(tmp_path)
        assert client.last_version() == 0
        signature = client.sign(released_portion(5, NOON + LIFE, [TARGET]), [receipt])
        assert isinstance(signature, Signature)
        assert signature.keyid == public.keyid
        assert client.last_version() == 5
        with pytest.raises(Refused, match="use 6 or higher") as refusal:
            client.sign(released_portion(5, NOON + LIFE, [TARGET]), [receipt])
        assert refusal.value.error_code == "signing.version_spent"


def test_the_process_starts_signs_and_ends_on_sigterm(tmp_path):
    log = Logbook()
    make_home(tmp_path, log)
    now = SystemTime().now()
    receipt = log.receipt(log.add("gate.decided", GATE, decision(now)))
    command = [sys.executable, "-m", "roadworthy.gate_signer", "--home", str(tmp_path)]
    environment = {**os.environ, "ROADWORTHY_PASSPHRASE_GATE": "gate passphrase"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        client = GateSigner(tmp_path)
        wait_for(client.last_version)
        client.sign(released_portion(1, now + LIFE, [TARGET]), [receipt])
    finally:
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0, told
    assert not (tmp_path / "run" / "gate.sock").exists()
    assert b"gate passphrase" not in told


def test_the_process_says_which_passphrase_is_missing(tmp_path):
    command = [sys.executable, "-m", "roadworthy.gate_signer", "--home", str(tmp_path)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ROADWORTHY_")}
    ended = subprocess.run(command, env=environment, capture_output=True, check=False, text=True)
    assert ended.returncode == 1
    assert "ROADWORTHY_PASSPHRASE_GATE is not set" in ended.stderr
    assert "Traceback" not in ended.stderr
