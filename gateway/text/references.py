"""Decodes characters that are written as codes: HTML character references
(https://html.spec.whatwg.org/#character-references), percent-encoding (RFC 3986), escapes of JSON.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from string import ascii_letters, digits
from urllib.parse import unquote_to_bytes

from gateway.text.tracked import Edit, Tracked

# With the ampersand itself written as a reference any number of times.
_REFERENCE = re.compile(
    r"&(?:amp;)*(?P<what>#(?:[xX][0-9A-Fa-f]{1,6}(?![0-9A-Fa-f])|[0-9]{1,7}(?![0-9]));?|[A-Za-z][A-Za-z0-9]{1,31};)"
)
_PERCENT = re.compile(r"(?<![0-9%])(?:%[0-9A-Fa-f]{2})+|(?:%[0-9A-Fa-f]{2}){2,}")
_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_REACH = 2_000  # characters before a code in which the start of a link is looked for
_UNRESERVED = re.compile(r"[\w.~@+-]+")
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
# Programs write signs and accents as codes in any text. Nobody needs codes for these characters or
# for hidden ones, so such codes count as hiding.
_PLAIN = frozenset(f"{ascii_letters}{digits}@.")


def from_references(tracked: Tracked, changes: Counter[str]) -> Tracked:
    """Decode codes. Each decoded character maps to the whole of its code. Hidden characters among
    the decoded ones stay. Returns `tracked` itself when there is no code."""
    text = tracked.text
    edits: list[Edit] = []
    if "&" in text:
        edits += _reference_edits(text)
    if "%" in text:
        edits += _percent_edits(text)
    if "\\" in text:
        edits += _escape_edits(text)
    if not edits:
        return tracked
    if hiding := sum(any(map(_counts_as_hiding, said)) for _, _, said in edits):
        changes["encoded"] += hiding
    return tracked.rewrite(sorted(edits), merge=True)


def _reference_edits(text: str) -> Iterator[Edit]:
    for match in _REFERENCE.finditer(text):
        written = f"&{match['what']}"
        said = html.unescape(written)
        if said != written:
            yield match.start(), match.end(), said


def _percent_edits(text: str) -> Iterator[Edit]:
    """Edits that decode percent-encoding. In a link, reserved characters stay encoded: a decoded
    space or stroke would end or change the link."""
    for match in _PERCENT.finditer(text):
        try:
            said = unquote_to_bytes(match[0]).decode("utf-8")
        except UnicodeDecodeError:
            continue
        if _UNRESERVED.fullmatch(said) is not None or not _in_link(text, match.start()):
            yield match.start(), match.end(), said


def _in_link(text: str, at: int) -> bool:
    chunk = f".{text[max(0, at - _REACH) : at]}".split()[-1]  # the point: there is always one
    return "://" in chunk or "www." in chunk.lower()


def _escape_edits(text: str) -> Iterator[Edit]:
    for match in _ESCAPE.finditer(text):
        code = int(match[1] or match[2] or match[3], 16)
        if code <= _LAST_CODE_POINT and code not in _SURROGATES:
            yield match.start(), match.end(), chr(code)


def _counts_as_hiding(char: str) -> bool:
    return char in _PLAIN or unicodedata.category(char) == "Cf"
