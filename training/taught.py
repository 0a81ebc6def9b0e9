"""What the teacher says of the training texts, and how it is mixed with their labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from training.sources import CATEGORIES, UNKNOWN, Row

TAUGHT = {"toxicity", "insult", "threat", "identity_attack"}
"""What the teacher knows. It had too few sexual and self-harm texts to learn from (MODEL_CARD.md),
and obscenity is a matter of words."""
OWN = {"ours": 1.0, "mlma": 0.25}
"""How much of a label is the source's own; where it is not said, half. Ours were written to be what
they say, those of MLMA are noisy."""
ANSWERS = Path("build/toxicity/answers.npz")


def keep(path: Path, rows: Sequence[Row], odds: np.ndarray) -> None:
    """`odds`: (rows, categories), log-odds."""
    np.savez_compressed(path, odds=odds.astype(np.float32), texts=_digest(rows))


def taught(rows: Sequence[Row], path: Path) -> list[Row]:
    """`rows` with labels in 0..1 for the categories in TAUGHT: partly the source's own (OWN),
    partly the teacher's; where the source says nothing, the teacher's alone."""
    with np.load(path, allow_pickle=False) as stored:
        if stored["texts"] != _digest(rows):
            raise SystemExit(f"{path} answers other texts: run training.teacher again")
        shares = 1 / (1 + np.exp(-stored["odds"].astype(np.float64)))
    return [
        replace(row, labels=_mixed(row, line))
        for row, line in zip(rows, shares.tolist(), strict=True)
    ]


def _mixed(row: Row, shares: Sequence[float]) -> tuple[float, ...]:
    own = OWN.get(row.source, 0.5)
    mixed = []
    for category, label, share in zip(CATEGORIES, row.labels, shares, strict=True):
        if category not in TAUGHT:
            mixed.append(label)
        elif label == UNKNOWN:
            mixed.append(share)
        else:
            mixed.append(own * label + (1 - own) * share)
    return tuple(mixed)


def _digest(rows: Sequence[Row]) -> str:
    return hashlib.sha256("\0".join(row.text for row in rows).encode()).hexdigest()
