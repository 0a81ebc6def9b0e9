"""Shortens repeated letters (emphasis, or a way past a list): "heeellooo", "fuuuck", "傻傻傻逼"."""

from __future__ import annotations

import re
from collections import Counter

from gateway.text.tracked import Edit, Tracked

_RUN = re.compile(r"([^\W\d_])\1\1+")
_VOWELS = frozenset("aeiouy")
_CONSONANTS = frozenset("bcdfghjklmnpqrstvwxz")
_DOUBLED_LAST = frozenset("lsfz")  # "kill", "ass", "off", "jazz"


def collapse(tracked: Tracked, changes: Counter[str]) -> Tracked:
    """Shorten runs of three or more of one letter: Latin ones to one or two, by English spelling;
    others to one. A token that is nothing but the run ("www", "xxx", "kkk") keeps three."""
    text = tracked.text
    edits: list[Edit] = []
    for match in _RUN.finditer(text):
        start, end = match.span()
        kept = _letters_to_keep(text, start, end)
        if kept < end - start:
            edits.append((start, end, match[1] * kept))
            changes["repeat"] += end - start - kept
    return tracked.rewrite(edits)


def _letters_to_keep(text: str, start: int, end: int) -> int:
    letter = text[start]
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if not before.isalnum() and not after.isalnum():
        return 3
    if letter in _CONSONANTS:
        if before not in _VOWELS:
            return 1
        return 2 if letter in _DOUBLED_LAST or after in _VOWELS or after in _CONSONANTS else 1
    if letter in "eo" and after in _CONSONANTS:
        # "coool" and "weeed" against "heeello" and "fooorgot": double before a last consonant
        last = end + 1 >= len(text) or not text[end + 1].isalnum()
        return 2 if last and before != " " else 1
    return 1
