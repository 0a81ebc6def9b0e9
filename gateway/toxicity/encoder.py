"""The embedded network in numpy: token embeddings, three n-gram branches, their sum, two small
layers, one output for each category. training/encoder.py is the same network with gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from gateway.toxicity.grams import grams
from gateway.toxicity.tokens import DIMENSIONS, Floats, Ids, Tokens

BRANCH = 256
_LEFT = {2: 0, 3: 1, 5: 2}  # tokens to the left of the n-gram's own token, by order
_READY = 4096  # the first and most frequent pieces: their projections are made at load
_TOKENS_AT_ONCE = 512  # keeps what is computed at once near the size of the cache


class Encoder:
    """Texts to log-odds. `parameters` are the arrays of the weight file, as float32."""

    def __init__(self, tokens: Tokens, parameters: Mapping[str, Floats], *, eps: float) -> None:
        self._tokens = tokens
        self._eps = eps
        self._orders = tuple(order for order in _LEFT if f"w1_{order}" in parameters)
        self._p = parameters
        self._projection = np.concatenate([parameters[f"proj{n}"] for n in self._orders], axis=1)
        self._offset = np.concatenate([parameters[f"proj_b{n}"] for n in self._orders])
        self._gain = np.concatenate([parameters[f"ln_g{n}"] for n in self._orders])
        self._bias = np.concatenate([parameters[f"ln_b{n}"] for n in self._orders])
        self._wide = parameters["wide"]
        self._threads = ThreadpoolController()
        ready = np.arange(min(_READY, tokens.size), dtype=np.int64)
        self._ready = np.concatenate(
            [self._project(tokens.rows(part)) for part in np.array_split(ready, 8)]
        )

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """(len(texts), categories). Linear in the texts' length; one text's answer does not
        depend on the others. On one thread: more cost CPU time and win nothing at this size."""
        with self._threads.limit(limits=1, user_api="blas"):
            return self._log_odds(texts)

    def _log_odds(self, texts: Sequence[str]) -> Floats:
        found = np.empty((len(texts), self._wide.shape[1]), np.float32)
        group: list[list[int]] = []
        size = first = 0
        for index, text in enumerate(texts):
            ids = self._tokens.ids(text)
            if group and size + len(ids) > _TOKENS_AT_ONCE:
                found[first:index] = self._deep(group)
                group, size, first = [], 0, index
            group.append(ids)
            size += len(ids)
        if group:
            found[first:] = self._deep(group)
        for index, text in enumerate(texts):
            buckets = grams(text)
            if len(buckets):
                found[index] += self._wide[buckets].sum(axis=0) / np.sqrt(np.float32(len(buckets)))
        return found

    def _project(self, rows: Floats) -> Floats:
        """(tokens, branches × BRANCH): each branch's projection, normalised over all of them
        together, as the encoder was made."""
        projected: Floats = rows @ self._projection
        projected += self._offset
        _normalise(projected, self._eps)
        projected *= self._gain
        projected += self._bias
        return projected

    def _projected(self, ids: Ids, rows: Floats) -> Floats:
        found = self._ready[np.minimum(ids, len(self._ready) - 1)]
        rare = np.flatnonzero(ids >= len(self._ready))
        if len(rare):
            found[rare] = self._project(rows[rare])
        return found

    def _deep(self, group: Sequence[Sequence[int]]) -> Floats:
        """One flat batch: all tokens one after the other. A window that reaches past its own
        text reads zeros."""
        lengths = np.array([len(ids) for ids in group])
        starts = np.cumsum(lengths) - lengths
        flat = np.array([piece for ids in group for piece in ids], dtype=np.int64)
        count = len(flat)
        rows = self._tokens.rows(flat)
        projected = self._projected(flat, rows)
        features = np.empty((count, DIMENSIONS + BRANCH * len(self._orders)), np.float32)
        features[:, :DIMENSIONS] = rows
        window = _windows(starts, lengths, count)
        for position, order in enumerate(self._orders):
            branch = slice(position * BRANCH, (position + 1) * BRANCH)
            start = max(_LEFT.values()) - _LEFT[order]
            columns = window[:, start : start + order]
            hidden = self._convolve(projected[:, branch], columns, order, 1)
            features[:, DIMENSIONS:][:, branch] = self._convolve(hidden, columns, order, 2)
        _normalise(features, self._eps)
        features *= self._p["ln_g"]
        features += self._p["ln_b"]
        return self._top(np.add.reduceat(features, starts, axis=0), lengths.astype(np.float32))

    def _convolve(
        self, x: Floats, columns: npt.NDArray[np.int64], order: int, layer: int
    ) -> Floats:
        padded = np.concatenate([x, np.zeros((1, BRANCH), np.float32)])
        found: Floats = padded[columns].reshape(len(x), -1) @ self._p[f"w{layer}_{order}"]
        found += self._p[f"b{layer}_{order}"]
        np.maximum(found, 0, out=found)
        found += x
        return found

    def _top(self, summed: Floats, counts: Floats) -> Floats:
        p = self._p
        mean = summed @ p["cnn_W"] + counts[:, None] * p["cnn_b"]
        mean /= np.sqrt(counts)[:, None]
        hidden = np.maximum(mean @ p["p1"] + np.maximum(mean @ p["d0"], 0) @ p["d1"], 0)
        found: Floats = np.concatenate([mean, hidden], axis=1) @ p["head_w"] + p["head_b"]
        return found


def _normalise(x: Floats, eps: float) -> None:
    """Zero mean and unit variance over the last axis, in place."""
    x -= x.mean(axis=-1, keepdims=True)
    variance = np.einsum("...i,...i->...", x, x) / np.float32(x.shape[-1])
    x /= np.sqrt(variance + np.float32(eps))[..., None]


def _windows(
    starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], count: int
) -> npt.NDArray[np.int64]:
    """(tokens, widest window): positions from two to the left to two to the right; a position
    in another text becomes `count`, the row of zeros."""
    left, right = max(_LEFT.values()), max(order - 1 - left for order, left in _LEFT.items())
    position = np.arange(count)[:, None] + np.arange(-left, right + 1)
    inside = (position >= np.repeat(starts, lengths)[:, None]) & (
        position < np.repeat(starts + lengths, lengths)[:, None]
    )
    return np.where(inside, position, count)
