"""Turns texts into tensors: augmentation, tokens, hashed n-grams, batches of texts of similar
lengths."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from gateway.toxicity.grams import grams
from gateway.toxicity.tokens import pieces_of
from training.encoder import encoder_file
from training.rewrite import REWRITINGS
from training.sources import UNKNOWN, Row

LONGEST = 160  # tokens of a text
TOKENS_A_BATCH = 2048  # at most


class Tokenizer:
    """A tokenizer that returns piece ids between the marks of beginning and end, at most LONGEST of
    them. Only for training."""

    def __init__(self) -> None:
        self._pieces = pieces_of(encoder_file("sp.model"))

    def __call__(self, text: str) -> list[int]:
        ids = self._pieces.encode(text)
        return ids if len(ids) <= LONGEST else [*ids[: LONGEST - 1], ids[-1]]


@dataclass(frozen=True, slots=True)
class Batch:
    ids: torch.Tensor
    lengths: torch.Tensor
    grams: torch.Tensor
    offsets: torch.Tensor
    norms: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor


def fold(text: str) -> str:
    """Fold a text, roughly as the text room does with ordinary text."""
    spread = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def augment(rows: Sequence[Row], random_: random.Random) -> list[Row]:
    """The texts of one epoch: some of them folded, in capitals, rewritten, or joined with
    others."""
    seen: list[Row] = []
    for row in rows:
        text, labels, dice = row.text, row.labels, random_.random()
        if dice < 0.25:
            text = fold(text)
        elif dice < 0.29:
            text = text.upper()
        elif dice < 0.41:
            name = random_.choice(sorted(REWRITINGS))
            text = REWRITINGS[name](text, random_)
        elif dice < 0.53:
            for other in random_.sample(rows, random_.randint(1, 4)):
                pair = (text, other.text) if random_.random() < 0.5 else (other.text, text)
                text = random_.choice((" ", ". ", "\n")).join(pair)
                labels = tuple(_either(a, b) for a, b in zip(labels, other.labels, strict=True))
        seen.append(Row(row.source, row.language, text, labels, row.weight, row.fold))
    return seen


def _either(a: float, b: float) -> float:
    """The label of two joined texts; UNKNOWN when an unknown label could change it."""
    highest = max(a, b)
    return UNKNOWN if UNKNOWN in (a, b) and highest < 0.5 else highest


def batches(
    rows: Sequence[Row], tokenizer: Tokenizer, random_: random.Random | None
) -> Iterator[tuple[list[int], Batch]]:
    """Yield (indices, batch), in random order, or in order of length without `random_`."""
    tokens = [tokenizer(row.text) for row in rows]
    for group in groups([len(ids) for ids in tokens], random_):
        yield group, _batch([rows[index] for index in group], [tokens[index] for index in group])


def groups(lengths: Sequence[int], random_: random.Random | None) -> list[list[int]]:
    """Groups of indices of texts of similar lengths (in tokens), with at most TOKENS_A_BATCH tokens
    each; in random order, or in order of length without `random_`."""
    jitter = random_.random if random_ else lambda: 0.0
    order = sorted(range(len(lengths)), key=lambda index: lengths[index] * (1 + 0.2 * jitter()))
    found: list[list[int]] = [[]]
    size = 0
    for index in order:
        if found[-1] and size + lengths[index] > TOKENS_A_BATCH:
            found.append([])
            size = 0
        found[-1].append(index)
        size += lengths[index]
    if random_:
        random_.shuffle(found)
    return found


def _batch(rows: Sequence[Row], tokens: Sequence[list[int]]) -> Batch:
    buckets = [grams(row.text) for row in rows]
    counts = np.array([len(bucket) for bucket in buckets])
    return Batch(
        ids=torch.tensor([id_ for ids in tokens for id_ in ids]),
        lengths=torch.tensor([len(ids) for ids in tokens]),
        grams=torch.from_numpy(np.concatenate(buckets)),
        offsets=torch.from_numpy(np.concatenate([[0], np.cumsum(counts)[:-1]])),
        norms=torch.from_numpy(1 / np.sqrt(np.maximum(counts, 1))).float(),
        labels=torch.tensor([row.labels for row in rows]).float(),
        weights=torch.tensor([row.weight for row in rows]),
    )
