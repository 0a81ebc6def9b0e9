"""Fits the shifts of the description: for each form and language, the log-odds that clean text
passes at the stated rate. Only on texts that were not trained on."""

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
"""The part of that rate for each form: the worst form of a garbled text counts, so its forms
share one budget. What reading made of it is the better witness and gets more."""
FEWEST = 40
"""A language with fewer clean texts than this has no shift of its own."""
PRIOR = 200
"""As many texts is the shift over all languages worth beside a language's own texts: at these
rates a quantile of a hundred texts is one or two of them."""
FARTHEST = 1.0
"""No language's shift is farther than this from the one over all: the highest of a few hundred
scores may be one line that was not clean after all."""

Scores = Callable[[Sequence[str]], np.ndarray]
"""Texts → log-odds, one line for each, columns as CATEGORIES."""


def clean_texts(rows: Sequence[Row]) -> dict[str, list[str]]:
    """By language: held-out rows that no category marks, and the untouched half of the social
    messages without swearing."""
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
    """(for fitting, for reporting)."""
    shuffled = list(texts)
    random.Random(7).shuffle(shuffled)  # noqa: S311
    return shuffled[::2], shuffled[1::2]


def fit(score: Scores, read: Read, rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """`shifts[form][language][category]`, languages with "*" for all others."""
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
    """The form of the text, garbled first for all forms but the clean one."""
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
    """The quantile of each category; none below log-odds −2: a category that clean text never
    touches must not become touchy."""
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
