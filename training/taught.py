"""Mixes the labels of a source with the scores of the teacher model, for training."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gateway.toxicity.scorer import CATEGORIES
from training.sources import UNKNOWN, Row

TAUGHT = {"toxicity", "insult", "threat", "identity_attack"}
"""Categories for which the teacher's scores are used. It saw too few sexual and self-harm texts to
learn from (MODEL_CARD.md), and obscenity depends on words."""
OWN = {"ours": 1.0, "quoted": 1.0, "mlma": 0.25}
"""The weight of the source's own label, one half for sources that are not listed. Our own sentences
were written for their labels; the labels of MLMA are noisy."""
ANSWERS = Path("build/toxicity/answers.npz")


def asked(rows: Sequence[Row]) -> list[Row]:
    """The rows whose labels the teacher takes part in. Our own sentences are not among them, so
    that they can change without being scored again."""
    return [row for row in rows if _own(row) < 1]


def keep(path: Path, rows: Sequence[Row], odds: np.ndarray) -> None:
    """Save the teacher's log-odds, of shape (asked(rows), categories), with a digest of the
    texts."""
    np.savez_compressed(path, odds=odds.astype(np.float32), texts=_digest(asked(rows)))


def taught(rows: Sequence[Row], path: Path) -> list[Row]:
    """`rows` with labels from 0 to 1 for the categories in TAUGHT: partly the source's own (OWN),
    partly the teacher's; the teacher's alone where the source has none."""
    with np.load(path, allow_pickle=False) as stored:
        if stored["texts"] != _digest(asked(rows)):
            raise SystemExit(f"{path} answers other texts: run training.teacher again")
        shares = 1 / (1 + np.exp(-stored["odds"].astype(np.float64)))
    lines = iter(shares.tolist())
    return [replace(row, labels=_mixed(row, next(lines))) if _own(row) < 1 else row for row in rows]


def _mixed(row: Row, shares: Sequence[float]) -> tuple[float, ...]:
    own = _own(row)
    mixed = []
    for category, label, share in zip(CATEGORIES, row.labels, shares, strict=True):
        if category not in TAUGHT:
            mixed.append(label)
        elif label == UNKNOWN:
            mixed.append(share)
        else:
            mixed.append(own * label + (1 - own) * share)
    return tuple(mixed)


def _own(row: Row) -> float:
    return OWN.get(row.source, 0.5)


def _digest(rows: Sequence[Row]) -> str:
    return hashlib.sha256("\0".join(row.text for row in rows).encode()).hexdigest()
