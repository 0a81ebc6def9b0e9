"""The Merkle tree of RFC 6962, section 2: computes roots, makes proofs and verifies them.

As in the RFC, `D[start:end]` is a range of leaves and MTH the root over it. Leaves are given as
hashes: sha256(0x00 ‖ body).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
BLOCK_HEIGHT = 8
"""Height of a block above its leaves: one tile of tlog-tiles."""
BLOCK = 1 << BLOCK_HEIGHT
"""Leaves of a complete block. MerkleTree keeps the block's root, and not its leaves."""
_MAX_CACHED_EDGES = 4_096
"""Roots of incomplete ranges that a tree caches: 130 kB of hashes."""

Blocks = Mapping[int, Sequence[bytes]]
"""Block number → its leaves, up to BLOCK of them. With a HashBlock they are not hashed again."""


class HashBlock(tuple[bytes, ...]):
    """The leaves of a complete block and all hashes above them, 16 kB; `levels` has the leaves
    first and the root last."""

    levels: list[Sequence[bytes]]

    @classmethod
    def of(cls, leaves: Sequence[bytes]) -> HashBlock:
        """Hash a complete block. Raises ValueError for another number of leaves."""
        if len(leaves) != BLOCK:
            raise ValueError(f"a complete block has {BLOCK} leaves")
        block = cls(leaves)
        block.levels = [block]
        while len(block.levels[-1]) > 1:
            block.levels.append(_parents(block.levels[-1]))
        return block

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree, which is enough to add leaves and to compute the root.

    Holds the roots of the complete subtrees, at most one for each height.
    """

    def __init__(self) -> None:
        self._roots: list[bytes | None] = []  # by height
        self._size = 0

    @property
    def size(self) -> int:
        return self._size

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaves. Costs one hash for each leaf, amortised, and one Python call for each
        height."""
        self._size += len(leaves)
        nodes, height = list(leaves), 0
        while nodes:
            if height == len(self._roots):
                self._roots.append(None)
            waiting = self._roots[height]
            if waiting is not None:
                nodes.insert(0, waiting)
            self._roots[height] = nodes.pop() if len(nodes) % 2 else None
            nodes = _parents(nodes)
            height += 1

    def root(self) -> bytes:
        root = None
        for waiting in self._roots:
            if waiting is not None:
                root = waiting if root is None else node_hash(waiting, root)
        return EMPTY_ROOT if root is None else root


