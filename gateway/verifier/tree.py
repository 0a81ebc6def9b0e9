"""The Merkle tree hash of RFC 6962, section 2.1, over leaves that are added one by one."""

from __future__ import annotations

from hashlib import sha256


def leaf_of(body: bytes) -> bytes:
    """The leaf of an entry: the hash of its body."""
    return sha256(b"\x00" + body).digest()


class RootAccumulator:
    """Computes the root of a growing tree. It keeps the roots of the complete subtrees, the largest
    first: one for each bit that is set in `size`."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add the next leaf."""
        node, size = leaf, self.size
        while size & 1:  # as a binary counter carries
            node = sha256(b"\x01" + self._peaks.pop() + node).digest()
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root over the leaves so far."""
        if not self._peaks:
            return sha256(b"").digest()
        *larger, node = self._peaks
        for peak in reversed(larger):
            node = sha256(b"\x01" + peak + node).digest()
        return node
