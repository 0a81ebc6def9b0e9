"""Makes one threshold mean the same for every form and language of a text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

FORMS = ("clean", "normalised", "folded")
"""The forms of gateway.model.text.ReadText that are scored."""

ANY = "*"
"""The language of the shifts that hold where none is fitted for the text's own."""

_EDGE = 1e-9
_NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """`shifts[form][language][category]` is subtracted from the log-odds of a score: the
    log-odds that clean text of this form and language passes at the rate `false_positive_rate`.
    So a calibrated 0.5 is passed by that share of clean text. No shift: the score as it is."""

    shifts: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    false_positive_rate: float | None = None

    def apply(
        self, scores: Mapping[str, float | None], *, form: str, language: str
    ) -> dict[str, float | None]:
        """`scores` with each covered category shifted. Unknown form: the strictest known one
        is not guessed; the scores stay as they are."""
        languages = self.shifts.get(form, {})
        shifts = languages.get(language) or languages.get(ANY) or _NOTHING
        return {
            category: None if score is None else _shifted(score, shifts.get(category, 0.0))
            for category, score in scores.items()
        }


def _shifted(score: float, shift: float) -> float:
    if shift == 0.0:
        return score
    inside = min(max(score, _EDGE), 1 - _EDGE)
    return 1 / (1 + math.exp(shift - math.log(inside / (1 - inside))))
