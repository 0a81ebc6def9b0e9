"""The interface of a store of wrapped subject keys: `key_file.py` and `key_database.py` implement
it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

WrappedKey = tuple[str, bytes]
"""The id of a key, and the key wrapped (encrypted) with the master key."""


class KeyStore(ABC):
    """Stores wrapped subject keys durably. Safe for many threads and processes. Methods raise
    DatabaseUnusable."""

    def __init__(self, *, name: str, read_only: bool) -> None:
        self.name = name  # fit for messages: no password
        self.read_only = read_only

    @abstractmethod
    def open(self, check: Callable[[], bytes]) -> bytes:
        """Open the store and return its proof of the master key.

        Makes missing tables, with `check()` as the proof: a constant encrypted with the master key.
        Also raises DatabaseUnusable when a newer version made the store.
        """

    @abstractmethod
    def insert(self, keys: Sequence[WrappedKey]) -> None:
        """Store all of `keys` durably, or none. Raises NotRecorded."""

    @abstractmethod
    def find(self, kid: str) -> bytes | None:
        """The wrapped key; None when it was destroyed or never made."""

    @abstractmethod
    def destroy(self, kids: Sequence[str]) -> int:
        """Delete keys durably; return how many of them existed. Raises NotRecorded."""

    @abstractmethod
    def all(self, *, after: str = "") -> Iterator[WrappedKey]:
        """Every key whose id is greater than `after`, in the order of ids."""

    @abstractmethod
    def close(self) -> None:
        """Close the store; it cannot be used afterwards."""


def identity_of(check: bytes) -> str:
    """The identity of a key store, from its proof of the master key. The proof is random and is
    copied along, so the identity stays the same when the store is moved."""
    return sha256(check).hexdigest()[:32]
