"""Tiles, https://c2sp.org/tlog-tiles: the tree as files, from which anyone computes any proof."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.record import Entry

WIDTH = 256
LEVELS = 64
_PATH = re.compile(r"((?:x[0-9]{3}/){0,6})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_LONGEST_ENTRY = 65_535


@dataclass(frozen=True, slots=True)
class TileAt:
    """Number `index` of its level; `width` hashes of it, 256 for a full one."""

    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """`<N>[.p/<W>]`: 1234067 is x001/x234/067."""
        rest, last = divmod(self.index, 1000)
        parts = [f"{last:03}"]
        while rest:
            rest, part = divmod(rest, 1000)
            parts.insert(0, f"x{part:03}")
        return "/".join(parts) + (f".p/{self.width}" if self.width < WIDTH else "")

    @classmethod
    def parse(cls, path: str) -> TileAt | None:
        """None for what is no path of a tile, or not in its one form."""
        found = _PATH.fullmatch(path)
        if found is None:
            return None
        digits = found[1].replace("x", "").replace("/", "") + found[2]
        width = int(found[3]) if found[3] else WIDTH
        tile = cls(int(digits), width)
        return tile if tile.path == path else None


def bundle(entries: Sequence[Entry]) -> bytes | None:
    """An entry bundle: each body after its length in 2 bytes. None when one is too long for the
    format."""
    if any(len(entry.body) > _LONGEST_ENTRY for entry in entries):
        return None
    return b"".join(len(entry.body).to_bytes(2) + entry.body for entry in entries)
