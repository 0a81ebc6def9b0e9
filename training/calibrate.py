"""Fits the shifts in the description of the weights: for each form and language, the log-odds that
clean text exceeds at the stated rate. Uses only texts that were not trained on."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from gateway.ports import Read
from gateway.toxicity.calibration import ANY
from gateway.toxicity.detector import forms
from gateway.toxicity.scorer import CATEGORIES
from training.rewrite import REWRITINGS
from training.sources import SWEARING, Row, held_out_social, ours_for_calibration

RATES = dict.fromkeys(CATEGORIES, 0.005) | {"toxicity": 0.02}
"""Share of clean text above 0.5, for each category."""
SHARES = {"clean": 1.0, "garbled": 0.38, "normalised": 0.47, "folded": 0.68}
"""The part of that rate for each form. The worst form of a garbled text counts, so the forms of a
text share one budget; the forms that reading has repaired are more reliable and get more of it."""
FEWEST = 40
"""A language with fewer clean texts than this has no shift of its own."""
PRIOR = 200
"""The weight of the shift over all languages, in texts of a language: at these rates, a quantile of
a hundred texts depends on one or two of them."""
FARTHEST = 1.0
"""Largest distance of a language's shift from the one over all languages: the highest of a few
hundred scores may come from one line that was not clean after all."""

Scores = Callable[[Sequence[str]], np.ndarray]
"""Takes texts; returns log-odds, one row for each text, columns as CATEGORIES."""


def clean_texts(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Clean texts by language: held-out rows that no category marks, and the half of the social
    messages without swearing that training does not use."""
    found: dict[str, list[str]] = {}
    ours: set[int] = set()
    for row in rows:
        if row.source == "ours":
            if row.fold in ours:
                continue  # of what one template says, one sentence counts
            ours.add(row.fold)
        if not any(row.labels) and row.source in {"ours", "dialogue", "davidson", "paradetox"}:
            found.setdefault(_NAMES.get(row.language, row.language), []).append(row.text)
    found.setdefault("en", []).extend(
        text for text in held_out_social() if not SWEARING.search(text)
    )
    for language, texts in ours_for_calibration().items():
        found.setdefault(language, []).extend(texts)
    return {language: sorted(set(texts)) for language, texts in sorted(found.items())}


def halves(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split texts into two halves: (for fitting, for reporting)."""
    shuffled = list(texts)
    random.Random(7).shuffle(shuffled)  # noqa: S311
    return shuffled[::2], shuffled[1::2]


def fit(score: Scores, read: Read, rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """Fit `shifts[form][language][category]`; the language "*" stands for all others."""
    clean = {language: halves(texts)[0] for language, texts in clean_texts(rows).items()}
    shifts: dict[str, dict[str, dict[str, float]]] = {}
    for form, share in SHARES.items():
        texts = {
            language: [text for text in (_shown(read, form, text) for text in each) if text]
            for language, each in clean.items()
        }
        balanced = [text for each in texts.values() for text in each[:300]]
        shifts[form] = {ANY: _shift(score(balanced), share)}
        for language, each in texts.items():
            if len(each) >= FEWEST and len(language) == 2:
                shifts[form][language] = _towards(
                    _shift(score(each), share), shifts[form][ANY], len(each) / (len(each) + PRIOR)
                )
    return shifts


def _shown(read: Read, form: str, text: str) -> str | None:
    """The form of the text; for all forms but the clean one, the text is garbled first."""
    return forms(read(text if form == "clean" else _garble(text), None)).get(form)


def _towards(own: dict[str, float], any_: dict[str, float], share: float) -> dict[str, float]:
    return {
        category: round(
            any_[category]
            + min(FARTHEST, max(-FARTHEST, share * (own[category] - any_[category]))),
            4,
        )
        for category in CATEGORIES
    }


def _shift(odds: np.ndarray, share: float) -> dict[str, float]:
    """The quantile of each category, at least log-odds −2: a category that clean text never
    triggers must not become oversensitive."""
    return {
        category: round(
            max(-2.0, float(np.quantile(odds[:, column], 1 - share * RATES[category]))), 4
        )
        for column, category in enumerate(CATEGORIES)
    }


def _garble(text: str) -> str:
    random_ = random.Random(text)  # noqa: S311
    return REWRITINGS[random_.choice(sorted(REWRITINGS))](text, random_)


_NAMES = {
    "english": "en", "french": "fr", "spanish": "es", "german": "de", "chinese": "zh",
    "traditionalchinese": "zh", "italian": "it", "portuguese": "pt", "dutch": "nl",
    "russian": "ru", "turkish": "tr", "swedish": "sv",
}  # fmt: skip
