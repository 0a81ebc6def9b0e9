"""Words near a value that tell what it is: "mon SIREN est …", "… is my mobile"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

_WORD = re.compile(r"[^\W\d_]+")
_BEFORE_CHARS, _BEFORE_WORDS = 90, 8
_AFTER_CHARS, _AFTER_WORDS = 40, 4
_COMPOUND = 14  # characters: "order number" is about the order
_SHORT = 4  # a stem below this many letters must be the whole word


def fold(text: str) -> str:
    """Lower case without accents."""
    text = text.lower()
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@dataclass(frozen=True)
class ContextWords:
    """Stems, lower case and without accents: a word supports if it begins with one of them;
    stems of fewer than 4 letters must be the whole word. Scripts without spaces between words
    are searched as they are. Of a word that supports and one that is `against`, the nearer
    one counts, and the one against where they stand together ("order number")."""

    stems: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _compiled(self.stems)

    @cached_property
    def _contrary(self) -> re.Pattern[str]:
        return _compiled(self.against)

    def supports(self, text: str, start: int, end: int) -> bool:
        """Whether a context word stands within 8 words before or 4 words after `start:end`."""
        if not self.stems:
            return False
        before = fold(text[max(0, start - _BEFORE_CHARS) : start])
        after = fold(text[end : end + _AFTER_CHARS])
        return self._near(before, last=True) or self._near(after, last=False)

    def _near(self, window: str, *, last: bool) -> bool:
        if not self._pattern.search(window):
            return False
        words = [match.span() for match in _WORD.finditer(window)]
        if last:
            window = window[words[-_BEFORE_WORDS][0] :] if len(words) > _BEFORE_WORDS else window
        elif len(words) > _AFTER_WORDS:
            window = window[: words[_AFTER_WORDS - 1][1]]
        supporting = [match.start() for match in self._pattern.finditer(window)]
        if not supporting or not self.against:
            return bool(supporting)
        contrary = [match.start() for match in self._contrary.finditer(window)]
        if not contrary:
            return True
        if last:
            return supporting[-1] > contrary[-1] + _COMPOUND
        return supporting[0] < contrary[0]


def _compiled(stems: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(
        re.escape(stem)
        if not stem.isascii()
        else rf"\b{re.escape(stem)}" + (r"\b" if len(stem) < _SHORT else "")
        for stem in sorted(stems, key=len, reverse=True)
    )
    return re.compile(alternatives)


NOWHERE = ContextWords()
"""No word supports."""


def context(*, against: Iterable[str] = (), **by_language: Iterable[str]) -> ContextWords:
    """Stems by language code. All languages count for every message: people mix them, and the
    language of a short message is a guess."""
    stems = dict.fromkeys(stem for stems in by_language.values() for stem in stems)
    return ContextWords(tuple(stems), tuple(against))
