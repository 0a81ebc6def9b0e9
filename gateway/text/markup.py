"""Drops markup that a page does not show: tags of HTML, and marks of Markdown inside words.

The published text keeps it. Markup that contains words is not dropped: some platforms show it as it
is written, and all that people see there must be read.
"""

from __future__ import annotations

import re
from collections import Counter

from gateway.text.tracked import Edit, Tracked

_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|nobr|q|s|samp|small|span"
    "|strike|strong|sub|sup|tt|u|var|wbr"
)
_BREAKING = "br|p|div|li|ul|ol|hr|h[1-6]|blockquote|pre|center|td|th|tr"
_VALUE = r"(?:\"[^\"<>\s@/]{0,30}\"|'[^'<>\s@/]{0,30}'|[^\"'<>\s@/]{1,30})"  # of one word
_TAG = re.compile(
    rf"</?(?:(?:{_INLINE})|(?P<breaking>{_BREAKING}))"
    rf"(?P<attributes>(?:\s{{1,5}}[a-z-]{{1,20}}={_VALUE}){{0,4}})\s{{0,5}}/?>"
    r"|<!--(?:[^<>\w]{0,40}|[^\W\d]{0,12})-->",
    re.IGNORECASE,
)
_DIGITS = 5  # most digits in a tag that is dropped: more might be somebody's number
_MARKS = re.compile(r"\*\*|__|~~|\|\||`")
_SPACE = re.compile(r"\s")
_ESCAPED = re.compile(r"(?<=\w)\\(?=[@.+_-]\w)")


def without_markup(tracked: Tracked, changes: Counter[str]) -> Tracked:
    """Drop markup. What stood inside a word or value is counted in `changes`. Returns `tracked`
    itself when nothing is dropped."""
    text = tracked.text
    tags = _tag_edits(text) if "<" in text else []
    edits = [*tags, *_mark_edits(text)]
    if inside := sum(not put and _splits_word(text, start, end) for start, end, put in edits):
        changes["markup"] += inside
    if "\\" in text:
        edits += [(match.start(), match.end(), "") for match in _ESCAPED.finditer(text)]
    return tracked.rewrite(sorted(edits))


def _tag_edits(text: str) -> list[Edit]:
    return [
        (match.start(), match.end(), " " if match["breaking"] else "")
        for match in _TAG.finditer(text)
        if sum(map(str.isdigit, match["attributes"] or "")) <= _DIGITS
    ]


def _mark_edits(text: str) -> list[Edit]:
    """Edits that drop pairs of marks of Markdown: both in one piece without white space, one of
    them inside a word. Marks further apart stand for letters, as in "n**r or f**l"."""
    edits: list[Edit] = []
    opened: dict[str, tuple[int, int]] = {}
    for match in _MARKS.finditer(text):
        start, end = match.span()
        before = opened.pop(match[0], None)
        if before is None or _SPACE.search(text, before[1], start):
            opened[match[0]] = start, end
        elif _splits_word(text, *before) or _splits_word(text, start, end):
            edits += [(*before, ""), (start, end, "")]
    return edits


def _splits_word(text: str, start: int, end: int) -> bool:
    """Whether a word or a value goes on over what is dropped."""
    return (
        start > 0
        and end < len(text)
        and _is_word_character(text[start - 1])
        and _is_word_character(text[end])
    )


def _is_word_character(char: str) -> bool:
    return char.isalnum() or char in "@."
