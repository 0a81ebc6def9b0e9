"""`Lexicon`: words that people write, by rank. It tells which word a garbled one most likely is."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources


class Lexicon:
    """Folded words by rank, the most telling first. Built once; about 3 MB of memory."""

    __slots__ = ("_ranks",)

    def __init__(self, words: Iterable[str]) -> None:
        self._ranks: dict[str, int] = {}
        for word in words:
            self._ranks.setdefault(word, len(self._ranks))

    def __contains__(self, word: str) -> bool:
        return word in self._ranks

    def best(self, candidates: Iterable[str]) -> str | None:
        """The candidate of the lowest rank; None when none of them is a word."""
        ranks = self._ranks
        known = [(ranks[word], word) for word in candidates if word in ranks]
        return min(known)[1] if known else None


def load() -> Lexicon:
    """Load the lexicon that is shipped with the package; training/lexicon.py made it."""
    text = resources.files("gateway.text").joinpath("lexicon.txt").read_text("utf-8")
    return Lexicon(line for line in text.splitlines() if not line.startswith("#"))
