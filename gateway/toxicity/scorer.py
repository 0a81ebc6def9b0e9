"""What the detector needs of a model. The contract suite is tests/contracts/test_scorer.py."""

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
"""The names that detections use. A category that a model does not cover is None, never 0."""

Scores = Mapping[str, float | None]
"""Each of CATEGORIES → 0..1, or None where the model does not cover it."""


class Scorer(Protocol):
    """One model. Synchronous; called from one thread at a time, after `load`."""

    @property
    def id(self) -> str: ...

    @property
    def sha256(self) -> str:
        """Hex. Changes when any weight or calibration changes."""
        ...

    @property
    def categories(self) -> tuple[str, ...]:
        """Those of CATEGORIES that it covers, in that order."""
        ...

    @property
    def window(self) -> int:
        """The longest text, in code points, that `score` sees whole. The detector cuts longer
        ones into overlapping windows."""
        ...

    @property
    def calibration(self) -> Calibration:
        """From what `score` answers to a score that means the same in each form and language."""
        ...

    def load(self) -> None:
        """Read and check the weights; a second time is free. Raises ModelInvalid."""
        ...

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """One answer for each text, in order; `[]` for `[]`; an empty text gets an answer too.
        The answer for one text does not depend on the others, up to 1e-5."""
        ...

    def close(self) -> None:
        """Let go of what it holds open. It is not asked any more."""
        ...


def checked(scores: Scores) -> Scores:
    """`scores`. Raises StageUndefined for one that is not in 0..1."""
    for category, score in scores.items():
        if score is not None and not (math.isfinite(score) and 0.0 <= score <= 1.0):
            raise StageUndefined(Stage.TOXICITY, f"the score for {category} is not in 0..1")
    return scores
