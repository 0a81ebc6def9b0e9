"""Compares the scores of two models on one sample: a quantised model with its original."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ModelInvalid
from gateway.toxicity.scorer import CATEGORIES, Scorer, Scores

BOUND = 0.02
"""Largest difference of a score, 0..1, that `models drift` accepts unless told otherwise."""
HOLD = 0.5
"""The score from which on a message is held: crossing it changes what becomes of the message."""
MOST_TEXTS = 100_000
"""Texts of a sample: both models score all of them, and the differences stay in memory."""
_LARGEST = 200_000_000  # bytes of the sample's file: MOST_TEXTS messages of 2,000 bytes
_BATCH = 64  # texts of one call of a model, as the detector's


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDrift:
    """Differences between the calibrated scores of two models, in one category, over all texts.
    Scores are in 0..1. `flips` counts texts that reach HOLD in one model alone; with labels,
    `worse` of them are right in the reference alone, `better` in the candidate alone."""

    category: str
    largest: float
    mean: float
    p99: float
    flips: int
    worse: int | None = None
    better: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSample:
    """Texts to compare two models on. `labels[i]` says whether `texts[i]` is toxic; `labels` is
    None where the file does not say."""

    texts: tuple[str, ...]
    labels: tuple[bool, ...] | None


def read_sample(path: Path) -> DriftSample:
    """Read a sample from a file: a text on each line; or, in a .jsonl file, objects with `text`
    and, on every line or on none, `label` (true: toxic). Empty lines are skipped. Raises
    ModelInvalid."""
    if not path.is_file() or path.stat().st_size > _LARGEST:
        raise _invalid_sample(path, f"is no file of at most {_LARGEST // 1_000_000} MB")
    try:
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise _invalid_sample(path, "is not UTF-8") from error
    if not 0 < len(lines) <= MOST_TEXTS:
        raise _invalid_sample(path, f"holds {len(lines)} texts, not 1 to {MOST_TEXTS}")
    if path.suffix != ".jsonl":
        return DriftSample(texts=tuple(lines), labels=None)
    try:
        rows = [json.loads(line) for line in lines]
        texts = tuple(row["text"] for row in rows)
        labels = tuple(row["label"] for row in rows if "label" in row)
    except (ValueError, KeyError, TypeError) as error:
        raise _invalid_sample(path, "has a line that is no object with a text") from error
    if not all(isinstance(text, str) for text in texts):
        raise _invalid_sample(path, "has a text that is none")
    if labels and (len(labels) < len(texts) or any(label not in (0, 1) for label in labels)):
        raise _invalid_sample(
            path, "has a line without a label, or one that is neither true nor false"
        )
    return DriftSample(texts=texts, labels=tuple(map(bool, labels)) if labels else None)


def measure(reference: Scorer, candidate: Scorer, sample: DriftSample) -> tuple[CategoryDrift, ...]:
    """The drift of each category. Both models must cover the same ones. Texts are scored unchanged,
    as the clean form. Raises ModelInvalid."""
    if reference.categories != candidate.categories:
        raise ModelInvalid(candidate.id, f"covers other categories than {reference.id}", _MEND)
    theirs = _calibrated_scores(reference, sample.texts)
    ours = _calibrated_scores(candidate, sample.texts)
    return tuple(
        _category_drift(category, theirs, ours, sample.labels)
        for category in CATEGORIES
        if category in reference.categories
    )


def _calibrated_scores(scorer: Scorer, texts: Sequence[str]) -> list[Scores]:
    apply = scorer.calibration.apply
    return [
        apply(answer, form="clean", language="*")
        for start in range(0, len(texts), _BATCH)
        for answer in scorer.score(texts[start : start + _BATCH])
    ]


def _category_drift(
    category: str, theirs: Sequence[Scores], ours: Sequence[Scores], labels: Sequence[bool] | None
) -> CategoryDrift:
    pairs = [
        (_finite_score(before[category]), _finite_score(after[category]))
        for before, after in zip(theirs, ours, strict=True)
    ]
    apart = sorted(abs(before - after) for before, after in pairs)
    flips = [at for at, (before, after) in enumerate(pairs) if (before >= HOLD) != (after >= HOLD)]
    worse = better = None
    if labels is not None and category == CATEGORIES[0]:
        worse = sum((pairs[at][0] >= HOLD) == labels[at] for at in flips)
        better = len(flips) - worse
    return CategoryDrift(
        category=category,
        largest=apart[-1],
        mean=sum(apart) / len(apart),
        p99=apart[max(0, math.ceil(0.99 * len(apart)) - 1)],
        flips=len(flips),
        worse=worse,
        better=better,
    )


def _finite_score(score: float | None) -> float:
    """`score` of a covered category. Raises ModelInvalid for one that is missing or no number."""
    if score is None or not math.isfinite(score):
        raise ModelInvalid("a model", "answered something that is not a number", _MEND)
    return score


_MEND = "Make both from one checkpoint, with `avatar-gateway models convert` and `quantise`"


def _invalid_sample(path: Path, problem: str) -> ModelInvalid:
    return ModelInvalid(str(path), problem, "Give texts, one a line, or .jsonl with text and label")
