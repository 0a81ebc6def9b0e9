"""The block file: a cache of block roots, with which a log of any size opens quickly.

Without it, all leaves would be read again at each start. It is not trusted: its roots must lead to
the root that the latest checkpoint signed, else it is written anew. The file has a 32-byte mark of
the log that it belongs to, then 32 bytes for each BLOCK entries. Several processes may write to
it, since all of them write the same bytes at the same place.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_HASH_BYTES = 32  # SHA-256


class BlockFile:
    """The block file of the log `origin` at `path`."""

    def __init__(self, path: Path, *, origin: str) -> None:
        self._path = path
        self._mark = sha256(b"avatar-gateway block roots v1\n" + origin.encode()).digest()

    def read(self, limit: int) -> list[bytes]:
        """Read up to `limit` block roots from the start; none when there is no usable file."""
        try:
            with self._path.open("rb") as file:
                if file.read(_HASH_BYTES) != self._mark:
                    return []
                data = file.read(limit * _HASH_BYTES)
        except OSError:
            return []
        return [
            data[at : at + _HASH_BYTES] for at in range(0, len(data) - _HASH_BYTES + 1, _HASH_BYTES)
        ]

    def write(self, first: int, roots: Sequence[bytes]) -> None:
        """Store the roots of the blocks from number `first` on. Does nothing when the file cannot
        be written: the log works without it."""
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(descriptor, self._mark, 0)
                os.pwrite(descriptor, b"".join(roots), (first + 1) * _HASH_BYTES)
            finally:
                os.close(descriptor)

    def clear(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
