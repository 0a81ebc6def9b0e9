"""`Projections`: a cache of projected token rows.

In the embedded model, what a token contributes to the first layer depends on the token alone. Rows
of frequent tokens are computed once, those of others when they occur.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gateway.toxicity.tokens import Floats, Ids

READY = 3_072
"""Tokens whose rows are computed at the start: the first ids, which are the most frequent
pieces."""
KEPT = 2_048
"""Rows of other tokens that are kept, the latest ones."""


class Projections:
    """Rows of `project` by token id, computed once where they are needed often. `project` computes
    the row of each id by itself; ids are below `size`. For use in one thread."""

    def __init__(self, project: Callable[[Ids], Floats], *, size: int) -> None:
        self._project = project
        self._first = min(READY, size)
        parts = [project(part) for part in np.array_split(np.arange(self._first), 8)]
        self._table = np.empty((self._first + KEPT, parts[0].shape[1]), np.float32)
        np.concatenate(parts, out=self._table[: self._first])
        self._slots = {token: token for token in range(self._first)}
        self._kept_tokens: list[int | None] = [None] * KEPT  # by slot behind the first ones
        self._next = 0  # the slot that is overwritten next

    @property
    def width(self) -> int:
        return int(self._table.shape[1])

    def rows(self, ids: list[int], out: Floats, where: Ids) -> None:
        """Write the row of each token of `ids` into the rows `where` of `out`."""
        try:
            out[where] = self._table[[self._slots[token] for token in ids]]
        except KeyError:
            self._compute_rows(ids, out, where)

    def _compute_rows(self, ids: list[int], out: Floats, where: Ids) -> None:
        known = [self._slots.get(token, -1) for token in ids]
        slots = np.array(known)
        out[where] = self._table[slots]  # those that are missing follow
        missing = list(dict.fromkeys(t for t, slot in zip(ids, known, strict=True) if slot < 0))
        computed = self._project(np.array(missing, dtype=np.int64))
        at = {token: row for row, token in enumerate(missing)}
        rare = np.flatnonzero(slots < 0)
        out[where[rare]] = computed[[at[ids[index]] for index in rare.tolist()]]
        for token in missing[:KEPT]:
            self._keep_row(token, computed[at[token]])

    def _keep_row(self, token: int, row: Floats) -> None:
        before = self._kept_tokens[self._next]
        if before is not None:
            del self._slots[before]
        slot = self._first + self._next
        self._kept_tokens[self._next] = token
        self._slots[token] = slot
        self._table[slot] = row
        self._next = (self._next + 1) % KEPT
