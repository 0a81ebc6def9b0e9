"""Where wrapped subject keys are kept: key_file.py (one host) and key_database.py answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

WrappedKey = tuple[str, bytes]
"""The id of a key, and the key wrapped with the master key."""


class KeyStore(ABC):
    """Safe for many threads and processes. Methods raise DatabaseUnusable."""

    def __init__(self, *, name: str, read_only: bool) -> None:
        self.name = name  # fit for messages: no password
        self.read_only = read_only

    @abstractmethod
    def open(self, check: Callable[[], bytes]) -> bytes:
        """Make what is missing, with `check()` as the proof of the master key; the proof that is
        stored. Raises DatabaseUnusable also when a newer version made it."""

    @abstractmethod
    def insert(self, keys: Sequence[WrappedKey]) -> None:
        """Durably, all or none. Raises NotRecorded."""

    @abstractmethod
    def find(self, kid: str) -> bytes | None:
        """The wrapped key; None: destroyed, or never made."""

    @abstractmethod
    def destroy(self, kids: Sequence[str]) -> int:
        """Durably; how many there were. Raises NotRecorded."""

    @abstractmethod
    def all(self, *, after: str = "") -> Iterator[WrappedKey]:
        """Every key, by id, from behind `after` on."""

    @abstractmethod
    def close(self) -> None: ...


def identity_of(check: bytes) -> str:
    """Names a key store, wherever it is moved to: its proof of the master key is random."""
    return sha256(check).hexdigest()[:32]
