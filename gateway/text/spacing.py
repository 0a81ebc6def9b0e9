"""Joins letters that were set apart: "k i l l", "f-u-c-k", "傻*逼"."""

from __future__ import annotations

import re
from collections import Counter

from gateway.text.lexicon import Lexicon
from gateway.text.tracked import Edit, Tracked

_LETTER = r"[^\W_]"
_ONE = r"[^\W_]|[@$]"
_SIGN = r"[.\-*~|/+\u00b7\u2022\u2027^=_\u2026'\"]"
_GAP = rf"(?:{_SIGN}{{1,3}}| {_SIGN}{{1,3}} | )"
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"

# The quantifiers are possessive, so that a run that does not fit is given up at once.
_APART = re.compile(
    rf"(?<!{_LETTER})(?:{_ONE})(?:{_GAP}(?:{_ONE})(?!{_LETTER})){{1,}}+"
    # wide gaps part letters only where no narrow ones do
    rf"|(?<!{_LETTER})(?<!(?<!{_LETTER}){_LETTER} )(?:{_ONE})(?:[ ]{{2,3}}(?:{_ONE})(?!{_LETTER})"
    rf"){{1,}}+(?! (?:{_ONE})(?!{_LETTER}))"
)
# A quick test: two neighbouring letters of such a run, after its first.
_QUICK = re.compile(
    rf"[ .\-*~|/+\u00b7\u2022\u2027^=_\u2026'\"](?:{_ONE})"
    rf"(?:[ ]{{2,3}}|{_GAP})(?:{_ONE})(?!{_LETTER})"
)
_REACH = (
    6  # characters: one letter and the longest gap, so how far before a quick match a run begins
)
_HAN_APART = re.compile(rf"(?<!\w){_HAN}[ ]{_HAN}(?!\w)")
_INSIDE = re.compile(
    r"(?<=[^\W\d_])[*~^\u00b7\u2022\u2027]{1,3}(?=[^\W\d_])"
    rf"|(?<={_HAN})[._\-/+=|](?={_HAN})"
)
_EMOJI = "[\u2600-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff\ufe0f\u200d]"
_ANY_EMOJI = re.compile(_EMOJI)
_EMOJI_APART = re.compile(
    rf"(?<!{_LETTER})(?:{_ONE})(?:{_EMOJI}{{1,4}}(?:{_ONE})(?!{_LETTER})){{1,}}+"
)
_EMOJI_IN_HAN = re.compile(rf"(?<={_HAN}){_EMOJI}{{1,4}}(?={_HAN})")
_EMOJI_IN_WORD = re.compile(rf"(?<![^\W\d_])([a-z]+)({_EMOJI}{{1,4}})([a-z]+)(?![^\W\d_])")
_WIDE = re.compile("[ ]{2,}")
_GAPS = re.compile(r"[^\w@$]+|_+")

# Words of one letter: "il y a à" and "a y o" are no evasion.
_WORDS = frozenset("aiyoàuеиво")


def join(tracked: Tracked, lexicon: Lexicon, changes: Counter[str]) -> Tracked:
    """Join letters that are set apart.

    Single letters are joined if at least three follow each other and at least two in some run are
    no words by themselves. Also joined are Chinese characters with a sign or an emoji between them,
    and a word of the lexicon with an emoji inside."""
    text = tracked.text
    edits: set[Edit] = set()
    near = _QUICK.search(text)
    runs = [] if near is None else list(_APART.finditer(text, max(near.start() - _REACH, 0)))
    decorated = not text.isascii() and _ANY_EMOJI.search(text) is not None
    if decorated:
        set_apart = list(_EMOJI_APART.finditer(text))
        # then a space beside a letter is one between words
        runs = set_apart if any(_is_word_set_apart(run[0]) for run in set_apart) else runs
    # beside one such word, "y o u" is no coincidence either
    if any(_is_word_set_apart(run[0]) for run in runs):
        for match in runs:
            at = match.start()
            edits.update((at + start, at + end, "") for start, end in _gaps_to_drop(match[0]))
        dropped = {start for start, _, _ in edits}
        edits.update(
            (match.start(), match.end(), " ")
            for match in _WIDE.finditer(text)
            if match.start() not in dropped
        )
    if not text.isascii():
        edits.update(
            (match.start() + 1, match.end() - 1, "") for match in _HAN_APART.finditer(text)
        )
    edits.update((match.start(), match.end(), "") for match in _INSIDE.finditer(text))
    if edits:
        changes["spacing"] += len(edits)
    if decorated:
        edits |= _emoji_inside(text, lexicon)
    return tracked.rewrite(sorted(edits)) if edits else tracked


def _emoji_inside(text: str, lexicon: Lexicon) -> set[Edit]:
    """Edits that drop emoji inside words. They are not counted as changes: between Chinese
    characters an emoji mostly ends a clause."""
    edits: set[Edit] = {(match.start(), match.end(), "") for match in _EMOJI_IN_HAN.finditer(text)}
    for match in _EMOJI_IN_WORD.finditer(text):
        left, right = match[1], match[3]
        if left + right in lexicon and not (left in lexicon and right in lexicon):
            edits.add((match.start(2), match.end(2), ""))
    return edits


def _gaps_to_drop(run: str) -> list[tuple[int, int]]:
    """The spans to drop from a run. Where most letters are set apart by signs, a space ends a word
    and stays."""
    gaps = [match.span() for match in _GAPS.finditer(run)]
    signs = [(start, end) for start, end in gaps if not run[start:end].isspace()]
    return signs if 2 * len(signs) > len(gaps) else gaps


def _is_word_set_apart(run: str) -> bool:
    letters = [char for char in run if char.isalnum()]
    alphabetic = [char for char in letters if char.isalpha()]
    unusual = sum(char not in _WORDS for char in alphabetic)
    return len(letters) > 2 and 2 * len(alphabetic) > len(letters) and unusual > 1
