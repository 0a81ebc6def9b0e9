"""Evasion: the share of what is found in plain writing that is still found after rewriting, by
family of rewriting, language and kind (bench/rewritings.py).

Needs no labelled data: the samples are our own, and each is found when it is written plainly. The
cost of the same rewritings to the toxicity model is measured in bench/toxicity.py.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bench.figure import Figure
from bench.messages import direct
from bench.rewritings import CARRIERS, FAMILIES, KINDS, LANGUAGES, SAMPLES, Family
from gateway.assembly.opening import policies_dir
from gateway.pii.detector import PiiDetector
from gateway.policy.engine.signals import PhraseMatcher
from gateway.policy.packs.phrases import read_patterns
from gateway.policy.packs.source import load_snapshot
from gateway.settings import read_settings
from gateway.text.reader import TextReader

_DRAWS = 10  # of each rewriting for each sample and carrier
_COLUMNS = [(language, kind) for language in LANGUAGES for kind in KINDS]

Found = set[tuple[str, int, int]]
"""Kind, start and end in the submitted text."""


class Detectors:
    """Reading, phrase lists and PII patterns, as the gateway runs them."""

    def __init__(self) -> None:
        snapshot = load_snapshot(policies_dir(read_settings(None, {})))
        self._read = TextReader()
        self._phrases = PhraseMatcher(
            [phrase for phrase in read_patterns(snapshot.phrases) if phrase.in_text],
            in_human_text=False,
        )
        self._pii = PiiDetector(budget_ms=5_000)  # nothing here is about time

    def __call__(self, text: str, language: str, kind: str) -> Found:
        """The hits in a text. The language is declared for PII alone, since phrases are looked for
        in all languages."""
        if kind == "pii":
            message = direct(text, language=language)
            detection = asyncio.run(self._pii.detect(message, self._read(text, language)))
            return {(finding.kind, finding.start, finding.end) for finding in detection.findings}
        folded = self._read(text, None).folded
        return {
            (finding.kind, finding.start, finding.end) for finding in self._phrases.findings(folded)
        }


def measure() -> Iterator[Figure]:
    detectors = Detectors()
    shares = {family.name: _shares(family, detectors) for family in FAMILIES}
    measured = [
        (kept, family, column)
        for family, row in shares.items()
        for column, (kept, _) in row.items()
        if kept is not None
    ]
    for family in FAMILIES:
        row = shares[family.name]
        kept = [share for share, _ in row.values() if share is not None]
        yield Figure(
            key=f"evasion.kept.{family.name}",
            value=min(kept),
            unit="share",
            bar=0.75,
            aim=1.0,
            n=sum(count for _, count in row.values()),
            spread=(min(kept), max(kept)),
            lower_is_better=False,
            note=f"{family.about}; " + "; ".join(_said(family, row)),
        )
    worst, name, (language, kind) = min(measured)
    yield Figure(
        key="evasion.kept",
        value=worst,
        unit="share",
        bar=0.75,
        aim=1.0,
        n=len(measured),
        spread=(worst, max(measured)[0]),
        lower_is_better=False,
        note=f"the worst of all families, languages and kinds: {name}, {language} {kind}",
    )


BEGIN, END = "<!-- evasion: begin -->", "<!-- evasion: end -->"


def table(report: Mapping[str, Mapping[str, Any]]) -> str:
    """A table in Markdown: the share kept by family, language and kind, from the notes of the
    figures."""
    heads = [f"{language}, {kind}" for language, kind in _COLUMNS]
    lines = [f"| family | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    excuses: dict[str, None] = {}
    for family in FAMILIES:
        said = report[f"evasion.kept.{family.name}"]["note"].split("; ")[-len(_COLUMNS) :]
        cells = []
        for told in (one.split(": ", 1)[1] for one in said):
            is_share = told.replace(".", "").isdigit()
            if not is_share:
                excuses.setdefault(told)
            cells.append(told if is_share else f"[{list(excuses).index(told) + 1}]")
        lines.append(f"| {family.name}: {family.about} | {' | '.join(cells)} |")
    lines += ["", *(f"[{number}] {why}  " for number, why in enumerate(excuses, 1))]
    return "\n".join(lines)


Row = dict[tuple[str, str], tuple[float | None, int]]


def _shares(family: Family, detectors: Callable[[str, str, str], Found]) -> Row:
    """Share and number of samples by language and kind; no share where the family does not
    apply."""
    row: Row = {}
    for language, kind in _COLUMNS:
        kept: list[bool] = []
        if family.excuse(language, kind) is None:
            for sample in SAMPLES[language, kind]:
                for carrier in CARRIERS[language]:
                    plain = detectors(carrier.format(sample), language, kind)
                    for draw in range(_DRAWS if plain else 0):
                        random_ = random.Random(f"{draw} {sample}")  # noqa: S311
                        text = carrier.format(family.rewrite(sample, random_))
                        found = detectors(text, language, kind)
                        kept.append(bool({one[0] for one in plain} & {one[0] for one in found}))
        row[language, kind] = (sum(kept) / len(kept) if kept else None, len(kept))
    return row


def _said(family: Family, row: Row) -> Iterator[str]:
    for (language, kind), (share, _) in row.items():
        result = family.excuse(language, kind) if share is None else f"{share:.3g}"
        yield f"{language} {kind}: {result}"
