"""Tiles, https://c2sp.org/tlog-tiles: the tree as files, from which anyone can compute proofs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.record import Entry

WIDTH = 256
"""Hashes of a full tile, and entries of a full bundle."""
LEVELS = 64
"""Levels that a path may name; a tree of 2^64 entries has 8."""
_PATH = re.compile(r"((?:x[0-9]{3}/){0,6})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_MAX_ENTRY_BYTES = 65_535
"""Longest entry in a bundle, which writes lengths in 2 bytes."""


@dataclass(frozen=True, slots=True)
class TileAt:
    """The tile number `index` of some level; `width` is its number of hashes, 256 when full."""

    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path of the tile, `<N>[.p/<W>]`. Number 1234067 is x001/x234/067."""
        rest, last = divmod(self.index, 1000)
        parts = [f"{last:03}"]
        while rest:
            rest, part = divmod(rest, 1000)
            parts.insert(0, f"x{part:03}")
        return "/".join(parts) + (f".p/{self.width}" if self.width < WIDTH else "")

    @classmethod
    def parse(cls, path: str) -> TileAt | None:
        """Parse the path of a tile; None when it is malformed, or not the form that `path` has."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        digits = match[1].replace("x", "").replace("/", "") + match[2]
        width = int(match[3]) if match[3] else WIDTH
        tile = cls(int(digits), width)
        return tile if tile.path == path else None


def bundle(entries: Sequence[Entry]) -> bytes | None:
    """Encode an entry bundle: each body after its length in 2 bytes. None when a body is too long
    for the format."""
    if any(len(entry.body) > _MAX_ENTRY_BYTES for entry in entries):
        return None
    return b"".join(len(entry.body).to_bytes(2) + entry.body for entry in entries)
