"""`Ngrams`: tells seven languages apart by their letter sequences, where the words say too
little."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from importlib import resources

_LANGUAGES = ("en", "fr", "es", "de", "it", "pt", "nl")
_LENGTHS = (2, 3, 4, 5)  # letters of a sequence of the table
_READ = 400  # characters of a text that are looked at
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_SCALE = 1.5  # of the table's digits; see its header


class Ngrams:
    """A naive Bayes model of letter sequences, reduced to those that tell most (ngrams.txt)."""

    __slots__ = ("_table",)

    def __init__(self) -> None:
        file = resources.files("gateway.text").joinpath("ngrams.txt")
        self._table = _parse_table(file.read_text("utf-8"))

    def __call__(self, text: str) -> Mapping[str, float]:
        """Language → log-odds against the mean of all languages. `text` is lower case; the answer
        is empty when it has no known sequence."""
        words = " " + " ".join(_WORD.findall(text[:_READ])) + " "
        seen: Counter[str] = Counter()
        for length in _LENGTHS:
            seen.update(words[at : at + length] for at in range(len(words) - length + 1))
        odds = [0.0] * len(_LANGUAGES)
        known = self._table.keys() & seen.keys()
        for sequence in known:
            weight = math.log1p(seen[sequence]) / _SCALE
            for at, value in enumerate(self._table[sequence]):
                odds[at] += weight * value
        return dict(zip(_LANGUAGES, odds, strict=True)) if known else {}


def _parse_table(lines: str) -> Mapping[str, tuple[float, ...]]:
    table: dict[str, tuple[float, ...]] = {}
    for line in lines.splitlines():
        if line.startswith("#"):
            continue
        sequence, digits = line.split(" ")
        values = [int(digit, 16) for digit in digits]
        mean = sum(values) / len(values)
        table[sequence.replace("_", " ")] = tuple(value - mean for value in values)
    return table
