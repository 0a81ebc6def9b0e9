"""`Fold`: makes the folded form of a text, which word lists are matched against."""

from __future__ import annotations

import re
from collections import Counter

from gateway.text.leet import unleet
from gateway.text.lexicon import Lexicon
from gateway.text.masked import unmask
from gateway.text.repeats import collapse
from gateway.text.respell import respell
from gateway.text.spacing import join
from gateway.text.tables import Tables, spelled
from gateway.text.tracked import Tracked

# Accents of Latin, Greek and Cyrillic, points of Hebrew, vowel signs and the stretching of Arabic.
_DROPPED = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u065f\u0670"
_ROUNDS = 4  # most passes over a text: undoing one disguise may uncover another


class Fold:
    """Makes a text lower case and folds its accents; then joins letters set apart and undoes leet
    and repeats, until nothing changes any more."""

    __slots__ = ("_accents", "_lexicon", "_several", "_spelled")

    def __init__(self, tables: Tables, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._accents = dict(tables.accents)
        self._spelled = spelled()
        self._several = re.compile(f"[{''.join(self._spelled)}]|[{_DROPPED}]+")

    def __call__(self, tracked: Tracked, changes: Counter[str]) -> Tracked:
        folded = self._fold_letters(tracked)
        for _ in range(_ROUNDS):
            before = folded
            read = join(unmask(before, self._lexicon, changes), self._lexicon, changes)
            read = respell(read, self._lexicon, changes)
            folded = collapse(unleet(read, changes), changes)
            if folded is before:
                break
        return folded

    def _fold_letters(self, tracked: Tracked) -> Tracked:
        if tracked.text.isascii():
            return tracked.with_text(tracked.text.lower())
        # the dotted capital I is the one character that is longer in lower case
        lower = tracked.text.replace("\u0130", "i").lower().translate(self._accents)
        tracked = tracked.with_text(lower)
        return tracked.rewrite(
            (match.start(), match.end(), self._spelled.get(match[0], ""))
            for match in self._several.finditer(tracked.text)
        )
