from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.record import leaf_hash
from gateway.trail.merkle import Frontier
from gateway.verifier.tree import RootAccumulator, leaf_of


def test_the_empty_tree() -> None:
    assert RootAccumulator().root() == sha256(b"").digest()


def test_three_leaves_by_hand() -> None:
    a, b, c = (leaf_of(body) for body in (b"a", b"b", b"c"))
    tree = RootAccumulator()
    for leaf in (a, b, c):
        tree.add(leaf)
    left = sha256(b"\x01" + a + b).digest()
    assert tree.root() == sha256(b"\x01" + left + c).digest()
    assert leaf_of(b"a") == sha256(b"\x00a").digest()


@given(st.lists(st.binary(max_size=4), max_size=200))
def test_roots_are_those_of_the_gateway(bodies: list[bytes]) -> None:
    tree, oracle = RootAccumulator(), Frontier()
    for body in bodies:
        tree.add(leaf_of(body))
        oracle.extend([leaf_hash(body)])
        assert tree.root() == oracle.root()
    assert tree.size == len(bodies)
