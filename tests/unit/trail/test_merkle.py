from __future__ import annotations

import pytest

from gateway.model.record import leaf_hash
from gateway.trail.merkle import (
    BLOCK,
    EMPTY_ROOT,
    Frontier,
    MerkleTree,
    block_root,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# The reference tree of google/certificate-transparency, merkle_tree_test.
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
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
LEAVES = [leaf_hash(bytes.fromhex(data)) for data in INPUTS]


def test_known_roots() -> None:
    frontier, tree = Frontier(), MerkleTree()
    assert frontier.root() == tree.root() == EMPTY_ROOT
    for leaf, root in zip(LEAVES, ROOTS, strict=True):
        frontier.extend([leaf])
        tree.extend([leaf])
        assert frontier.root().hex() == tree.root().hex() == root


def test_the_paths_of_the_rfcs_example() -> None:
    """RFC 6962, section 2.1.3: the tree of seven leaves d0 to d6."""
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, hij = node_hash(g, h), node_hash(i, j)
    tree = MerkleTree()
    tree.extend(LEAVES[:7])
    assert tree.inclusion(0, 7, {}) == [b, h, hij]
    assert tree.inclusion(3, 7, {}) == [c, g, hij]
    assert tree.inclusion(4, 7, {}) == [f, j, k]
    assert tree.inclusion(6, 7, {}) == [i, k]
    assert tree.consistency(3, 7, {}) == [c, d, g, hij]
    assert tree.consistency(4, 7, {}) == [hij]
    assert tree.consistency(6, 7, {}) == [i, j, k]


def test_a_big_tree_asks_for_the_blocks_it_does_not_keep() -> None:
    size = 3 * BLOCK + 5
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    tree = MerkleTree()
    tree.extend(leaves)
    assert tree.blocks_for_inclusion(BLOCK + 1, size) == {1}
    assert tree.blocks_for_inclusion(size - 1, size) == set()
    assert tree.blocks_for_root(2 * BLOCK) == set()
    assert tree.blocks_for_root(2 * BLOCK + 1) == {2}
    assert list(tree.block_roots) == [
        block_root(leaves[at : at + BLOCK]) for at in range(0, 3 * BLOCK, BLOCK)
    ]
    again = MerkleTree()
    again.extend_blocks(tree.block_roots)
    again.extend(leaves[3 * BLOCK :])
    assert again.root() == tree.root()
    with pytest.raises(ValueError, match="within a block"):
        again.extend_blocks([bytes(32)])


@pytest.mark.parametrize(("index", "size"), [(-1, 8), (8, 8), (3, 9), (0, 0)])
def test_there_is_no_proof_of_what_is_not_there(index: int, size: int) -> None:
    tree = MerkleTree()
    tree.extend(LEAVES)
    with pytest.raises(ValueError, match="no such leaf"):
        tree.inclusion(index, size, {})
    with pytest.raises(ValueError, match="no such leaf"):
        tree.root_at(9, {})
    with pytest.raises(ValueError, match="no such leaf"):
        tree.consistency(8, 9, {})


def test_impossible_proofs_do_not_verify() -> None:
    leaf, root = LEAVES[0], bytes.fromhex(ROOTS[0])
    assert verify_inclusion(leaf, 0, 1, [], root)
    assert not verify_inclusion(leaf, 1, 1, [], root)
    assert not verify_inclusion(leaf, -1, 1, [], root)
    assert not verify_inclusion(leaf, 0, 0, [], root)
    assert not verify_inclusion(leaf, 0, 1, [leaf], root)
    assert verify_consistency(0, 1, EMPTY_ROOT, root, [])
    assert not verify_consistency(0, 1, root, root, [])
    assert verify_consistency(1, 1, root, root, [])
    assert not verify_consistency(1, 1, root, root, [leaf])
    assert not verify_consistency(2, 1, root, root, [])
    assert not verify_consistency(3, 4, root, root, [])
