"""Puts back letters that are masked by a sign: "sh*t", "b#tch", "k**l". The lexicon tells the
word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice, product
from string import ascii_lowercase

from gateway.text.lexicon import Lexicon
from gateway.text.tracked import Edit, Tracked

_WORD = re.compile(r"(?<![\w*#%•·])[a-z]+(?:[*#%_•·]{1,2}[a-z]+)+(?![\w*#%•·])")
_ANY = re.compile("[*#%_•·]")
_SHORTEST, _LONGEST = 4, 20  # characters of a masked word
_MOST_SIGNS = 2  # in one word: 676 readings to look up
_MOST_WORDS = 50  # in one text; later ones are read without their signs, as letters set apart


def unmask(tracked: Tracked, lexicon: Lexicon, changes: Counter[str]) -> Tracked:
    """Put a letter for each sign inside a word, if that makes a word of the lexicon; or drop the
    signs, if that makes a likelier one. `tracked` is lower case."""
    text = tracked.text
    if _ANY.search(text) is None:
        return tracked
    edits: list[Edit] = []
    words = (match for match in _WORD.finditer(text) if _is_masked(match[0], lexicon))
    for match in islice(words, _MOST_WORDS):
        word = match[0]
        signs = [sign.start() for sign in _ANY.finditer(word)]
        bare = _ANY.sub("", word)
        best = lexicon.best([bare, *_possible_words(word, signs)])
        if best is not None:
            letters = [best[at] if len(best) > len(bare) else "" for at in signs]
            edits += [
                (match.start() + at, match.start() + at + 1, letter)
                for at, letter in zip(signs, letters, strict=True)
            ]
    if edits:
        changes["leet"] += len(edits)
    return tracked.rewrite(edits)


def _is_masked(word: str, lexicon: Lexicon) -> bool:
    """Whether signs may stand for letters of `word`: not if they join two words ("well_known"), nor
    if they set all letters apart."""
    parts = _ANY.split(word)
    if all(len(part) == 1 for part in parts):
        return False
    joined = "_" in word and all(part in lexicon for part in parts)
    few = _SHORTEST <= len(word) <= _LONGEST and len(word) - len("".join(parts)) <= _MOST_SIGNS
    return few and not joined


def _possible_words(word: str, signs: list[int]) -> Iterator[str]:
    letters = list(word)
    for read in product(ascii_lowercase, repeat=len(signs)):
        for at, letter in zip(signs, read, strict=True):
            letters[at] = letter
        yield "".join(letters)
