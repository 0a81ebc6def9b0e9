"""The figures of MODEL_CARD.md, on texts that were not trained on, through the whole detector:
`LABELLED_DATA=… python -m training.figures` (a few minutes). `--teacher FILE` ranks with the
teacher instead. The other figures: `make bench ONLY=toxicity,identity`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bench.figure import labelled_data
from bench.identity import sentences
from bench.toxicity import HOLD, detect, roc_auc
from gateway.text.reader import TextReader
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.scorer import CATEGORIES
from gateway.toxicity.windows import windows
from training.calibrate import clean_texts, halves
from training.grammar import LANGUAGES
from training.sources import (
    SEED,
    Row,
    davidson,
    hatemoji,
    is_validation,
    mlma,
    paradetox,
    rows,
    toxigen,
)

_ANSWERING = ("insult", "threat", "identity_attack")
_MOST = 1_500  # texts of a set that are scored


Detect = Callable[[Sequence[str]], np.ndarray]
"""Takes texts; returns scores of shape (texts, CATEGORIES)."""


class Detector:
    def __init__(self) -> None:
        self._scorer = EmbeddedScorer()
        self._scorer.load()
        self._read = TextReader()

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        found = detect(self._scorer, self._read, texts)
        return np.array([[answer[category] or 0.0 for category in CATEGORIES] for answer in found])


class Teaching:
    """The teacher as a detector: on clean text, in the same windows, not calibrated."""

    def __init__(self, path: Path) -> None:
        from training.teacher import load  # noqa: PLC0415 - needs torch

        self._teacher = load(path)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        parts = [windows(text, size=EmbeddedScorer.window) for text in texts]
        odds = self._teacher.answers([part for text_parts in parts for part in text_parts])
        counts = np.array([len(text_parts) for text_parts in parts])
        worst = np.maximum.reduceat(odds, np.cumsum(counts) - counts, axis=0)
        fewer: np.ndarray = worst - np.log(counts)[:, None]
        return fewer


def column(found: np.ndarray, *names: str) -> np.ndarray:
    """The highest score of these categories."""
    highest: np.ndarray = found[:, [CATEGORIES.index(name) for name in names]].max(axis=1)
    return highest


def moderation(detector: Detect) -> list[tuple[str, int, float]]:
    """Rows (set, number of marked texts, ROC-AUC) on openai/moderation-api-release."""
    path = labelled_data("toxicity/dev.openai-moderation.jsonl")
    prompts = [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def marked(*keys: str) -> np.ndarray:
        return np.array([any(prompt.get(key) == 1 for key in keys) for prompt in prompts])

    found = detector([prompt["prompt"] for prompt in prompts])
    attack, other = marked("H", "H2", "HR", "V", "V2"), marked("S", "S3", "SH")
    kept = attack | ~other
    asked = [
        ("hate, harassment, violence: highest of " + ", ".join(_ANSWERING), attack, _ANSWERING),
        ("… toxicity alone", attack, ("toxicity",)),
        ("identity_attack on hate", marked("H", "H2"), ("identity_attack",)),
        ("insult on harassment", marked("HR"), ("insult",)),
        ("threat on violence", marked("V", "V2"), ("threat",)),
        ("sexual_explicit on sexual", marked("S", "S3"), ("sexual_explicit",)),
        ("self_harm on self-harm", marked("SH"), ("self_harm",)),
    ]
    lines = [(what, int(m.sum()), roc_auc(column(found, *names), m)) for what, m, names in asked]
    without = roc_auc(column(found, *_ANSWERING)[kept], attack[kept])
    return [*lines, ("the first, without sexual and self-harm prompts", int(kept.sum()), without)]


def held_out(detector: Detect) -> list[tuple[str, int, float]]:
    """Rows (set and category, number of texts, ROC-AUC)."""
    sets: list[tuple[str, list[Row], tuple[str, ...]]] = [
        ("Davidson", [row for row in davidson() if is_validation(row)], CATEGORIES[:1]),
        ("Davidson", [row for row in davidson() if is_validation(row)], ("identity_attack",)),
        ("ParaDetox", [row for row in paradetox() if is_validation(row)], CATEGORIES[:1]),
        ("ToxiGen demonstrations", [r for r in toxigen() if is_validation(r)], CATEGORIES[:1]),
        ("MLMA French", [row for row in mlma() if is_validation(row)], CATEGORIES[:1]),
        ("HatemojiBuild dev", list(hatemoji("dev")), CATEGORIES[:1]),
    ]
    lines = []
    for name, texts, names in sets:
        place = CATEGORIES.index(names[0])
        known = [row for row in texts if row.labels[place] in {0, 1}][:_MOST]
        marked = np.array([row.labels[place] == 1 for row in known])
        found = column(detector([row.text for row in known]), *names)
        lines.append((f"{name}: {names[0]}", len(known), roc_auc(found, marked)))
    return lines


def identity(detector: Detect) -> list[tuple[str, int, float]]:
    """Rows (language, number of templated sentences, ROC-AUC of attacks against mentions,
    counter-speech and words taken back)."""
    lines = []
    for language in LANGUAGES:
        kinds = sentences(language)
        texts = [text for kind_texts in kinds.values() for text in kind_texts]
        marked = np.array(
            [kind == "attack" for kind, kind_texts in kinds.items() for _ in kind_texts]
        )
        found = column(detector(texts), "identity_attack")
        lines.append((f"identity sentences, {language}", len(texts), roc_auc(found, marked)))
    return lines


def clean(detector: Detect) -> list[tuple[str, int, float, float]]:
    """Rows (language, number of clean texts, share with toxicity over the hold point, share with
    any category but obscene over it)."""
    texts = clean_texts([row for row in rows(seed=SEED) if is_validation(row)])
    others = tuple(category for category in CATEGORIES if category != "obscene")
    lines = []
    for language, all_texts in texts.items():
        reported = halves(all_texts)[1][:_MOST]
        if len(reported) < 20:
            continue
        found = detector(reported)
        share = [float((column(found, *n) >= HOLD).mean()) for n in (("toxicity",), others)]
        lines.append((language, len(reported), share[0], share[1]))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", type=Path, help="a file that training.teacher made")
    arguments = parser.parse_args()
    detector = Detector() if arguments.teacher is None else Teaching(arguments.teacher)
    print("| set | n | ROC-AUC |\n|---|---|---|")
    for what, count, figure in [*moderation(detector), *held_out(detector), *identity(detector)]:
        print(f"| {what} | {count:,} | {figure:.3f} |", flush=True)
    if arguments.teacher is not None:
        return  # what is not calibrated has no hold point
    print("\n| clean text | n | toxicity | any |\n|---|---|---|---|")
    for language, count, toxic, any_ in clean(detector):
        print(f"| {language} | {count:,} | {toxic:.3f} | {any_:.3f} |")


if __name__ == "__main__":
    main()
