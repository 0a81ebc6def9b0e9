"""Makes one threshold mean the same for every form and language of a text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

FORMS = ("clean", "garbled", "normalised", "folded")
"""The forms of gateway.model.text.ReadText that are scored; "garbled" is the clean text of one
where reading undid something, which models read quite differently."""

ANY = "*"
"""The language of the shifts that hold where none is fitted for the text's own."""

_EDGE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """`shifts[form][language][category]` is subtracted from the log-odds of a score: the
    log-odds that clean text of this form and language passes at the rate `false_positive_rate`.
    So a calibrated 0.5 is passed by that share of clean text. No shift: the score as it is."""

    shifts: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    false_positive_rate: float | None = None

    def apply(
        self, scores: Mapping[str, float | None], *, form: str, language: str, windows: int = 1
    ) -> dict[str, float | None]:
        """`scores` with each covered category shifted. A text cut into `windows` has as many
        chances to score high by accident, so where shifts are fitted each is divided by that
        many in odds: a long clean text then passes 0.5 about as seldom as a short one."""
        languages = self.shifts.get(form, {})
        shifts = languages.get(language) or languages.get(ANY)
        if shifts is None:
            return dict(scores)
        many = math.log(windows)
        return {
            category: None if score is None else _shifted(score, shifts.get(category, 0.0) + many)
            for category, score in scores.items()
        }


def _shifted(score: float, shift: float) -> float:
    if shift == 0.0:
        return score
    inside = min(max(score, _EDGE), 1 - _EDGE)
    return 1 / (1 + math.exp(shift - math.log(inside / (1 - inside))))
