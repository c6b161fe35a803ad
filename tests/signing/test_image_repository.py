import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.formats import encode_canonical
from tuf.api.metadata import Metadata, Root, Targets

from roadworthy.kernel.errors import Broken, Unusable
from roadworthy.signing.canonical import Unprintable, signable
from roadworthy.signing.image_repository import released_portion, released_targets
from roadworthy.signing.keys import SigningKey
from roadworthy.signing.model import Released, RoleKeys, header_of
from roadworthy.signing.prepublish import Unpublishable, check_publishable
from roadworthy.signing.released import read_released
from roadworthy.signing.roots import make_root
from tests.signing.logbook import GATE, NOON, PATH
from tests.signing.world import TARGET, ImageWorld

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | PRINTABLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PRINTABLE, inner, max_size=3),
    max_leaves=10,
)


@pytest.fixture
def world():
    return ImageWorld()


@given(VALUES)
def test_what_is_signed_has_the_same_bytes_in_every_canonical_json(value):
    body = signable(value)
    assert body == encode_canonical(value).encode()  # OLPC: TUF clients
    assert body == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()  # aktualizr


@given(st.text(min_size=1, max_size=8))
def test_anything_outside_printable_ascii_is_refused_and_nothing_else(text):
    if all(" " <= c <= "~" for c in text):
        assert json.loads(signable({"k": [text]})) == {"k": [text]}
        return
    for value in ({"k": [text]}, {text: 1}):
        with pytest.raises(Unprintable, match="printable ASCII"):
            signable(value)


def test_released_is_refused_with_a_chinese_name_in_it(world):
    with pytest.raises(Unusable):
        released_portion(1, NOON, [replace(TARGET, hardware_ids=("智驾-hw3",))])


def test_released_is_delegated_to_two_of_two_keys_and_ends_the_search(world):
    signed = Metadata[Targets].from_bytes(world.make_targets()).signed
    role = signed.delegations.roles["released"]
    assert signed.targets == {}
    assert (role.threshold, role.terminating, role.paths) == (2, True, ["*/*/*"])
    assert set(role.keyids) == {world.release.keyid, world.gate.keyid}


def test_one_key_cannot_be_both_release_and_gate(world):
    world.gate = world.release
    with pytest.raises(Broken, match="two keys"):
        world.make_targets()


def test_root_names_its_keys_and_asks_for_consistent_snapshots(world):
    root = Metadata[Root].from_bytes(world.make_root()).signed
    assert root.consistent_snapshot
    assert root.roles["root"].keyids == [world.root.keyid]
    assert root.roles["targets"].keyids == [world.targets.keyid]
    assert root.roles["snapshot"].keyids == root.roles["timestamp"].keyids == [world.online.keyid]


def test_a_threshold_cannot_be_filled_by_the_same_key_twice(world):
    roles = {**world.roles(), "root": RoleKeys((world.root.public_key, world.root.public_key), 2)}
    with pytest.raises(Broken, match="2 different keys"):
        make_root(1, NOON, roles, [world.root])


@given(
    st.integers(1, 2**31 - 1),
    st.integers(0, 2**31 - 1),
    st.lists(st.sampled_from(["hw-1", "hw-2", "hw-3"]), min_size=1, unique=True),
)
def test_the_gate_signer_reads_back_what_the_worker_wrote(version, counter, hardware):
    target = replace(TARGET, release_counter=counter, hardware_ids=tuple(hardware))
    portion = released_portion(version, NOON + timedelta(microseconds=7), [target])
    assert read_released(portion) == Released(version, NOON, (target,))


def test_a_path_stands_once(world):
    with pytest.raises(Broken, match="same path"):
        released_portion(1, NOON, [TARGET, TARGET])


def test_files_have_the_names_that_clients_fetch(world):
    images = world.next(world.first(), released=world.make_released(7))
    names = ["1.root.json", "1.targets.json", "2.snapshot.json", "7.released.json", "timestamp.json"]
    assert sorted(images.files()) == names
    assert released_targets(images.released) == [PATH]


def test_versions_only_go_up(world):
    first = world.first(world.make_released(3))
    for version in (3, 2):
        with pytest.raises(Broken, match="cannot follow"):
            world.next(first, released=world.make_released(version))
    with pytest.raises(Broken, match="cannot follow"):
        world.next(first, root=world.make_root(3))
    again = world.next(world.next(first))
    assert header_of(again.snapshot).version == header_of(again.timestamp).version == 3


def test_a_client_loads_the_set_and_every_set_after_it(world):
    first = world.first()
    check_publishable(first, NOON)
    world.now += timedelta(hours=30)  # the first set has expired meanwhile
    second = world.next(first, released=world.make_released(2), targets=world.make_targets(2))
    check_publishable(second, world.now, before=first)
    rotated = world.make_root(2)
    third = world.next(second, root=rotated, released=world.make_released(3, targets=()))
    check_publishable(third, world.now, before=second)


def test_the_root_key_is_rotated_with_old_and_new_signature(world):
    first, old = world.first(), world.root
    world.root = SigningKey.generate("image-root-2")
    check_publishable(world.next(first, root=world.make_root(2, old)), NOON, before=first)
    with pytest.raises(Unpublishable, match="root"):
        check_publishable(world.next(first, root=world.make_root(2)), NOON, before=first)


def test_a_set_that_clients_would_refuse_is_not_published(world):
    good = world.first()
    with pytest.raises(Unpublishable, match="1/2"):
        check_publishable(world.first(world.make_released(signers=[world.release])), NOON)
    with pytest.raises(Unpublishable):
        check_publishable(world.first(world.make_released(signers=[world.release, world.release])), NOON)
    with pytest.raises(Unpublishable, match="expired"):
        check_publishable(good, NOON + timedelta(hours=25))
    with pytest.raises(Unpublishable):
        check_publishable(replace(good, released=world.make_released(1, targets=())), NOON)
    outside = world.first(world.make_released(targets=[replace(TARGET, path="adcu.img", gates=(GATE,))]))
    with pytest.raises(Unpublishable, match=r"does not find adcu\.img"):
        check_publishable(outside, NOON)


def test_a_set_that_goes_back_is_not_published(world):
    first = world.first()
    second = world.next(first, released=world.make_released(2))
    with pytest.raises(Unpublishable):
        check_publishable(replace(first, root=second.root), NOON, before=second)
