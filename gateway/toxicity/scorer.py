"""`Scorer`: the interface of a toxicity model. Its contract suite is
tests/contracts/test_scorer.py."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.errors import StageUndefined
from gateway.model.finding import Stage
from gateway.toxicity.calibration import Calibration

CATEGORIES = (
    "toxicity",
    "insult",
    "threat",
    "identity_attack",
    "obscene",
    "sexual_explicit",
    "self_harm",
)
"""The categories of detections. One that a model does not cover is None, never 0."""

Scores = Mapping[str, float | None]
"""Scores of one text: each of CATEGORIES → 0..1, or None where the model does not cover it."""


class Scorer(Protocol):
    """One toxicity model. Synchronous; called from one thread at a time, after `load`."""

    @property
    def id(self) -> str: ...

    @property
    def sha256(self) -> str:
        """A hash (hex) that changes when any weight or calibration changes."""
        ...

    @property
    def categories(self) -> tuple[str, ...]:
        """Those of CATEGORIES that the model covers, in that order."""
        ...

    @property
    def window(self) -> int:
        """The longest text, in code points, that `score` sees whole. The detector cuts longer
        ones into overlapping windows."""
        ...

    @property
    def calibration(self) -> Calibration:
        """Turns the answers of `score` into scores that mean the same in each form and language."""
        ...

    def load(self) -> None:
        """Read and check the weights; later calls do nothing. Raises ModelInvalid."""
        ...

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """The scores of each text, in order; `[]` for `[]`; an empty text has scores too. The
        scores of one text do not depend on the others, up to 1e-5."""
        ...

    def close(self) -> None:
        """Release files and connections. No other call follows."""
        ...


def checked(scores: Scores) -> Scores:
    """`scores` as they are. Raises StageUndefined for one that is not in 0..1."""
    for category, score in scores.items():
        if score is not None and not (math.isfinite(score) and 0.0 <= score <= 1.0):
            raise StageUndefined(Stage.TOXICITY, f"the score for {category} is not in 0..1")
    return scores
