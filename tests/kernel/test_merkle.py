"""The tree of RFC 6962: known roots, and every inclusion path for every size up to 70."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.merkle import EMPTY_ROOT, leaf_hash, node_hash, path_to, root_from_path, root_of

# The eight leaves and the roots of the certificate-transparency project's own tests.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = range(71)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


def root_by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word by word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + root_by_definition(hashes[:k]) + root_by_definition(hashes[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots_come_out(size: int) -> None:
    assert root_of([leaf_hash(entry) for entry in ENTRIES[:size]]).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY_ROOT == sha256(b"").digest()


def test_leaves_and_nodes_can_never_be_taken_for_each_other() -> None:
    left, right = leaves(2)

    assert node_hash(left, right) != leaf_hash(left + right)


def test_roots_follow_the_definition_for_all_sizes_to_70() -> None:
    for size in SIZES:
        assert root_of(leaves(size)) == root_by_definition(leaves(size))


def test_every_path_proves_its_leaf_and_no_other_for_all_sizes_to_70() -> None:
    for size in SIZES:
        hashes = leaves(size)
        root = root_of(hashes)
        for index in range(size):
            path = path_to(hashes, index)
            assert root_from_path(hashes[index], index, size, path) == root
            assert root_from_path(hashes[index - 1], index, size, path) != root or size == 1
            if size > 1:
                assert root_from_path(hashes[index], (index + 1) % size, size, path) != root


def test_a_path_that_is_too_long_or_too_short_proves_nothing() -> None:
    for size in range(2, 71):
        hashes = leaves(size)
        for index in range(size):
            path = path_to(hashes, index)
            assert root_from_path(hashes[index], index, size, path[:-1]) is None
            assert root_from_path(hashes[index], index, size, [*path, EMPTY_ROOT]) is None


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_an_index_outside_the_tree_has_no_path(index: int, size: int) -> None:
    assert root_from_path(EMPTY_ROOT, index, size, []) is None
    with pytest.raises(IndexError):
        path_to(leaves(size), index)


@given(st.data(), st.integers(2, 70))
def test_a_flipped_bit_anywhere_in_a_path_is_noticed(data: st.DataObject, size: int) -> None:
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = path_to(hashes, index)
    step, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
    path[step] = (int.from_bytes(path[step], "big") ^ 1 << bit).to_bytes(32, "big")

    assert root_from_path(hashes[index], index, size, path) != root_of(hashes)
