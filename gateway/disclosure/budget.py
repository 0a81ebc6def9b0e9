"""Lengths in a route's own unit, and shortening to them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import islice

import regex

from gateway.model.route import LengthUnit

ELLIPSIS = "…"

_GRAPHEME = regex.compile(r"\X")
_WORD_END = regex.compile(r"(?w)\b")  # Unicode default word boundaries (UAX #29)
_RUN = regex.compile(r"\S+")
# A link or an address that is cut leads somewhere else.
_ADDRESS = ("://", "www.", "@")

Span = tuple[int, int]


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
    """`text` cut at its end and marked with "…", or None when nothing of it would be left.

    `fits` tells whether a candidate, "…" included, fits; longer candidates never fit better.
    Cuts between words where that costs at most half of the room, else between graphemes;
    never inside a span of `whole` (placeholders), a link or an address. `limit` bounds the
    number of graphemes that can fit.
    """
    cuts = [0, *(match.end() for match in islice(_GRAPHEME.finditer(text), limit))]
    most = bisect_right(cuts, 0, key=lambda cut: 0 if fits(_marked(text, cut)) else 1) - 1
    if most <= 0:
        return None
    cut = _outside(cuts[most], (*whole, *_addresses(text, cuts[most])))
    between = _between_words(text, cut)
    if between * 2 >= cut:
        cut = _outside(between, whole)
    return _marked(text, cut) if text[:cut].strip() else None


def _marked(text: str, cut: int) -> str:
    return text[:cut].rstrip() + ELLIPSIS


def _outside(cut: int, spans: Sequence[Span]) -> int:
    for start, end in sorted(spans, reverse=True):
        if start < cut < end:
            cut = start
    return cut


def _addresses(text: str, cut: int) -> tuple[Span, ...]:
    """The run of visible characters around `cut`, if it holds a link or an address."""
    start = cut
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    match = _RUN.match(text, start)
    if match and any(sign in match.group() for sign in _ADDRESS):
        return (match.span(),)
    return ()


def _between_words(text: str, cut: int) -> int:
    """The last place at or before `cut` between two words; white space if it is near."""
    if cut == len(text) or text[cut].isspace():
        return cut
    space = max(text.rfind(" ", 0, cut), text.rfind("\n", 0, cut))
    if space * 2 >= cut:
        return space
    window = max(0, cut - 100)
    ends = [match.start() for match in _WORD_END.finditer(text, window, cut + 1)]
    inner = [end for end in ends if window < end <= cut]
    return inner[-1] if inner else cut
