"""Respells words that have signs for letters, or repeated letters, by the lexicon.

"su1s" is suis and "k1ll" is kill; "nottt" is not and "asss" is ass. Rules of spelling
(gateway/text/leet.py and repeats.py) cannot tell these; a list of words can. Words that it does not
know are left to the rules.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import product
from math import prod

from gateway.text.lexicon import Lexicon
from gateway.text.tracked import Edit, Tracked

_READINGS = {
    **{"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "9": "g"},
    **{"@": "a", "$": "s", "€": "e", "£": "l", "¢": "c", "!": "il", "¡": "i", "|": "il"},
}
_SIGNS = "".join(re.escape(sign) for sign in _READINGS)
_ANY_SIGN = frozenset(_READINGS)
_SIGN = re.compile(rf"[a-z][{_SIGNS}]{{1,4}}[a-z]")
_CHUNK = re.compile(r"\S+")
_ADDRESS = re.compile(r"://|^www\.|@[\w.-]*\.\w|\w\.\w{2,}/|[268]|\d\d\d")
_TOKEN = re.compile(rf"(?<!\w)[a-z](?:[a-z]|[{_SIGNS}]+(?=[a-z]))*(?!\w)")
_RUN = re.compile(r"([a-z])\1\1+")
_LONGEST = 40  # characters of a token; longer ones are left as they are
_MOST_READINGS = 128  # of one token, which is left as it is beyond: bounds the look-ups
_SHORTEST = 3  # letters of a word with signs in it
_HELD_ALONE = frozenset("ai")  # words of one letter; "xxx" and "www" are none
_LONGEST_RATING = 3  # letters: up to it a run of one letter, such as "aaa" or "iii", means itself


def respell(tracked: Tracked, lexicon: Lexicon, changes: Counter[str]) -> Tracked:
    """Replace garbled words by the likeliest word of the lexicon that they can be read as.
    `tracked` is lower case without accents."""
    text = tracked.text
    if not _is_garbled(text):
        return tracked
    edits: list[Edit] = []
    for chunk in _CHUNK.finditer(text):
        if not _is_garbled(chunk[0]) or _ADDRESS.search(chunk[0]) is not None:
            continue
        for match in _TOKEN.finditer(chunk[0]):
            offset = chunk.start() + match.start()
            for start, end, says in _respelled_stretches(match[0], lexicon):
                edits.append((offset + start, offset + end, says))
                garbled = end - start - len(says)
                changes["repeat" if garbled else "leet"] += garbled or 1
    return tracked.rewrite(edits)


def _is_garbled(text: str) -> bool:
    signed = not _ANY_SIGN.isdisjoint(text) and _SIGN.search(text) is not None
    return signed or _RUN.search(text) is not None


def _respelled_stretches(token: str, lexicon: Lexicon) -> list[tuple[int, int, str]]:
    """The stretches of `token` that change, each as start, end and letters; empty when the token is
    not garbled or the lexicon knows no reading of it."""
    if len(token) > _LONGEST or not _is_garbled(token):
        return []
    if len(set(token)) == 1:
        held = token[0] in _HELD_ALONE and len(token) > _LONGEST_RATING
        return [(0, len(token), token[0])] if held else []
    letters = sum(map(str.isalpha, token))
    if letters < len(token) and (2 * letters < len(token) or len(token) < _SHORTEST):
        return []
    stretches = list(_split_stretches(token))
    if prod(len(says) for _, _, says in stretches) > _MOST_READINGS:
        return []
    readings = {
        "".join(reading): reading for reading in product(*(says for _, _, says in stretches))
    }
    word = lexicon.best(readings)
    if word is None:
        return []
    return [
        (start, end, says)
        for (start, end, _), says in zip(stretches, readings[word], strict=True)
        if token[start:end] != says
    ]


def _split_stretches(token: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield start, end and possible letters of each stretch of `token`: a repeated letter counts
    once or twice, a sign is any of its letters."""
    at = 0
    while at < len(token):
        run = _RUN.match(token, at)
        end = at + 1 if run is None else run.end()
        letter = token[at]
        says = tuple(_READINGS.get(letter, letter)) if run is None else (letter, letter * 2)
        yield at, end, says
        at = end
