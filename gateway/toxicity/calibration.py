"""`Calibration`: shifts scores so that 0.5 means the same for every form and language of a text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

FORMS = ("clean", "garbled", "normalised", "folded")
"""The forms of `model.text.ReadText` that are scored. "garbled" is the clean form of a text in
which reading undid some hiding: models score such texts quite differently."""

ANY = "*"
"""The language of the shifts that apply where none are fitted for the text's own."""

_EDGE = 1e-9
"""Least distance of a score from 0 and 1, where log-odds are infinite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Shifts of the log-odds of scores, by form, language and category.

    `shifts[form][language][category]` is subtracted. It is the log-odds that a share of
    `false_positive_rate` of clean texts of this form and language exceeds, so that this share
    exceeds 0.5 once calibrated. Where there is no shift, the score stays as it is.
    """

    shifts: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    false_positive_rate: float | None = None

    def apply(
        self, scores: Mapping[str, float | None], *, form: str, language: str, windows: int = 1
    ) -> dict[str, float | None]:
        """`scores` with each covered category shifted.

        A text cut into several `windows` has as many chances to score high by accident. Where
        shifts are fitted, the odds are therefore divided by that number too: a long clean text then
        exceeds 0.5 about as seldom as a short one.
        """
        languages = self.shifts.get(form, {})
        shifts = languages.get(language) or languages.get(ANY)
        if shifts is None:
            return dict(scores)
        by_windows = math.log(windows)
        return {
            category: None
            if score is None
            else _shift_score(score, shifts.get(category, 0.0) + by_windows)
            for category, score in scores.items()
        }


def _shift_score(score: float, shift: float) -> float:
    if shift == 0.0:
        return score
    inside = min(max(score, _EDGE), 1 - _EDGE)
    return 1 / (1 + math.exp(shift - math.log(inside / (1 - inside))))
