"""Fits the shifts of the description: for each form and language, the log-odds that clean text
passes at the stated rate. Only on texts that were not trained on."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import numpy as np

from training.batches import fold
from training.rewrite import REWRITINGS
from training.sources import _SWEARING, CATEGORIES, Row, held_out_social

RATES = {category: 0.005 for category in CATEGORIES} | {"toxicity": 0.015}
"""Share of clean text above 0.5, for each category."""
FEWEST = 150
"""A language with fewer clean texts than this has no shift of its own."""

Scores = Callable[[Sequence[str]], np.ndarray]
"""Texts → log-odds, one line for each, columns as CATEGORIES."""


def clean_texts(rows: Sequence[Row]) -> dict[str, list[str]]:
    """By language: held-out rows that no category marks, and the untouched half of the social
    messages without swearing. Every second text; the other half is for reporting."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if not any(row.labels) and row.source in {"ours", "dialogue", "davidson", "paradetox"}:
            found.setdefault(_code(row.language), []).append(row.text)
    found.setdefault("en", []).extend(
        text for text in held_out_social() if not _SWEARING.search(text)
    )
    return {language: sorted(set(texts)) for language, texts in sorted(found.items())}


def halves(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """(for fitting, for reporting)."""
    shuffled = list(texts)
    random.Random(7).shuffle(shuffled)
    return shuffled[::2], shuffled[1::2]


def fit(score: Scores, rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """`shifts[form][language][category]`."""
    clean = {language: halves(texts)[0] for language, texts in clean_texts(rows).items()}
    shifts: dict[str, dict[str, dict[str, float]]] = {}
    for form, read in _READINGS.items():
        forms = {language: [read(text) for text in texts] for language, texts in clean.items()}
        shifts[form] = {"*": _shift(score, _balanced(forms))}
        for language, texts in forms.items():
            if len(texts) >= FEWEST:
                shifts[form][language] = _shift(score, texts)
    return shifts


def _shift(score: Scores, texts: Sequence[str]) -> dict[str, float]:
    odds = score(texts)
    return {
        category: round(float(np.quantile(odds[:, column], 1 - RATES[category])), 4)
        for column, category in enumerate(CATEGORIES)
    }


def _balanced(texts: dict[str, list[str]]) -> list[str]:
    """At most 300 of each language."""
    return [text for each in texts.values() for text in each[:300]]


def _garbled(text: str) -> str:
    """One text in four rewritten: the raw form of garbled clean text must not score high."""
    random_ = random.Random(text)
    if random_.random() < 0.75:
        return text
    return REWRITINGS[random_.choice(sorted(REWRITINGS))](text, random_)


def _same(text: str) -> str:
    return text


_READINGS: dict[str, Callable[[str], str]] = {
    "clean": _same,
    "normalised": _same,
    "folded": fold,
}
_NAMES = {
    "english": "en", "french": "fr", "spanish": "es", "german": "de", "chinese": "zh",
    "traditionalchinese": "zh", "italian": "it", "portuguese": "pt", "dutch": "nl",
    "russian": "ru", "turkish": "tr", "swedish": "sv",
}  # fmt: skip


def _code(language: str) -> str:
    return _NAMES.get(language, language)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    inside = np.clip(probabilities, 1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside))


def rate(above: np.ndarray) -> str:
    """Share and its standard error, for the model card."""
    share = float(above.mean())
    return f"{share:.3f} ± {math.sqrt(share * (1 - share) / len(above)):.3f}"
