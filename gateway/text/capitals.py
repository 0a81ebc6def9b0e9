"""Undoes a capital I that is written for a small l: "kiII", "worthIess", "Iick"."""

from __future__ import annotations

import re
from collections import Counter

from gateway.text.lexicon import Lexicon
from gateway.text.tracked import Edit, Tracked

_WORD = re.compile(r"\b(?:[A-Za-z]?[a-z]+I+[a-zI]*|II?[a-z]{2,}I*)\b")
_LONGEST = 30  # characters of a word; longer ones are left as they are


def without_posing_capitals(tracked: Tracked, lexicon: Lexicon, changes: Counter[str]) -> Tracked:
    """Replace I by l in words that only then are in the lexicon. A first I is kept if that makes
    such a word. Returns `tracked` itself when nothing changes."""
    if not _may_be_disguised(tracked.text):
        return tracked
    edits: list[Edit] = []
    for match in _WORD.finditer(tracked.text):
        word = match[0]
        if len(word) > _LONGEST or word.lower() in lexicon:
            continue
        for read in (word.replace("I", "l"), word[0] + word[1:].replace("I", "l")):
            if read.lower() in lexicon and read != word:
                edits.append((match.start(), match.end(), read))
                changes["homoglyph"] += sum(a != b for a, b in zip(word, read, strict=True))
                break
    return tracked.rewrite(edits)


def _may_be_disguised(text: str) -> bool:
    """Quick test whether an I follows a small letter, or two small letters follow it."""
    at = text.find("I")
    while at >= 0:
        after = text[at + 1 : at + 3]
        if text[at - 1 : at].islower() or (len(after) > 1 and after.isalpha() and after.islower()):
            return True
        at = text.find("I", at + 1)
    return False
