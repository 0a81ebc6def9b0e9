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
    rf"(?<!{_LETTER})(?:{_ONE})(?:{_GAP}(?:{_ONE})(?!{_LETTER})){{2,}}+"
    rf"|(?<!{_LETTER})(?:{_ONE})(?:[ ]{{2,3}}(?:{_ONE})(?!{_LETTER})){{2,}}+"
)
# The middle of such a run and the letter after it.
_QUICK = re.compile(
    rf"[ .\-*~|/+\u00b7\u2022\u2027^=_\u2026'\"](?:{_ONE})"
    rf"(?:[ ]{{2,3}}|{_GAP})(?:{_ONE})(?!{_LETTER})"
)
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
    runs = list(_APART.finditer(text)) if _QUICK.search(text) is not None else []
    if any(_is_word(run[0]) for run in runs):  # then "y o u" beside it is no coincidence either
        for match in runs:
            edits.update(
                (match.start() + gap.start(), match.start() + gap.end(), "")
                for gap in _GAPS.finditer(match[0])
            )
    if not text.isascii():
        edits.update(
            (match.start() + 1, match.end() - 1, "") for match in _HAN_APART.finditer(text)
        )
    edits.update((match.start(), match.end(), "") for match in _INSIDE.finditer(text))
    if not edits:
        return tracked
    changes["spacing"] += len(edits)
    return tracked.rewrite(sorted(edits))


def _is_word(run: str) -> bool:
    letters = [char for char in run if char.isalnum()]
    alphabetic = [char for char in letters if char.isalpha()]
    return (
        2 * len(alphabetic) > len(letters) and sum(char not in _WORDS for char in alphabetic) >= 2
    )
