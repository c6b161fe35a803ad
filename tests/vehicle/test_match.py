"""The pure comparison of Director and Image repository."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import TargetFile

from roadworthy.vehicle.attack import AttackName, Detected
from roadworthy.vehicle.match import Install, match
from roadworthy.vehicle.provisioning import Ecu

PATH = "acme/adcu/4.2.1.img"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
ECUS = {"S1": Ecu("S1", "hw1", True, KEY), "S2": Ecu("S2", "hw2", False, KEY)}
SHA = "ab" * 32


def director(named=None, length=10, hashes=None, custom=None):
    named = {"S1": ("hw1", 3)} if named is None else named
    entries = {serial: {"hardwareId": hw, "releaseCounter": n} for serial, (hw, n) in named.items()}
    return TargetFile(length, hashes or {"sha256": SHA}, PATH, {"custom": custom or {"ecuIdentifiers": entries}})


def image(hardware=("hw1", "hw2"), counter=3, length=10, hashes=None, custom=None):
    facts = {"hardwareIds": list(hardware), "releaseCounter": counter}
    return TargetFile(length, hashes or {"sha256": SHA}, PATH, {"custom": custom or facts})


def attack(*arguments, ecus=ECUS, counters=None):
    with pytest.raises(Detected) as caught:
        match(PATH, *arguments, ecus, counters or {})
    return caught.value.attack.name


def test_agreement_gives_one_install_per_ecu_in_the_order_of_serials():
    found = match(PATH, director({"S2": ("hw2", 3), "S1": ("hw1", 3)}), image(), ECUS, {"S1": 3})
    assert found == [Install("S1", "hw1", PATH, 10, SHA, 3), Install("S2", "hw2", PATH, 10, SHA, 3)]


def test_unreleased_image():
    assert attack(director(), None) is AttackName.ARBITRARY_SOFTWARE


def test_further_hashes_must_agree_where_both_give_them():
    both = {"sha256": SHA, "sm3": "11"}
    assert match(PATH, director(hashes=both), image(), ECUS, {})
    assert attack(director(hashes=both), image(hashes={"sha256": SHA, "sm3": "22"})) is AttackName.MIX_AND_MATCH


def test_sha256_may_not_be_missing():
    other = {"sha512": "11"}
    assert attack(director(hashes=other), image(hashes=other)) is AttackName.MALFORMED_METADATA
    assert attack(director(hashes=other), image()) is AttackName.MALFORMED_METADATA


@pytest.mark.parametrize(
    "custom",
    [
        {"x": 1},
        {"ecuIdentifiers": {}},
        {"ecuIdentifiers": ["S1"]},
        {"ecuIdentifiers": {"S1": "hw1"}},
        {"ecuIdentifiers": {"S1": {"hardwareId": 1, "releaseCounter": 3}}},
        {"ecuIdentifiers": {"S1": {"hardwareId": "hw1"}}},
        {"ecuIdentifiers": {"S1": {"hardwareId": "hw1", "releaseCounter": True}}},
        {"ecuIdentifiers": {"S1": {"hardwareId": "hw1", "releaseCounter": -1}}},
        {"ecuIdentifiers": {"S1": {"hardwareId": "hw1", "releaseCounter": "3"}}},
        "text",
    ],
)
def test_misshapen_director_custom(custom):
    assert attack(director(custom=custom), image()) is AttackName.MALFORMED_METADATA


@pytest.mark.parametrize(
    "custom",
    [
        {"x": 1},
        {"hardwareIds": "hw1", "releaseCounter": 3},
        {"hardwareIds": [1], "releaseCounter": 3},
        {"hardwareIds": ["hw1"]},
        {"hardwareIds": ["hw1"], "releaseCounter": 3.0},
        7,
    ],
)
def test_misshapen_image_custom(custom):
    assert attack(director(), image(custom=custom)) is AttackName.MALFORMED_METADATA


@given(
    lengths=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    hashes=st.tuples(st.sampled_from("ab"), st.sampled_from("ab")),
    hardware=st.tuples(st.sampled_from(["hw1", "hw2"]), st.sets(st.sampled_from(["hw1", "hw2"]))),
    counters=st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
    serial=st.sampled_from(["S1", "S2", "S3"]),
)
def test_an_install_comes_out_exactly_when_every_rule_holds(lengths, hashes, hardware, counters, serial):
    asked, made_for = hardware
    in_director, in_image, installed = counters
    holds = (
        lengths[0] == lengths[1]
        and hashes[0] == hashes[1]
        and serial in ECUS
        and ECUS[serial].hardware_id == asked
        and asked in made_for
        and in_director == in_image >= installed
    )
    wanted = director({serial: (asked, in_director)}, lengths[0], {"sha256": hashes[0]})
    offered = image(sorted(made_for), in_image, lengths[1], {"sha256": hashes[1]})
    try:
        found = match(PATH, wanted, offered, ECUS, {serial: installed})
    except Detected:
        assert not holds
    else:
        assert holds
        assert found == [Install(serial, asked, PATH, lengths[0], hashes[0], in_image)]
