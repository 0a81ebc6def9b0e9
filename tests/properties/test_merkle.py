"""Against pymerkle and scitt-cose, independent implementations of RFC 6962 and RFC 9162."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree
from scitt_cose import merkle as scitt

from gateway.model.record import leaf_hash
from gateway.trail.merkle import (
    BLOCK,
    EMPTY_ROOT,
    Frontier,
    HashBlock,
    MerkleTree,
    verify_consistency,
    verify_inclusion,
)

LARGEST = 3 * BLOCK + 40
BODIES = [str(number).encode() for number in range(LARGEST)]
LEAVES = [leaf_hash(body) for body in BODIES]
BLOCKS = {number: LEAVES[number * BLOCK : (number + 1) * BLOCK] for number in range(4)}


@cache
def oracle() -> InmemoryTree:
    tree = InmemoryTree(algorithm="sha256")
    for body in BODIES:
        tree.append_entry(body)
    return tree


@cache
def ours() -> MerkleTree:
    tree = MerkleTree()
    tree.extend(LEAVES)
    return tree


sizes = st.integers(1, LARGEST)


@given(st.lists(st.integers(0, 3 * BLOCK), max_size=12))
def test_growing_in_any_pieces_gives_the_same_root(pieces: list[int]) -> None:
    frontier, tree, at = Frontier(), MerkleTree(), 0
    for piece in pieces:
        leaves = LEAVES[at : at + piece]
        frontier.extend(leaves)
        tree.extend(leaves)
        at += len(leaves)
    assert frontier.size == tree.size == at
    assert frontier.root() == tree.root()
    assert tree.root() == (oracle().get_root(at) if at else EMPTY_ROOT)


@given(sizes)
def test_roots_of_earlier_sizes(size: int) -> None:
    needed = ours().blocks_for_root(size)
    blocks = {number: BLOCKS[number] for number in needed}
    assert ours().root_at(size, blocks) == oracle().get_root(size)


@given(sizes, st.data())
def test_inclusion_proofs(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    blocks = {number: BLOCKS[number] for number in ours().blocks_for_inclusion(index, size)}
    path = ours().inclusion(index, size, blocks)
    theirs = oracle().prove_inclusion(index + 1, size).path
    assert [LEAVES[index], *path] == theirs
    root = oracle().get_root(size)
    assert verify_inclusion(LEAVES[index], index, size, path, root)
    spoilt = spoil(data, path)
    assert not verify_inclusion(LEAVES[index], index, size, spoilt, root)
    other = data.draw(st.integers(0, size).filter(lambda number: number != index))
    assert not verify_inclusion(LEAVES[index], other, size, path, root)


@given(sizes, st.data())
def test_consistency_proofs(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    blocks = {number: BLOCKS[number] for number in ours().blocks_for_consistency(old, new)}
    path = ours().consistency(old, new, blocks)
    roots = oracle().get_root(old), oracle().get_root(new)
    assert path == subproof(old, 0, new, known=True)
    assert verify_consistency(old, new, *roots, path)
    assert not verify_consistency(old, new, *roots, spoil(data, path))
    assert not verify_consistency(old, new, sha256(roots[0]).digest(), roots[1], path)
    assert not verify_consistency(old, new, roots[0], sha256(roots[1]).digest(), path)


def subproof(old: int, start: int, end: int, *, known: bool) -> list[bytes]:
    """SUBPROOF as RFC 6962, section 2.1.2, writes it down; pymerkle orders its proofs otherwise."""
    if old == end - start:
        return [] if known else [mth(start, end)]
    split = 1
    while 2 * split < end - start:
        split *= 2
    middle = start + split
    if old <= split:
        return [*subproof(old, start, middle, known=known), mth(middle, end)]
    return [*subproof(old - split, middle, end, known=False), mth(start, middle)]


def mth(start: int, end: int) -> bytes:
    frontier = Frontier()
    frontier.extend(LEAVES[start:end])
    return frontier.root()


def spoil(data: st.DataObject, path: list[bytes]) -> list[bytes]:
    """A proof with one hash changed, lost, or added."""
    how = data.draw(st.sampled_from(["change", "lose", "add"] if path else ["add"]))
    at = data.draw(st.integers(0, max(len(path) - 1, 0)))
    if how == "add":
        return [*path[:at], bytes(32), *path[at:]]
    return [*path[:at], *([sha256(path[at]).digest()] if how == "change" else []), *path[at + 1 :]]


small = st.lists(st.binary(max_size=40), min_size=1, max_size=40)


@given(small, st.data())
def test_scitt_agrees_on_roots_and_inclusion(bodies: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree()
    tree.extend([leaf_hash(body) for body in bodies])
    entries = [body.hex() for body in bodies]
    index = data.draw(st.integers(0, len(bodies) - 1))
    path = tree.inclusion(index, len(bodies), {})
    assert scitt.leaf_hash(entries[index]) == leaf_hash(bodies[index]).hex()
    assert scitt.merkle_root(entries) == tree.root().hex()
    assert scitt.inclusion_proof(entries, index) == [one.hex() for one in path]
    root = tree.root().hex()

    def included(proof: list[bytes]) -> bool:
        found = scitt.root_from_inclusion_proof(
            entries[index], index, len(bodies), [one.hex() for one in proof]
        )
        return bool(found == root)

    assert included(path)
    assert not included(spoil(data, path))


@given(small, st.data())
def test_scitt_agrees_on_consistency(bodies: list[bytes], data: st.DataObject) -> None:
    tree = MerkleTree()
    tree.extend([leaf_hash(body) for body in bodies])
    entries = [body.hex() for body in bodies]
    new = len(bodies)
    old = data.draw(st.integers(1, new))
    path = tree.consistency(old, new, {})
    assert scitt.consistency_proof(entries, old, new) == [one.hex() for one in path]
    roots = tree.root_at(old, {}).hex(), tree.root().hex()
    assert scitt.verify_consistency(*roots, old, new, [one.hex() for one in path])


@given(sizes, st.data())
def test_blocks_that_know_their_hashes_prove_the_same(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    plain = {number: BLOCKS[number] for number in range(3)}
    known = {number: HashBlock.of(leaves) for number, leaves in plain.items()}
    assert ours().inclusion(index, size, known) == ours().inclusion(index, size, plain)
    assert ours().consistency(index, size, known) == ours().consistency(index, size, plain)
    assert ours().root_at(size, known) == ours().root_at(size, plain)


@given(sizes)
def test_any_root_follows_from_tiles(size: int) -> None:
    """As a client of tlog-tiles computes it: roots of full tiles, then what is left of the last."""
    frontier = Frontier()
    full, rest = divmod(size, BLOCK)
    roots = ours().tile(1, 0, full)
    assert list(roots) == [HashBlock.of(BLOCKS[number]).root for number in range(full)]
    for number in range(full):
        frontier.extend(BLOCKS[number])
    frontier.extend(BLOCKS[full][:rest] if rest else [])
    assert frontier.root() == oracle().get_root(size)
