"""How far one model's scores are from another's: eight-bit weights against full ones."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ModelInvalid
from gateway.toxicity.scorer import CATEGORIES, Scorer, Scores

BOUND = 0.02
"""Largest difference of a score that is let pass, unless another bound is given."""
HOLD = 0.5
"""Where a score changes what becomes of a message."""
MOST_TEXTS = 100_000
_LARGEST = 200_000_000  # bytes of the file
_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDrift:
    """Differences of one category's calibrated scores, 0..1, over all texts. `flips`: texts on
    one side of HOLD in one model and on the other side in the other; with labels, `worse` of them
    are right in the reference alone, `better` in the candidate alone."""

    category: str
    largest: float
    mean: float
    p99: float
    flips: int
    worse: int | None = None
    better: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSample:
    """`labels[i]`: whether `texts[i]` is toxic; none where the file does not say."""

    texts: tuple[str, ...]
    labels: tuple[bool, ...] | None


def read_sample(path: Path) -> DriftSample:
    """A text on each line; or, in a .jsonl file, objects with `text` and, on every line or on
    none, `label` (true: toxic). Empty lines are passed over. Raises ModelInvalid."""
    if not path.is_file() or path.stat().st_size > _LARGEST:
        raise _invalid(path, f"is no file of at most {_LARGEST // 1_000_000} MB")
    try:
        lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise _invalid(path, "is not UTF-8") from error
    if not 0 < len(lines) <= MOST_TEXTS:
        raise _invalid(path, f"holds {len(lines)} texts, not 1 to {MOST_TEXTS}")
    if path.suffix != ".jsonl":
        return DriftSample(texts=tuple(lines), labels=None)
    try:
        rows = [json.loads(line) for line in lines]
        texts = tuple(row["text"] for row in rows)
        labels = tuple(row["label"] for row in rows if "label" in row)
    except (ValueError, KeyError, TypeError) as error:
        raise _invalid(path, "has a line that is no object with a text") from error
    if not all(isinstance(text, str) for text in texts):
        raise _invalid(path, "has a text that is none")
    if labels and (len(labels) < len(texts) or any(one not in (0, 1) for one in labels)):
        raise _invalid(path, "has a line without a label, or one that is neither true nor false")
    return DriftSample(texts=texts, labels=tuple(map(bool, labels)) if labels else None)


def measure(reference: Scorer, candidate: Scorer, sample: DriftSample) -> tuple[CategoryDrift, ...]:
    """One for each category, which both must cover alike. Texts are scored as they are, as
    the clean form. Raises ModelInvalid."""
    if reference.categories != candidate.categories:
        raise ModelInvalid(candidate.id, f"covers other categories than {reference.id}", _MEND)
    theirs, ours = _scores(reference, sample.texts), _scores(candidate, sample.texts)
    return tuple(
        _of(category, theirs, ours, sample.labels)
        for category in CATEGORIES
        if category in reference.categories
    )


def _scores(scorer: Scorer, texts: Sequence[str]) -> list[Scores]:
    apply = scorer.calibration.apply
    return [
        apply(answer, form="clean", language="*")
        for start in range(0, len(texts), _BATCH)
        for answer in scorer.score(texts[start : start + _BATCH])
    ]


def _of(
    category: str, theirs: Sequence[Scores], ours: Sequence[Scores], labels: Sequence[bool] | None
) -> CategoryDrift:
    pairs = [
        (_number(one[category]), _number(other[category]))
        for one, other in zip(theirs, ours, strict=True)
    ]
    apart = sorted(abs(one - other) for one, other in pairs)
    flips = [at for at, (one, other) in enumerate(pairs) if (one >= HOLD) != (other >= HOLD)]
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


def _number(score: float | None) -> float:
    """Raises ModelInvalid: a covered category has a score."""
    if score is None or not math.isfinite(score):
        raise ModelInvalid("a model", "answered something that is not a number", _MEND)
    return score


_MEND = "Make both from one checkpoint, with `avatar-gateway models convert` and `quantise`"


def _invalid(path: Path, problem: str) -> ModelInvalid:
    return ModelInvalid(str(path), problem, "Give texts, one a line, or .jsonl with text and label")
