"""Checks of the names that a language model finds: cheap signs that a span is no person's name.

They were made on one half of the labelled texts of bench/ner.py and measured on the other.
"""

from __future__ import annotations

import re

_DIGIT = re.compile(r"\d")
# Signs that no name contains; the model's spans run over them into links and the next line.
_CUT = re.compile(
    r"[@#:/\\\[\](){}<>\"“”«»|•…\n\r\t;!?*~=+]|\b(?:RT|https?)\b|\s[-–—]\s|['’]s?(?=\s|$)"
)
_EDGE = " ,.'’-_&"
_GLUED = frozenset("@#/_\\")  # right before a handle, a hashtag or a piece of a link
_CAMEL = re.compile(r"[a-zà-öø-ÿ][A-ZÀ-ÖØ-Þ]")
_CAMEL_NAME = re.compile(r"\b(?:Mc|Mac|De|Di|Du|La|Le|Van|O['’])(?=[A-ZÀ-ÖØ-Þ])")
_STREET_KINDS = (
    "st|str|stra(?:ß|ss)e|ave|avenue|rd|road|apt|suite|box|sq|square|terrace|lane|hwy|blvd|drive"
    "|court|rue|boulevard|impasse|quai|allée|chemin|via|viale|piazza|corso|platz|allee"
)
_STREET = re.compile(rf"(?:^|[ ,.]{{1,2}})(?:{_STREET_KINDS})\b", re.IGNORECASE)
_ON_STREET = re.compile(
    r"\b(?:rue|avenue|boulevard|impasse|quai|allée|chemin|via|viale|piazza|corso)"
    r"(?: (?:de la|de|du|des))? $",
    re.IGNORECASE,
)
_NUMBER_BEFORE = re.compile(r"\d\w{0,8}[ ,.]{1,2}$")
_NUMBER_AFTER = re.compile(r",? \d")
_BEHIND = 28  # characters before a name that are looked at: the longest of the patterns above
_LEAST = 2  # letters of a name


def person_in(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The span of the person's name within `text[start:end]`, cut at signs that no name contains.

    None for a handle, a hashtag or a street, for a span with digits or beside a house number, and
    for one that is not capitalised as names are.
    """
    if _DIGIT.search(text, start, end):
        return None
    start, end = _longest_piece(text, start, end)
    name = text[start:end]
    if len(name) < _LEAST or name.islower() or _is_camel(name):
        return None
    before = text[max(0, start - _BEHIND) : start]
    if before[-1:] in _GLUED or _ON_STREET.search(before) or _NUMBER_BEFORE.search(before):
        return None
    if _STREET.search(name) or _STREET.match(text, end) or _NUMBER_AFTER.match(text, end):
        return None
    return start, end


def _longest_piece(text: str, start: int, end: int) -> tuple[int, int]:
    pieces = []
    at = start
    for cut in _CUT.finditer(text, start, end):
        pieces.append(_trim_edges(text, at, cut.start()))
        at = cut.end()
    pieces.append(_trim_edges(text, at, end))
    return max(pieces, key=lambda piece: piece[1] - piece[0])


def _trim_edges(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGE:
        start += 1
    while end > start and text[end - 1] in _EDGE:
        end -= 1
    return start, end


def _is_camel(name: str) -> bool:
    return _CAMEL.search(_CAMEL_NAME.sub("", name)) is not None
