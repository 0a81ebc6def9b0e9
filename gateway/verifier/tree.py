"""The Merkle tree hash of RFC 6962, section 2.1, over leaves that come one by one."""

from __future__ import annotations

from hashlib import sha256


def leaf_of(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


class RootAccumulator:
    """Holds one hash for each bit of `size` that is set: the roots of its complete subtrees, the
    largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        node, size = leaf, self.size
        while size & 1:  # as a binary counter carries
            node = sha256(b"\x01" + self._peaks.pop() + node).digest()
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self._peaks:
            return sha256(b"").digest()
        *larger, node = self._peaks
        for peak in reversed(larger):
            node = sha256(b"\x01" + peak + node).digest()
        return node
