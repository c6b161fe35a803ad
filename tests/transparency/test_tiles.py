"""Tiles and checkpoints: the examples of C2SP tlog-tiles hold, one spelling for each path, parsers refuse."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.errors import Broken, Malformed
from roadworthy.kernel.merkle import leaf_hash
from roadworthy.transparency.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from roadworthy.transparency.files import TileTree, drop_partials, write_all
from roadworthy.transparency.note import Unproved, sign_note
from roadworthy.transparency.tiles import WIDTH, Tile, decode_bundle, encode_bundle, tiles_of
from roadworthy.transparency.tree import MemoryTree
from tests.transparency.world import SIGNER, VKEY, TestSigner


def test_the_examples_of_c2sp_tlog_tiles_hold():
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    tiles = [t for t in tiles_of(70_000) if t.level is not None]
    widths = {level: [t.width for t in tiles if t.level == level] for level in range(4)}
    assert widths == {0: [256] * 273 + [112], 1: [256, 17], 2: [1], 3: []}
    assert [t.path for t in tiles_of(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_growing_by_any_steps_writes_the_same_files_as_at_once(first, more):
    grown = {t.path for t in tiles_of(first)} | {t.path for t in tiles_of(first + more, since=first)}
    assert {t.path for t in tiles_of(first + more)} <= grown
    assert not {t.path for t in tiles_of(first)} & {t.path for t in tiles_of(first + more, since=first)}


@given(st.none() | st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_a_path_reads_back(level, index, width):
    assert Tile.parse(Tile(level, index, width).path) == Tile(level, index, width)


@pytest.mark.parametrize(
    "path",
    ["", "tile/0/0", "tile/00/000", "tile/64/000", "tile/0/x000/001", "tile/0/1234", "tile/0/000.p/0",
     "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/../000", "/tile/0/000", "tile/0/000\n",
     "tile/0/\u0661\u0661\u0661"],
)  # fmt: skip
def test_other_paths_are_refused(path):
    with pytest.raises(Malformed):
        Tile.parse(path)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_an_entry_bundle_reads_back(entries):
    assert decode_bundle(encode_bundle(entries), len(entries)) == entries


@given(st.binary(max_size=60), st.integers(0, 256))
def test_any_bytes_are_a_bundle_or_refused(data, width):
    with suppress(Malformed):
        assert encode_bundle(decode_bundle(data, width)) == data


def test_an_entry_too_long_for_a_bundle_is_our_mistake():
    assert len(encode_bundle([bytes(65_535)])) == 65_537
    with pytest.raises(Broken):
        encode_bundle([bytes(65_536)])


def test_proofs_from_files_are_those_from_memory_also_when_partial_tiles_are_gone(tmp_path):
    memory = MemoryTree(leaf_hash(b"%d" % n) for n in range(66_000))
    before = 0
    for size in (1, 255, 256, 257, 1000, 65_536, 66_000):
        for tile in tiles_of(size, since=before):
            if tile.level is not None:
                write_all(tmp_path, {tile.path: memory.nodes(8 * tile.level, tile.first, tile.first + tile.width)})
                if tile.width == WIDTH:
                    drop_partials(tmp_path, tile)
        before = size
    for size in (1, 256, 257, 1000, 65_536, 66_000):
        tree = TileTree(tmp_path, size)
        assert tree.root() == memory.root(size)
        for index in {0, size // 3, size - 1}:
            assert tree.inclusion(index, size) == memory.inclusion(index, size)
        assert tree.consistency(size // 2, size) == memory.consistency(size // 2, size)


def test_a_checkpoint_carries_its_signed_time_and_is_bound_to_its_log():
    head = Checkpoint(SIGNER.name, 5, bytes(32), datetime(2026, 3, 1, tzinfo=UTC))
    note = sign_checkpoint(head, SIGNER)
    assert open_checkpoint(note, VKEY) == head
    with pytest.raises(Unproved, match="not signed as a head"):
        open_checkpoint(sign_note(Checkpoint("other.example", 5, bytes(32)).text, SIGNER), VKEY)
    with pytest.raises(Unproved):
        open_checkpoint(sign_checkpoint(head, TestSigner(seed=bytes(32))), VKEY)


@pytest.mark.parametrize(
    "text",
    ["", "o\n1\n", "o\n01\nAAAA\n", "o\n-1\nAAAA\n", "o\n1\nAAAA\n", "\n1\n" + "A" * 43 + "=\n",
     "o\n1\n" + "A" * 43 + "=", "o\n1\n" + "A" * 43 + "=\n\n", "o\n9223372036854775808\n" + "A" * 43 + "=\n",
     "o\n\u0661\n" + "A" * 43 + "=\n"],
)  # fmt: skip
def test_malformed_checkpoints_are_refused(text):
    with pytest.raises(Malformed):
        parse_checkpoint(text)


@given(st.text())
def test_any_text_is_a_checkpoint_or_refused(text):
    for candidate in (text, f"{text}\n{text}\n{text}\n", f"o\n1\n{'A' * 43}={text}\n"):
        with suppress(Malformed):
            assert candidate.startswith(parse_checkpoint(candidate).text)
