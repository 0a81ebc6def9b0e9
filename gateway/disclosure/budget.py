"""Measures texts in the unit of a route, and shortens them to its limit."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import islice

import regex

from gateway.model.route import LengthUnit

ELLIPSIS = "…"

_WORD_SEARCH = 100
"""Code points before a cut that are searched for the end of a word."""

_GRAPHEME = regex.compile(r"\X")
_WORD_END = regex.compile(r"(?w)\b")  # Unicode default word boundaries (UAX #29)
_VISIBLE_RUN = regex.compile(r"\S+")
# A link or an address that is cut would lead somewhere else.
_ADDRESS_SIGNS = ("://", "www.", "@")

Span = tuple[int, int]
"""Start and end in code points; the end is excluded."""


def length(text: str, unit: LengthUnit) -> int:
    """How long `text` is on a route that counts in `unit`."""
    match unit:
        case LengthUnit.CHARACTERS:
            return len(text)
        case LengthUnit.UTF16:
            return len(text) + sum(character > "\uffff" for character in text)
        case LengthUnit.BYTES:
            return len(text.encode())
        case LengthUnit.GRAPHEMES:
            return sum(1 for _ in _GRAPHEME.finditer(text))


def shorten(
    text: str, whole: Sequence[Span], fits: Callable[[str], bool], *, limit: int
) -> str | None:
    """Cut `text` at its end and mark the cut with "…"; None when nothing of it would be left.

    `fits` says whether a candidate, "…" included, fits; when one does not, no longer one may. The
    cut lies between words where that costs at most half of the room, else between graphemes; never
    inside a span of `whole` (placeholders), a link or an address. At most `limit` graphemes fit.
    """
    cuts = [0, *(match.end() for match in islice(_GRAPHEME.finditer(text), limit))]
    most = bisect_right(cuts, 0, key=lambda cut: 0 if fits(_with_ellipsis(text, cut)) else 1) - 1
    if most <= 0:
        return None
    cut = _before_spans(cuts[most], (*whole, *_addresses(text, cuts[most])))
    between = _between_words(text, cut)
    if between * 2 >= cut:
        cut = _before_spans(between, whole)
    return _with_ellipsis(text, cut) if text[:cut].strip() else None


def _with_ellipsis(text: str, cut: int) -> str:
    return text[:cut].rstrip() + ELLIPSIS


def _before_spans(cut: int, spans: Sequence[Span]) -> int:
    """The start of the span that `cut` lies in; `cut` itself when it lies in none."""
    for start, end in sorted(spans, reverse=True):
        if start < cut < end:
            cut = start
    return cut


def _addresses(text: str, cut: int) -> tuple[Span, ...]:
    """The span of the link or address around `cut`: a run of characters without white space; empty
    when there is none."""
    start = cut
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    match = _VISIBLE_RUN.match(text, start)
    if match and any(sign in match.group() for sign in _ADDRESS_SIGNS):
        return (match.span(),)
    return ()


def _between_words(text: str, cut: int) -> int:
    """The last place between two words at or before `cut`, at white space when that is near."""
    if cut == len(text) or text[cut].isspace():
        return cut
    space = max(text.rfind(" ", 0, cut), text.rfind("\n", 0, cut))
    if space * 2 >= cut:
        return space
    window = max(0, cut - _WORD_SEARCH)
    ends = [match.start() for match in _WORD_END.finditer(text, window, cut + 1)]
    inner = [end for end in ends if window < end <= cut]
    return inner[-1] if inner else cut
