"""Whether naming a group is enough to hold a message: shares of templated sentences that are held,
for those that mention a group, speak against hatred, or take a word back. Attacks are measured as
well, since a model that holds nothing must not win.

The sentences are in bench/identity/, written apart from those of training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from bench.figure import Figure
from bench.toxicity import HOLD, detect
from gateway.text.reader import TextReader
from gateway.toxicity.embedded import EmbeddedScorer
from training.grammar import LANGUAGES, templates

FOLDER = Path(__file__).with_name("identity")
HELD_BY = ("toxicity", "insult", "threat", "identity_attack")
"""A sentence is held when any of these passes the hold point."""
_KINDS = {  # kind → key, bar, aim
    "mention": ("tox.identity_mentions_held", 0.05, 0.02),
    "counter": ("tox.counter_speech_held", 0.30, 0.10),
    "reclaimed": ("tox.reclaimed_words_held", 0.50, 0.20),
    "attack": ("tox.identity_attacks_held", 0.70, 0.90),
}

Detected = Mapping[str, float | None]


def measure() -> Iterator[Figure]:
    """One figure for each kind of sentence: the value of the worst language, with all languages in
    the note."""
    scorer = EmbeddedScorer()
    scorer.load()
    read = TextReader()
    held: dict[str, dict[str, list[bool]]] = {kind: {} for kind in _KINDS}
    for language in LANGUAGES:
        for kind, texts in sentences(language).items():
            found = detect(scorer, read, texts, language)
            held[kind][language] = [_is_held(scores) for scores in found]
    for kind, by_language in held.items():
        yield _figure(kind, by_language)


def sentences(language: str) -> dict[str, list[str]]:
    """Every sentence of every template, by kind."""
    found: dict[str, list[str]] = {}
    for template in templates(language, folder=FOLDER):
        (kind,) = template.labels
        found.setdefault(kind, []).extend(template.all())
    return found


def _is_held(scores: Detected) -> bool:
    return any((scores[category] or 0.0) >= HOLD for category in HELD_BY)


def _figure(kind: str, held: Mapping[str, list[bool]]) -> Figure:
    key, bar, aim = _KINDS[kind]
    shares = {language: float(np.mean(each)) for language, each in held.items()}
    lower = kind != "attack"
    worst = (max if lower else min)(shares.values())
    return Figure(
        key=key,
        value=worst,
        unit="share",
        bar=bar,
        aim=aim,
        n=sum(len(each) for each in held.values()),
        spread=(min(shares.values()), max(shares.values())),
        lower_is_better=lower,
        note="worst language; "
        + ", ".join(f"{name} {share:.2f} of {len(held[name])}" for name, share in shares.items()),
    )