class MerkleTree:
    """A growing tree that makes proofs for its present size and for all earlier ones.

    Keeps the roots of complete blocks and the nodes above them: 0.25 bytes for each leaf, 250 kB
    for a million. The leaves stay in the database; the `blocks_for_…` methods say which blocks of
    them a proof needs.
    """

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]  # by height above BLOCK_HEIGHT
        self._tail: list[bytes] = []
        self._edges: dict[tuple[int, int], bytes] = {}  # roots of ranges, which never change

    @property
    def size(self) -> int:
        return len(self._levels[0]) * BLOCK + len(self._tail)

    @property
    def block_roots(self) -> Sequence[bytes]:
        """The roots of the complete blocks. The caller must not change the list."""
        return self._levels[0]

    def tile(self, level: int, start: int, stop: int) -> Sequence[bytes]:
        """The hashes with numbers from `start` to below `stop` of the tiles at `level` (1 or
        more), each the root of 256**level leaves. Fewer if the tree has fewer."""
        height = (level - 1) * BLOCK_HEIGHT
        return self._levels[height][start:stop] if height < len(self._levels) else ()

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaves."""
        tail = [*self._tail, *leaves]
        complete = len(tail) - len(tail) % BLOCK
        for start in range(0, complete, BLOCK):
            self._push(block_root(tail[start : start + BLOCK]))
        self._tail = tail[complete:]

    def extend_blocks(self, roots: Sequence[bytes]) -> None:
        """Add complete blocks by their roots. Raises ValueError when the last block of the tree
        is incomplete."""
        if self._tail:
            raise ValueError("the tree ends within a block")
        for root in roots:
            self._push(root)

    def _push(self, root: bytes) -> None:
        for level in self._levels:
            level.append(root)
            if len(level) % 2:
                return
            root = node_hash(level[-2], level[-1])
        self._levels.append([root])

    def root(self) -> bytes:
        """The root over all leaves."""
        return self._root_of(0, self.size, {}) if self.size else EMPTY_ROOT

    def blocks_for_root(self, size: int) -> set[int]:
        """The stored blocks that `root_at(size)` needs."""
        return self._stored([size - 1] if size % BLOCK else [])

    def root_at(self, size: int, blocks: Blocks) -> bytes:
        """The root over the first `size` leaves."""
        self._check(size <= self.size)
        return self._root_of(0, size, blocks) if size else EMPTY_ROOT

    def blocks_for_inclusion(self, index: int, size: int) -> set[int]:
        """The stored blocks that `inclusion(index, size)` needs."""
        return self._stored([index, size - 1])

    def inclusion(self, index: int, size: int, blocks: Blocks) -> list[bytes]:
        """The inclusion proof PATH(index, D[0:size]) of RFC 6962, section 2.1.1: the leaf's
        sibling first."""
        self._check(0 <= index < size <= self.size)
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _left_width(end - start)
            if index < middle:
                path.append(self._root_of(middle, end, blocks))
                end = middle
            else:
                path.append(self._root_of(start, middle, blocks))
                start = middle
        return path[::-1]

    def blocks_for_consistency(self, old: int, new: int) -> set[int]:
        """The stored blocks that `consistency(old, new)` needs."""
        return self._stored([old - 1, old, new - 1] if 0 < old < new else [])

    def consistency(self, old: int, new: int, blocks: Blocks) -> list[bytes]:
        """The consistency proof PROOF(old, D[0:new]) of RFC 6962, section 2.1.2; empty for
        old = 0 and old = new."""
        self._check(0 <= old <= new <= self.size)
        path: list[bytes] = []
        if old in (0, new):
            return path
        start, end, known = 0, new, True
        while end != old:
            middle = start + _left_width(end - start)
            if old <= middle:
                path.append(self._root_of(middle, end, blocks))
                end = middle
            else:
                path.append(self._root_of(start, middle, blocks))
                start, known = middle, False
        if not known:
            path.append(self._root_of(start, end, blocks))
        return path[::-1]

    def _stored(self, indices: Sequence[int]) -> set[int]:
        """The numbers of the complete blocks that these leaves are in."""
        return {index // BLOCK for index in indices if index // BLOCK < len(self._levels[0])}

    def _root_of(self, start: int, end: int, blocks: Blocks) -> bytes:
        """MTH(D[start:end]); `start` is a multiple of the smallest power of two that is at least
        the width."""
        width = end - start
        number, offset = divmod(start, BLOCK)
        if width & (width - 1) == 0 and width >= BLOCK:
            height = width.bit_length() - 1
            return self._levels[height - BLOCK_HEIGHT][start >> height]
        leaves = self._tail if number == len(self._levels[0]) else blocks.get(number, ())
        if width & (width - 1) == 0 and isinstance(leaves, HashBlock):
            height = width.bit_length() - 1
            return leaves.levels[height][offset >> height]
        if width == 1:
            return leaves[offset]
        root = self._edges.get((start, end))
        if root is None:
            middle = start + _left_width(width)
            root = node_hash(
                self._root_of(start, middle, blocks), self._root_of(middle, end, blocks)
            )
            if len(self._edges) >= _MAX_CACHED_EDGES:
                self._edges.clear()
            self._edges[start, end] = root
        return root

    @staticmethod
    def _check(possible: bool) -> None:
        if not possible:
            raise ValueError("the tree has no such leaf or size")


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Whether `path` proves that `leaf` has the number `index` in the tree with this size and root
    (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if position % 2 or position == last:
            node = node_hash(sibling, node)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether `path` proves that the tree of size `old` is the beginning of that of size `new`
    (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if not 0 < old < new:
        return False
    nodes = list(path)
    if old & (old - 1) == 0:
        nodes.insert(0, old_root)
    if not nodes:
        return False
    position, last = old - 1, new - 1
    while position % 2:
        position, last = position >> 1, last >> 1
    first = second = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if position % 2 or position == last:
            first, second = node_hash(node, first), node_hash(node, second)
            while position % 2 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            second = node_hash(second, node)
        position, last = position >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _left_width(width: int) -> int:
    """The width of the left subtree: the largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _parents(nodes: Sequence[bytes]) -> list[bytes]:
    return [sha256(b"\x01" + nodes[i] + nodes[i + 1]).digest() for i in range(0, len(nodes), 2)]


def block_root(nodes: Sequence[bytes]) -> bytes:
    """The root over the BLOCK leaves of a complete block."""
    while len(nodes) > 1:
        nodes = _parents(nodes)
    return nodes[0]
