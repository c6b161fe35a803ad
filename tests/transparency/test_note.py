"""Signed notes: the published example of Go's sumdb note verifies, everything altered is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.errors import Malformed
from roadworthy.transparency.note import (
    MAX_NOTE_CHARACTERS,
    Unproved,
    Verifier,
    cosign_note,
    open_note,
    parse_note,
    sign_note,
    vkey_of,
)
from tests.transparency.world import SIGNER, VKEY, TestSigner

# Published example: golang.org/x/mod/sumdb/note, note_test.go and example_test.go (the seed is public there).
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER = TestSigner("PeterNeumann", base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:])
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_NOTE = (
    PETER_TEXT
    + "\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBw"
    "JnAM=\n"
)


def test_the_published_note_opens_and_is_signed_the_same_byte_for_byte():
    opened = open_note(PETER_NOTE, [PETER_VKEY])
    assert opened.text == PETER_TEXT
    assert [s.name for s in opened.signatures] == ["PeterNeumann"]
    assert vkey_of(PETER) == PETER_VKEY
    assert sign_note(PETER_TEXT, PETER) == PETER_NOTE


def test_unknown_signature_lines_are_passed_over_and_unknown_alone_prove_nothing():
    both = PETER_NOTE + sign_note(PETER_TEXT, SIGNER).rsplit("\n\n", 1)[1]
    assert [s.name for s in open_note(both, [PETER_VKEY]).signatures] == ["PeterNeumann"]
    assert {s.name for s in open_note(both, [PETER_VKEY, VKEY]).signatures} == {"PeterNeumann", SIGNER.name}
    with pytest.raises(Unproved, match="no signature of log"):
        open_note(PETER_NOTE, [VKEY])
    with pytest.raises(Unproved):
        open_note(PETER_NOTE, [])


def test_a_wrong_signature_of_a_known_key_spoils_the_note_even_beside_a_right_one():
    wrong = sign_note("another text\n", SIGNER).rsplit("\n\n", 1)[1]
    with pytest.raises(Unproved, match="altered"):
        open_note(PETER_NOTE + wrong, [PETER_VKEY, VKEY])


def test_a_key_of_the_same_name_but_another_id_is_another_key():
    twin = TestSigner(SIGNER.name, bytes(32))
    with pytest.raises(Unproved):
        open_note(sign_note("text\n", twin), [VKEY])


def test_a_cosignature_signs_its_time():
    note = cosign_note(sign_note("text\n", SIGNER), SIGNER, 1_700_000_000)
    vkey = vkey_of(SIGNER, 0x04)
    assert {s.at for s in open_note(note, [VKEY, vkey]).signatures} == {None, 1_700_000_000}
    line = parse_note(note)[1][1]
    later = base64.b64encode(line.key_id + (1_700_000_001).to_bytes(8, "big") + line.blob[8:]).decode()
    with pytest.raises(Unproved):
        open_note(f"text\n\n\u2014 {SIGNER.name} {later}\n", [vkey])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        PETER_NOTE[:-1],
        PETER_NOTE.replace("\u2014", "-"),
        PETER_NOTE.replace("\n", "\r\n"),
        PETER_NOTE.replace("you", "\ttab", 1),
        PETER_NOTE.replace("PeterNeumann ", "Peter+Neumann "),
        PETER_NOTE.replace("PeterNeumann ", "Peter\u00a0Neumann "),
        PETER_NOTE.replace("x08go", "x08g!"),
        PETER_NOTE.replace("nAM=", "nAN="),  # loose bits at the end of base 64
        PETER_NOTE + "\n",
        "text\n\n\u2014 name AAAA\n",
        "x" * MAX_NOTE_CHARACTERS + PETER_NOTE,
        PETER_TEXT + "\n" + PETER_NOTE.rsplit("\n\n", 1)[1] * 101,
        "\ud800" + PETER_NOTE,
    ],
)
def test_malformed_notes_are_refused(note):
    with pytest.raises(Malformed):
        open_note(note, [PETER_VKEY])


def test_every_part_of_a_vkey_and_every_changed_character_is_refused():
    for at in range(len(PETER_VKEY)):
        with pytest.raises(Malformed):
            Verifier.parse(PETER_VKEY[:at])
        with pytest.raises(Malformed):
            Verifier.parse(PETER_VKEY[at + 1 :])
        with pytest.raises(Malformed):
            Verifier.parse(PETER_VKEY[:at] + chr(ord(PETER_VKEY[at]) + 1) + PETER_VKEY[at + 1 :])
    # From note_test.go: a longer key and an unknown algorithm, both with a fitting id.
    with pytest.raises(Malformed):
        Verifier.parse("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==")
    with pytest.raises(Malformed):
        Verifier.parse("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")


@given(st.text())
def test_any_text_is_refused_in_a_documented_way(text):
    for candidate in (text, f"{text}\n\n\u2014 {text} {text}\n", PETER_NOTE + text):
        if candidate != PETER_NOTE:
            with pytest.raises((Malformed, Unproved)):
                open_note(candidate, [PETER_VKEY])
    with pytest.raises(Malformed):
        Verifier.parse(text)


@given(st.integers(0, len(PETER_NOTE.encode()) * 8 - 1))
def test_no_changed_bit_of_a_note_goes_through(bit):
    data = bytearray(PETER_NOTE.encode())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Malformed, Unproved)):
        open_note(data.decode("utf-8", "surrogateescape"), [PETER_VKEY])
