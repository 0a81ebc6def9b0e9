"""`ContextWords`: words near a value that tell what it is, as in "mon SIREN est …", "… is my
mobile"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

_WORD = re.compile(r"[^\W\d_]+")
# How far context reaches: farther before a value than after it, as people name it first.
_BEFORE_CHARS, _BEFORE_WORDS = 90, 8
_AFTER_CHARS, _AFTER_WORDS = 40, 4
_COMPOUND = 14  # characters: words that begin closer belong together; "order number" is an order
_SHORT = 4  # letters: a shorter stem must be the whole word


def fold(text: str) -> str:
    """`text` in lower case, without accents."""
    text = text.lower()
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@dataclass(frozen=True)
class ContextWords:
    """Stems of words that support a value, and of words `against` it, lower case and without
    accents.

    A word supports if it begins with a stem; a stem of fewer than 4 letters must be the whole word.
    Stems in scripts without spaces are found anywhere. Of a supporting word and one `against`, the
    nearer one counts; where they stand together ("order number"), the one `against`.
    """

    stems: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @cached_property
    def _supporting_pattern(self) -> re.Pattern[str]:
        return _stem_pattern(self.stems)

    @cached_property
    def _opposing_pattern(self) -> re.Pattern[str]:
        return _stem_pattern(self.against)

    def supports(self, text: str, start: int, end: int) -> bool:
        """Whether a context word stands within 8 words before or 4 words after `start:end`."""
        if not self.stems:
            return False
        before = fold(text[max(0, start - _BEFORE_CHARS) : start])
        after = fold(text[end : end + _AFTER_CHARS])
        return self._supports_within(before, last=True) or self._supports_within(after, last=False)

    def _supports_within(self, window: str, *, last: bool) -> bool:
        if not self._supporting_pattern.search(window):
            return False
        words = [match.span() for match in _WORD.finditer(window)]
        if last:
            window = window[words[-_BEFORE_WORDS][0] :] if len(words) > _BEFORE_WORDS else window
        elif len(words) > _AFTER_WORDS:
            window = window[: words[_AFTER_WORDS - 1][1]]
        supporting = [match.start() for match in self._supporting_pattern.finditer(window)]
        if not supporting or not self.against:
            return bool(supporting)
        contrary = [match.start() for match in self._opposing_pattern.finditer(window)]
        if not contrary:
            return True
        if last:
            return supporting[-1] > contrary[-1] + _COMPOUND
        return supporting[0] < contrary[0]


def _stem_pattern(stems: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(
        re.escape(stem)
        if not stem.isascii()
        else rf"\b{re.escape(stem)}" + (r"\b" if len(stem) < _SHORT else "")
        for stem in sorted(stems, key=len, reverse=True)
    )
    return re.compile(alternatives)


NOWHERE = ContextWords()
"""Context without stems: no word supports."""


def context(*, against: Iterable[str] = (), **by_language: Iterable[str]) -> ContextWords:
    """Context words from stems by language code. The languages are for the reader alone: all stems
    count in every message, since people mix languages and that of a short message is a guess."""
    stems = dict.fromkeys(stem for stems in by_language.values() for stem in stems)
    return ContextWords(tuple(stems), tuple(against))
