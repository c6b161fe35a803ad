import os
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import SSlibKey

from roadworthy.kernel.errors import Broken, Refused
from roadworthy.signing import keys
from roadworthy.signing.keys import (
    CUSTODY,
    NoKey,
    PublicKey,
    SigningKey,
    WrongPassphrase,
    generate_key,
    load_public,
    open_key,
    passphrase_for,
    register_scheme,
)
from roadworthy.signing.pkcs8 import ROUNDS, encrypted_pem

SECRET = "correct horse battery"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "gate.pem"
    generate_key(path, SECRET, "gate")
    return path


def test_a_key_signs_after_reopening_and_its_public_half_checks_it(made):
    key, public = open_key(made, SECRET), load_public(made)
    assert (key.name, key.public, key.keyid) == ("gate", public.public, public.keyid)
    Ed25519PublicKey.from_public_bytes(public.public).verify(key.sign(b"message"), b"message")


@pytest.mark.parametrize("form", ["file:{}", "file://{}", "{}"])
def test_a_key_opens_by_uri_and_by_path(made, form):
    assert open_key(form.format(made), SECRET).name == "gate"


def test_the_key_id_is_the_one_that_tuf_clients_compute():
    key = SigningKey.generate("any")
    theirs = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(key.public))
    assert key.keyid == theirs.keyid
    assert key.public_key.tuf_key() == theirs.to_dict()


def test_the_file_is_private_encrypted_and_slow_to_guess(made):
    assert made.stat().st_mode & 0o777 == 0o600
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in made.read_bytes()
    assert ROUNDS >= 600_000
    assert sorted(p.name for p in made.parent.iterdir()) == ["gate.pem", "gate.pub.json"]


def test_openssl_reads_the_file_and_sees_the_rounds(made):
    shown = subprocess.run(["openssl", "asn1parse", "-in", made], capture_output=True, check=True, text=True).stdout
    assert "PBKDF2" in shown
    assert f"{ROUNDS:06X}" in shown
    opened = ["openssl", "pkey", "-in", str(made), "-passin", "env:SECRET", "-noout"]
    subprocess.run(opened, env={**os.environ, "SECRET": SECRET}, capture_output=True, check=True)


@pytest.mark.parametrize("rounds", [1, 127, 128, 255, 256, 32768])
def test_any_number_of_rounds_is_written_so_that_it_can_be_read(rounds):
    private = Ed25519PrivateKey.generate()
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    read = load_pem_private_key(encrypted_pem(plain, SECRET, rounds), SECRET.encode())
    assert read.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) == plain


def test_a_wrong_passphrase_is_refused_and_neither_it_nor_the_key_is_shown(made):
    with pytest.raises(WrongPassphrase, match="ROADWORTHY_PASSPHRASE") as refusal:
        open_key(made, "wrong guess")
    assert "wrong guess" not in str(refusal.value)
    assert "wrong guess" not in repr(refusal.value)


def test_showing_a_key_shows_no_secret(made):
    key = open_key(made, SECRET)
    assert repr(key) == f"SigningKey('gate', keyid={key.keyid[:8]})"


def test_a_key_is_never_overwritten(made):
    before = made.read_bytes()
    with pytest.raises(Refused, match="never overwritten"):
        generate_key(made, SECRET, "gate")
    assert made.read_bytes() == before


def test_a_public_half_of_a_lost_key_stops_a_new_one(tmp_path):
    (tmp_path / "gate.pub.json").write_text("{}")
    with pytest.raises(Refused, match="never overwritten"):
        generate_key(tmp_path / "gate.pem", SECRET, "gate")
    assert not (tmp_path / "gate.pem").exists()


def test_a_short_passphrase_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(WrongPassphrase, match="at least 8"):
        generate_key(tmp_path / "gate.pem", "short", "gate")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_others_can_read_is_refused_with_the_command_to_run(made, tmp_path):
    copy = tmp_path / "gate.pem"
    copy.write_bytes(made.read_bytes())
    copy.chmod(0o644)
    with pytest.raises(Refused, match="chmod 600"):
        open_key(copy, SECRET)


def test_missing_damaged_plain_and_foreign_keys_are_each_refused_with_what_to_do(tmp_path):
    def write(content: bytes) -> Path:
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    private = Ed25519PrivateKey.generate()
    with pytest.raises(NoKey, match="roadworthy init"):
        open_key(tmp_path / "none.pem", SECRET)
    with pytest.raises(WrongPassphrase, match="damaged"):
        open_key(write(b"garbage"), SECRET)
    with pytest.raises(Refused, match="not encrypted"):
        open_key(write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())), SECRET)
    encrypted = BestAvailableEncryption(SECRET.encode())
    foreign = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encrypted)
    with pytest.raises(NoKey, match="no Ed25519 key"):
        open_key(write(foreign), SECRET)
    with pytest.raises(NoKey, match="pkcs12"):
        open_key("pkcs12:somewhere", SECRET)


def test_a_public_file_that_contradicts_itself_is_broken(made, tmp_path):
    told = load_public(made).to_json()
    for content in ("{", "[]", '{"name":1}', str({**told, "keyid": "0" * 64}).replace("'", '"')):
        (tmp_path / "x.pub.json").write_text(content)
        with pytest.raises(Broken, match="restore"):
            load_public(tmp_path / "x.pub.json")
    with pytest.raises(NoKey):
        load_public(tmp_path / "none.pem")


def test_a_public_half_of_another_key_is_noticed(made, tmp_path):
    (tmp_path / "gate.pem").write_bytes(made.read_bytes())
    (tmp_path / "gate.pem").chmod(0o600)
    stranger = PublicKey("gate", SigningKey.generate("gate").public)
    (tmp_path / "gate.pub.json").write_bytes(keys.canonical(stranger.to_json()))
    with pytest.raises(Broken, match="another key"):
        open_key(tmp_path / "gate.pem", SECRET)


def test_another_scheme_can_be_registered(monkeypatch):
    monkeypatch.setattr(keys, "_OPENERS", dict(keys._OPENERS))
    register_scheme("memory", lambda rest, passphrase: SigningKey.generate(rest))
    assert open_key("memory:gate", "").name == "gate"


def test_each_custody_has_its_own_passphrase():
    assert passphrase_for("GATE", {"ROADWORTHY_PASSPHRASE_GATE": SECRET}) == SECRET
    with pytest.raises(WrongPassphrase, match="ROADWORTHY_PASSPHRASE_DIRECTOR is not set"):
        passphrase_for("DIRECTOR", {"ROADWORTHY_PASSPHRASE_GATE": SECRET})
    assert {CUSTODY["release"], CUSTODY["gate"], CUSTODY["director-online"], CUSTODY["image-root"]} == {
        "WORKER",
        "GATE",
        "DIRECTOR",
        "OFFLINE",
    }
