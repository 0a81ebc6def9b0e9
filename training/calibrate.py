"""Fits the shifts of the description: for each form and language, the log-odds that clean text
passes at the stated rate. Only on texts that were not trained on."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from gateway.model.text import ReadText
from gateway.ports import Read
from training.rewrite import REWRITINGS
from training.sources import CATEGORIES, SWEARING, Row, held_out_social, ours_for_calibration

RATES = dict.fromkeys(CATEGORIES, 0.005) | {"toxicity": 0.02}
"""Share of clean text above 0.5, for each category."""
FEWEST = 60
"""A language with fewer clean texts than this has no shift of its own."""

Scores = Callable[[Sequence[str]], np.ndarray]
"""Texts → log-odds, one line for each, columns as CATEGORIES."""


def clean_texts(rows: Sequence[Row]) -> dict[str, list[str]]:
    """By language: held-out rows that no category marks, and the untouched half of the social
    messages without swearing."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if not any(row.labels) and row.source in {"ours", "dialogue", "davidson", "paradetox"}:
            found.setdefault(_NAMES.get(row.language, row.language), []).append(row.text)
    found.setdefault("en", []).extend(
        text for text in held_out_social() if not SWEARING.search(text)
    )
    for language, texts in ours_for_calibration().items():
        found.setdefault(language, []).extend(texts)
    return {language: sorted(set(texts)) for language, texts in sorted(found.items())}


def halves(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """(for fitting, for reporting)."""
    shuffled = list(texts)
    random.Random(7).shuffle(shuffled)  # noqa: S311
    return shuffled[::2], shuffled[1::2]


def fit(score: Scores, read: Read, rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """`shifts[form][language][category]`, languages with "*" for all others."""
    clean = {language: halves(texts)[0] for language, texts in clean_texts(rows).items()}
    shifts: dict[str, dict[str, dict[str, float]]] = {}
    for form, (garbled, take) in _FORMS.items():
        texts = {
            language: [take(read(_garble(text) if garbled else text, None)) for text in each]
            for language, each in clean.items()
        }
        balanced = [text for each in texts.values() for text in each[:300]]
        shifts[form] = {"*": _shift(score(balanced))}
        for language, each in texts.items():
            if len(each) >= FEWEST:
                shifts[form][language] = _shift(score(each))
    return shifts


def _shift(odds: np.ndarray) -> dict[str, float]:
    """The quantile of each category; none below log-odds −2: a category that clean text never
    touches must not become touchy."""
    return {
        category: round(max(-2.0, float(np.quantile(odds[:, column], 1 - RATES[category]))), 4)
        for column, category in enumerate(CATEGORIES)
    }


def _garble(text: str) -> str:
    random_ = random.Random(text)  # noqa: S311
    return REWRITINGS[random_.choice(sorted(REWRITINGS))](text, random_)


_FORMS: dict[str, tuple[bool, Callable[[ReadText], str]]] = {
    "clean": (False, lambda read: read.clean.text),
    "garbled": (True, lambda read: read.clean.text),
    "normalised": (True, lambda read: read.normalised.text),
    "folded": (True, lambda read: read.folded.text),
}
_NAMES = {
    "english": "en", "french": "fr", "spanish": "es", "german": "de", "chinese": "zh",
    "traditionalchinese": "zh", "italian": "it", "portuguese": "pt", "dutch": "nl",
    "russian": "ru", "turkish": "tr", "swedish": "sv",
}  # fmt: skip
