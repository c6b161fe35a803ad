"""The tree and its proofs against a naive reading of RFC 6962, exhaustively up to a size."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.errors import Malformed
from roadworthy.kernel.merkle import leaf_hash
from roadworthy.transparency.checkpoint import Checkpoint, sign_checkpoint
from roadworthy.transparency.note import Unproved
from roadworthy.transparency.proof import TlogProof, verify_consistency, verify_inclusion
from roadworthy.transparency.tree import MemoryTree
from tests.transparency import naive
from tests.transparency.world import SIGNER, VKEY

# Published test vectors of the Certificate Transparency reference implementation (its merkletree tests).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
         8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}  # fmt: skip
CONSISTENCY_6_8 = ["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                   "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                   "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]  # fmt: skip


def test_the_published_vectors_hold():
    tree = MemoryTree(leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES)
    for size, root in ROOTS.items():
        assert tree.root(size).hex() == root
    assert [step.hex() for step in tree.consistency(6, 8)] == CONSISTENCY_6_8


@cache
def entries(size: int) -> list[bytes]:
    return [b"entry %d" % n for n in range(size)]


def test_every_inclusion_and_consistency_proof_up_to_200_leaves_verifies():
    limit = 200
    tree = MemoryTree(leaf_hash(entry) for entry in entries(limit))
    roots = [naive.mth(entries(limit)[:size]) for size in range(limit + 1)]
    assert roots == [tree.root(size) for size in range(limit + 1)]
    for new in range(1, limit + 1):
        for old in range(new + 1):
            proof = tree.consistency(old, new)
            verify_consistency(old, new, roots[old], roots[new], proof)
            if old < new:
                path = tree.inclusion(old, new)
                verify_inclusion(leaf_hash(entries(limit)[old]), old, new, path, roots[new])


def test_proofs_are_those_of_the_rfc_and_break_with_any_change():
    limit = 24
    tree = MemoryTree(leaf_hash(entry) for entry in entries(limit))
    for new in range(1, limit + 1):
        known = entries(limit)[:new]
        for old in range(new):
            path, proof = tree.inclusion(old, new), tree.consistency(old, new)
            assert path == naive.path(old, known)
            assert proof == (naive.proof(old, known) if old else [])
            refuse_changed(tree, old, new, path, proof)


def refuse_changed(tree, old, new, path, proof):
    leaf = leaf_hash(entries(24)[old])
    for wrong in changed(path):
        with pytest.raises(Unproved):
            verify_inclusion(leaf, old, new, wrong, tree.root(new))
    for index in {old - 1, old + 1, new, -1} - {old}:
        with pytest.raises(Unproved):
            verify_inclusion(leaf, index, new, path, tree.root(new))
    for wrong in changed(proof):
        with pytest.raises(Unproved):
            verify_consistency(old, new, tree.root(old), tree.root(new), wrong)
    if old:
        with pytest.raises(Unproved):
            verify_consistency(old, new, tree.root(old - 1), tree.root(new), proof)
        with pytest.raises(Unproved):
            verify_consistency(old, new, tree.root(old), tree.root(old), proof)


def changed(path):
    yield [*path, bytes(32)]
    for at in range(len(path)):
        yield path[:at] + path[at + 1 :]
        yield [*path[:at], bytes(32), *path[at + 1 :]]


def test_wrong_sizes_are_refused():
    tree = MemoryTree([bytes(32)])
    for call in (lambda: tree.root(2), lambda: tree.inclusion(1, 1), lambda: tree.inclusion(-1, 1),
                 lambda: tree.inclusion(0, 2), lambda: tree.consistency(1, 2),
                 lambda: tree.consistency(-1, 1)):  # fmt: skip
        with pytest.raises(IndexError):
            call()
    with pytest.raises(ValueError, match="32 bytes"):
        tree.append(b"short")
    for old, new in ((1, 0), (-1, 1), (0, -1)):
        with pytest.raises(Unproved):
            verify_consistency(old, new, bytes(32), bytes(32), [])


@given(st.integers(1, 300), st.data())
def test_a_tlog_proof_survives_its_text_form_and_verifies(size, data):
    index = data.draw(st.integers(0, size - 1))
    tree = MemoryTree(leaf_hash(entry) for entry in entries(300)[:size])
    note = sign_checkpoint(Checkpoint(SIGNER.name, size, tree.root()), SIGNER)
    extra = data.draw(st.none() | st.binary(max_size=20))
    proof = TlogProof(index, tuple(tree.inclusion(index, size)), note, extra)
    again = TlogProof.parse(proof.to_text())
    assert again == proof
    assert again.verify(leaf_hash(entries(300)[index]), VKEY).size == size
    with pytest.raises(Unproved):
        again.verify(leaf_hash(b"another"), VKEY)


@given(st.text(), st.integers(0, 200), st.integers(0, 200))
def test_any_other_text_is_no_tlog_proof(text, start, stop):
    tree = MemoryTree(leaf_hash(entry) for entry in entries(5))
    good = TlogProof(3, tuple(tree.inclusion(3, 5)), sign_checkpoint(Checkpoint(SIGNER.name, 5, tree.root()), SIGNER))
    changed_text = good.to_text()[:start] + text + good.to_text()[start + stop :]
    for candidate in (text, changed_text):
        if candidate != good.to_text():
            try:
                TlogProof.parse(candidate).verify(leaf_hash(entries(5)[3]), VKEY)
            except (Malformed, Unproved):
                continue
            # Only extra data, which nobody authenticates, may differ.
            assert TlogProof.parse(candidate).extra is not None
