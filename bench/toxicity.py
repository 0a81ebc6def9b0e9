"""Toxicity: how well the embedded model ranks, what rewriting a text costs it, and its CPU time."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.figure import Figure, cpu_interleaved, labelled_data
from gateway.text.reader import TextReader
from gateway.toxicity.detector import forms, worst
from gateway.toxicity.embedded import EmbeddedScorer
from gateway.toxicity.scorer import Scorer, Scores
from gateway.toxicity.windows import windows

LINES = Path(__file__).with_name("toxicity_lines.txt")
HOLD = 0.5  # score from which a text is held
_HATE_HARASSMENT_VIOLENCE = ("H", "H2", "HR", "V", "V2")
_ANSWERING = ("insult", "threat", "identity_attack")
_TWENTY_WORDS = (
    "thank you all for coming last night, the new song is out on Friday and we play again in {}"
    " very soon, see you"
)


def measure() -> Iterator[Figure]:
    scorer = EmbeddedScorer()
    scorer.load()
    read = TextReader()
    yield _dev_auc(scorer, read)
    yield from _evasion(scorer, read)
    yield from _languages(scorer, read)
    yield _cpu(scorer)


def detect(
    scorer: Scorer, read: TextReader, texts: Sequence[str], language: str | None = None
) -> list[dict[str, float | None]]:
    """The answers of ToxicityDetector, in one batch."""
    queries: list[tuple[int, str, str, str, int]] = []
    for index, text in enumerate(texts):
        found = read(text, language)
        for form, shown in forms(found).items():
            parts = windows(shown, size=scorer.window)
            queries += [(index, form, found.language, part, len(parts)) for part in parts]
    calibrated: list[list[Scores]] = [[] for _ in texts]
    for start in range(0, len(queries), 64):
        group = queries[start : start + 64]
        for (index, form, spoken, _, count), answer in zip(
            group, scorer.score([part for *_, part, _ in group]), strict=True
        ):
            calibrated[index].append(
                scorer.calibration.apply(answer, form=form, language=spoken, windows=count)
            )
    return [worst(scores) for scores in calibrated]


def _dev_auc(scorer: Scorer, read: TextReader) -> Figure:
    rows = [
        json.loads(line)
        for line in labelled_data("toxicity/dev.openai-moderation.jsonl")
        .read_text("utf-8")
        .splitlines()
    ]
    marked = np.array([any(row.get(k) == 1 for k in _HATE_HARASSMENT_VIOLENCE) for row in rows])
    answers = detect(scorer, read, [row["prompt"] for row in rows], "en")
    score = np.array(
        [max(answer[category] or 0.0 for category in _ANSWERING) for answer in answers]
    )
    return Figure(
        key="tox.dev_auc",
        value=roc_auc(score, marked),
        unit="ROC-AUC",
        bar=0.78,
        aim=0.90,
        n=len(rows),
        lower_is_better=False,
        note="highest of insult, threat, identity_attack; sexual and self-harm prompts among the "
        "negatives",
    )


def roc_auc(score: np.ndarray, marked: np.ndarray) -> float:
    """The probability that a marked text scores above an unmarked one; ties count half."""
    ordered, counts = np.unique(score, return_inverse=True)[1], np.bincount
    ranks = np.cumsum(counts(ordered)) - (counts(ordered) - 1) / 2
    positive = int(marked.sum())
    above = ranks[ordered][marked].sum() - positive * (positive + 1) / 2
    return float(above / (positive * (len(score) - positive)))


Rewriting = Callable[[str, random.Random], str]


def _scatter(text: str, random_: random.Random, table: dict[str, str], share: float) -> str:
    return "".join(
        table[letter] if letter in table and random_.random() < share else letter for letter in text
    )


_LOOKALIKE = dict(zip("aeiopcyxsjhABEHKMOPTX", "аеіорсухѕјһАВЕНКМОРТХ", strict=True))
_DIGITS = {"a": "@", "e": "3", "i": "1", "o": "0", "s": "$", "t": "7"}

REWRITINGS: dict[str, Rewriting] = {
    "zero_width": lambda text, r: "".join(
        letter + ("\u200b\u2060\u00ad"[r.randrange(3)] if r.random() < 0.5 else "")
        for letter in text
    ),
    "homoglyphs": lambda text, r: _scatter(text, r, _LOOKALIKE, 0.6),
    "full_width": lambda text, r: "".join(
        chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text
    ),
    "leet": lambda text, r: _scatter(text, r, _DIGITS, 0.6),
    "repeats": lambda text, r: "".join(
        letter * (3 + r.randrange(4)) if letter.isalpha() and r.random() < 0.2 else letter
        for letter in text
    ),
    "spacing": lambda text, r: "  ".join(" ".join(word) for word in text.split()),
}


def _lines() -> list[tuple[str, str, str]]:
    """Our own lines as (language, label, text)."""
    found = []
    for line in LINES.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            head, _, text = line.partition("\t")
            language, label = head.split()
            found.append((language, label, text))
    return found


def _sentences() -> tuple[list[str], list[str]]:
    """Pairs (toxic, clean): our own lines, and every ParaDetox pair of the fold that was never
    trained on."""
    toxic = [text for _, label, text in _lines() if label != "clean"]
    clean = [text for _, label, text in _lines() if label == "clean"]
    path = labelled_data("toxicity/train.paradetox.tsv")
    with path.open(encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    held_out = pairs[3::24]  # folds of eight and thirds: see training/sources.py
    toxic += [pair["toxic"] for pair in held_out]
    clean += [pair["neutral1"] for pair in held_out if pair["neutral1"]]
    return toxic, clean


def _evasion(scorer: Scorer, read: TextReader) -> Iterator[Figure]:
    toxic, clean = _sentences()

    def share(texts: Sequence[str]) -> np.ndarray:
        return np.array(
            [(answer["toxicity"] or 0) >= HOLD for answer in detect(scorer, read, texts)]
        )

    plain = share(toxic)
    kept, false = {}, {"plain": float(share(clean).mean())}
    for name, rewriting in REWRITINGS.items():
        random_ = random.Random(name)  # noqa: S311
        found = share([rewriting(text, random_) for text in toxic])
        kept[name] = float((found & plain).sum() / plain.sum())
        false[name] = float(share([rewriting(text, random_) for text in clean]).mean())
    worst_kept = min(kept, key=lambda name: kept[name])
    yield Figure(
        key="tox.evasion_kept",
        value=kept[worst_kept],
        unit="share",
        bar=0.85,
        aim=0.97,
        n=int(plain.sum()),
        spread=(min(kept.values()), max(kept.values())),
        lower_is_better=False,
        note=f"worst: {worst_kept}; false positives {max(false.values()):.3f}; "
        + ", ".join(f"{name} {value:.2f}" for name, value in kept.items()),
    )
    yield Figure(
        key="tox.evasion_false_positives",
        value=max(false.values()),
        unit="share",
        bar=0.05,
        aim=0.02,
        n=len(clean),
        note=", ".join(f"{name} {value:.3f}" for name, value in false.items()),
    )


def _languages(scorer: Scorer, read: TextReader) -> Iterator[Figure]:
    """Our own lines, by language, at the hold point of `toxicity`."""
    for language in ("en", "fr", "es", "de"):
        lines = [(label, text) for spoken, label, text in _lines() if spoken == language]
        answers = detect(scorer, read, [text for _, text in lines], language)
        held = np.array([(answer["toxicity"] or 0.0) >= HOLD for answer in answers])
        clean = np.array([label == "clean" for label, _ in lines])
        yield Figure(
            key=f"tox.lines.{language}.false_positives",
            value=float(held[clean].mean()),
            unit="share",
            bar=0.10,
            aim=0.03,
            n=int(clean.sum()),
        )
        yield Figure(
            key=f"tox.lines.{language}.recall",
            value=float(held[~clean].mean()),
            unit="share",
            bar=0.70,
            aim=0.90,
            n=int((~clean).sum()),
            lower_is_better=False,
        )


def _cpu(scorer: EmbeddedScorer) -> Figure:
    texts = [_TWENTY_WORDS.format(number) for number in range(100)]

    def one_by_one() -> None:
        for text in texts:
            scorer.score([text])

    (taken,) = cpu_interleaved([one_by_one], rounds=7)
    per_text = [seconds * 1000 / len(texts) for seconds in taken]
    return Figure(
        key="tox.cpu_ms",
        value=float(np.median(per_text)),
        unit="ms CPU",
        bar=6.0,
        aim=1.5,
        n=len(texts) * len(per_text),
        spread=(min(per_text), max(per_text)),
        note="one message of 20 words at a time",
    )
