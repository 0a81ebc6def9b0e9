"""What each token comes to before it meets its neighbours: made once, for the tokens that are said
often."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gateway.toxicity.tokens import Floats, Ids

READY = 3_072  # the first and most frequent pieces: made at once
KEPT = 2_048  # of the others the last that were new


class Projections:
    """`project` gives the rows of token ids below `size`, each by itself. Belongs to one
    thread."""

    def __init__(self, project: Callable[[Ids], Floats], *, size: int) -> None:
        self._project = project
        self._first = min(READY, size)
        parts = [project(part) for part in np.array_split(np.arange(self._first), 8)]
        self._table = np.empty((self._first + KEPT, parts[0].shape[1]), np.float32)
        np.concatenate(parts, out=self._table[: self._first])
        self._slots = {token: token for token in range(self._first)}
        self._tenants: list[int | None] = [None] * KEPT
        self._next = 0

    @property
    def width(self) -> int:
        return int(self._table.shape[1])

    def rows(self, ids: list[int], out: Floats, where: Ids) -> None:
        """Write the row of each of `ids` into the rows `where` of `out`."""
        try:
            out[where] = self._table[[self._slots[token] for token in ids]]
        except KeyError:
            self._rows(ids, out, where)

    def _rows(self, ids: list[int], out: Floats, where: Ids) -> None:
        known = [self._slots.get(token, -1) for token in ids]
        slots = np.array(known)
        out[where] = self._table[slots]  # those that are missing follow
        missing = list(dict.fromkeys(t for t, slot in zip(ids, known, strict=True) if slot < 0))
        made = self._project(np.array(missing, dtype=np.int64))
        at = {token: row for row, token in enumerate(missing)}
        rare = np.flatnonzero(slots < 0)
        out[where[rare]] = made[[at[ids[index]] for index in rare.tolist()]]
        for token in missing[:KEPT]:
            self._keep(token, made[at[token]])

    def _keep(self, token: int, row: Floats) -> None:
        before = self._tenants[self._next]
        if before is not None:
            del self._slots[before]
        slot = self._first + self._next
        self._tenants[self._next] = token
        self._slots[token] = slot
        self._table[slot] = row
        self._next = (self._next + 1) % KEPT
