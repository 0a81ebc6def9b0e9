"""A file of block roots, so that a log of any size opens without reading its leaves again.

Only a cache: what it says must lead to the root that the latest checkpoint signed, or it is
made anew. 32 bytes for each BLOCK entries, after a 32-byte mark of the log it belongs to.
Several processes may write: at the same place, all of them write the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_HASH = 32


class BlockFile:
    def __init__(self, path: Path, *, origin: str) -> None:
        self._path = path
        self._mark = sha256(b"avatar-gateway block roots v1\n" + origin.encode()).digest()

    def read(self, limit: int) -> list[bytes]:
        """Up to `limit` block roots from the start; none when there is no usable file."""
        try:
            with self._path.open("rb") as file:
                if file.read(_HASH) != self._mark:
                    return []
                data = file.read(limit * _HASH)
        except OSError:
            return []
        return [data[at : at + _HASH] for at in range(0, len(data) - _HASH + 1, _HASH)]

    def write(self, first: int, roots: Sequence[bytes]) -> None:
        """Roots of the blocks from number `first` on. A cache that cannot be written is no
        cache: it fails silently."""
        with suppress(OSError):
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(descriptor, self._mark, 0)
                os.pwrite(descriptor, b"".join(roots), (first + 1) * _HASH)
            finally:
                os.close(descriptor)

    def clear(self) -> None:
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
