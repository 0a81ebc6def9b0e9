"""Letters that were set apart: "k i l l", "f-u-c-k", "傻*逼"."""

from __future__ import annotations

import re
from collections import Counter

from gateway.text.tracked import Edit, Tracked

_LETTER = r"[^\W_]"
_ONE = r"[^\W_]|[@$]"
_SIGN = r"[.\-*~|/+\u00b7\u2022\u2027^=_\u2026'\"]"
_GAP = rf"(?:{_SIGN}{{1,3}}| {_SIGN}{{1,3}} | )"
_HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"

# Possessive, so that a run that does not fit is given up at once.
_APART = re.compile(
    rf"(?<!{_LETTER})(?:{_ONE})(?:{_GAP}(?:{_ONE})(?!{_LETTER})){{1,}}+"
    rf"|(?<!{_LETTER})(?:{_ONE})(?:[ ]{{2,3}}(?:{_ONE})(?!{_LETTER})){{1,}}+"
)
# Quickly: two neighbours of such a run, but for its first letter.
_QUICK = re.compile(
    rf"[ .\-*~|/+\u00b7\u2022\u2027^=_\u2026'\"](?:{_ONE})"
    rf"(?:[ ]{{2,3}}|{_GAP})(?:{_ONE})(?!{_LETTER})"
)
_REACH = 6  # of one letter and the longest gap
_HAN_APART = re.compile(rf"(?<!\w){_HAN}[ ]{_HAN}(?!\w)")
_INSIDE = re.compile(
    r"(?<=[^\W\d_])[*~^\u00b7\u2022\u2027]{1,3}(?=[^\W\d_])"
    rf"|(?<={_HAN})[._\-/+=](?={_HAN})"
)
_GAPS = re.compile(r"[^\w@$]+|_+")

# Words of one letter: "il y a à" and "a y o" are no evasion.
_WORDS = frozenset("aiyoàuеиво")


def join(tracked: Tracked, changes: Counter[str]) -> Tracked:
    """Single letters that stand apart are joined, where at least three follow each other and at
    least two of some run are no words; Chinese characters with a sign between them, too."""
    text = tracked.text
    edits: set[Edit] = set()
    near = _QUICK.search(text)
    runs = [] if near is None else list(_APART.finditer(text, max(near.start() - _REACH, 0)))
    if any(_is_word(run[0]) for run in runs):  # then "y o u" beside it is no coincidence either
        for match in runs:
            at = match.start()
            edits.update((at + start, at + end, "") for start, end in _gaps(match[0]))
    if not text.isascii():
        edits.update(
            (match.start() + 1, match.end() - 1, "") for match in _HAN_APART.finditer(text)
        )
    edits.update((match.start(), match.end(), "") for match in _INSIDE.finditer(text))
    if not edits:
        return tracked
    changes["spacing"] += len(edits)
    return tracked.rewrite(sorted(edits))


def _gaps(run: str) -> list[tuple[int, int]]:
    """What to drop from a run. Where letters are set apart by signs, a space ends a word."""
    gaps = [match.span() for match in _GAPS.finditer(run)]
    signs = [(start, end) for start, end in gaps if not run[start:end].isspace()]
    return signs if 2 * len(signs) > len(gaps) else gaps


def _is_word(run: str) -> bool:
    letters = [char for char in run if char.isalnum()]
    alphabetic = [char for char in letters if char.isalpha()]
    unusual = sum(char not in _WORDS for char in alphabetic)
    return len(letters) > 2 and 2 * len(alphabetic) > len(letters) and unusual > 1
