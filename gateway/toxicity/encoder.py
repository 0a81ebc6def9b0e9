"""`Encoder`, the network of the embedded model in numpy.

From token embeddings through three n-gram branches, their sum and two small layers to one output
for each category. training/encoder.py is the same network with gradients.

The matrices of the branches and of the sum are products of two narrow ones (`x_in` @ `x_out`),
since most of a message's cost is reading weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from threadpoolctl import ThreadpoolController

from gateway.toxicity.grams import grams
from gateway.toxicity.projections import Projections
from gateway.toxicity.tokens import DIMENSIONS, Floats, Ids, Tokens

BRANCH = 256
"""Columns of one n-gram branch, as in the sentence encoder that the network was made from."""
_LEFT = {2: 0, 3: 1, 5: 2}  # tokens to the left of the n-gram's own token, by order
_REACH = 2  # tokens, the farthest that an n-gram's window goes to either side
_TOKENS_AT_ONCE = 512  # of a flat batch: its arrays are then about as large as the CPU's cache


class Encoder:
    """Computes the log-odds of each category for texts. `parameters` are the arrays of the weight
    file, as float32; `eps` keeps normalisation from dividing by zero."""

    def __init__(self, tokens: Tokens, parameters: Mapping[str, Floats], *, eps: float) -> None:
        self._tokens = tokens
        self._eps = eps
        self._orders = tuple(order for order in _LEFT if f"w1_{order}_in" in parameters)
        self._p = dict(parameters)
        for order in self._orders:
            for layer in (1, 2):
                name = f"w{layer}_{order}_in"
                self._p[name] = _side_by_side(parameters[name], order)
        for name in ("proj", "proj_b", "ln_g", "ln_b"):
            parts = [parameters[f"{name}{order}"] for order in self._orders]
            self._p[f"{name}_all"] = np.concatenate(parts, axis=-1)
        self._threads = ThreadpoolController()
        self._widths = [self._p[f"w1_{order}_in"].shape[1] for order in self._orders]
        with self._threads.limit(limits=1, user_api="blas"):
            self._projections = Projections(self._project_tokens, size=tokens.size)

    def log_odds(self, texts: Sequence[str]) -> Floats:
        """Log-odds of shape (len(texts), categories). Linear in the length of the texts; the answer
        for one does not depend on the others. On one thread: more threads cost CPU time and win
        nothing at this size."""
        with self._threads.limit(limits=1, user_api="blas"):
            return self._log_odds(texts)

    def _log_odds(self, texts: Sequence[str]) -> Floats:
        wide = self._p["wide"]
        odds = np.empty((len(texts), wide.shape[1]), np.float32)
        group: list[list[int]] = []
        size = first = 0
        for index, text in enumerate(texts):
            ids = self._tokens.ids(text)
            if group and size + len(ids) > _TOKENS_AT_ONCE:
                odds[first:index] = self._deep_log_odds(group)
                group, size, first = [], 0, index
            group.append(ids)
            size += len(ids)
        if group:
            odds[first:] = self._deep_log_odds(group)
        for index, text in enumerate(texts):
            buckets = grams(text)
            if len(buckets):
                odds[index] += wide[buckets].sum(axis=0) / np.sqrt(np.float32(len(buckets)))
        return odds

    def _project_tokens(self, ids: Ids) -> Floats:
        """Rows of `Projections`: for each token the normalised projections of all branches, then
        what each contributes to the n-grams of the first layer. All branches are normalised
        together, as in the encoder that the network was made from."""
        width = BRANCH * len(self._orders)
        computed = np.empty((len(ids), width + sum(self._widths)), np.float32)
        projected = computed[:, :width]
        np.matmul(self._tokens.rows(ids), self._p["proj_all"], out=projected)
        projected += self._p["proj_b_all"]
        _normalise_rows(projected, self._eps)
        projected *= self._p["ln_g_all"]
        projected += self._p["ln_b_all"]
        for branch, parts, order in self._branch_columns():
            np.matmul(computed[:, branch], self._p[f"w1_{order}_in"], out=computed[:, parts])
        return computed

    def _branch_columns(self) -> Iterator[tuple[slice, slice, int]]:
        """Yield for each branch the columns of its projection, those of its contributions to the
        first layer, and its n-gram order."""
        begin = BRANCH * len(self._orders)
        for position, (order, width) in enumerate(zip(self._orders, self._widths, strict=True)):
            yield (
                slice(position * BRANCH, (position + 1) * BRANCH),
                slice(begin, begin + width),
                order,
            )
            begin += width

    def _deep_log_odds(self, group: Sequence[Sequence[int]]) -> Floats:
        """Log-odds of the network's deep half for one flat batch: the tokens of all texts one after
        the other, with rows of zeros before, between and after the texts, so that no n-gram reaches
        from one text into another."""
        lengths = np.array([len(ids) for ids in group])
        first = np.cumsum(lengths) - lengths
        starts = np.cumsum(lengths + _REACH) - lengths
        count = int(starts[-1] + lengths[-1] + _REACH)
        flat = [piece for ids in group for piece in ids]
        token = np.repeat(starts - first, lengths) + np.arange(len(flat))
        blank = np.ones(count, bool)
        blank[token] = False
        x = np.zeros((count, self._projections.width), np.float32)
        self._projections.rows(flat, x, token)
        features = np.empty((len(flat), DIMENSIONS + BRANCH * len(self._orders)), np.float32)
        features[:, :DIMENSIONS] = self._tokens.rows(np.array(flat, dtype=np.int64))
        for branch, parts, order in self._branch_columns():
            hidden = self._convolve(x[:, branch], x[:, parts], order, 1)
            hidden[blank] = 0
            parts2 = hidden @ self._p[f"w2_{order}_in"]
            features[:, DIMENSIONS:][:, branch] = self._convolve(hidden, parts2, order, 2)[token]
        _normalise_rows(features, self._eps)
        features *= self._p["ln_g"]
        features += self._p["ln_b"]
        summed = np.add.reduceat(features, first, axis=0)
        return self._top_log_odds(summed, lengths.astype(np.float32))

    def _convolve(self, x: Floats, parts: Floats, order: int, layer: int) -> Floats:
        """One convolution over n-grams of `order` tokens, with its residual connection. `x` has the
        shape (rows, BRANCH); its first and last _REACH rows are zeros, and so are those of the
        answer. `parts` has each row multiplied for every place in an n-gram; here the places are
        summed."""
        rank, count = parts.shape[1] // order, len(x)
        inner = slice(_REACH, count - _REACH)
        shift = _REACH - _LEFT[order]
        summed = parts[shift : shift + count - 2 * _REACH, :rank].copy()
        for place in range(1, order):
            from_ = shift + place
            summed += parts[from_ : from_ + len(summed), place * rank : (place + 1) * rank]
        convolved = np.zeros((count, BRANCH), np.float32)
        within = convolved[inner]
        np.matmul(summed, self._p[f"w{layer}_{order}_out"], out=within)
        within += self._p[f"b{layer}_{order}"]
        np.maximum(within, 0, out=within)
        within += x[inner]
        return convolved

    def _top_log_odds(self, summed: Floats, counts: Floats) -> Floats:
        """The last layers: from the summed features and token counts of texts to log-odds."""
        p = self._p
        mean = summed @ p["cnn_W_in"] @ p["cnn_W_out"] + counts[:, None] * p["cnn_b"]
        mean /= np.sqrt(counts)[:, None]
        hidden = np.maximum(mean @ p["p1"] + np.maximum(mean @ p["d0"], 0) @ p["d1"], 0)
        odds: Floats = np.concatenate([mean, hidden], axis=1) @ p["head_w"] + p["head_b"]
        return odds


def _side_by_side(narrow: Floats, order: int) -> Floats:
    """The matrices of the places of an n-gram side by side: from the shape (order × BRANCH, rank)
    to (BRANCH, order × rank)."""
    apart = narrow.reshape(order, BRANCH, -1)
    return np.ascontiguousarray(apart.transpose(1, 0, 2).reshape(BRANCH, -1))


def _normalise_rows(x: Floats, eps: float) -> None:
    """Bring `x` to zero mean and unit variance over its last axis, in place."""
    x -= x.mean(axis=-1, keepdims=True)
    variance = np.einsum("...i,...i->...", x, x) / np.float32(x.shape[-1])
    x /= np.sqrt(variance + np.float32(eps))[..., None]
