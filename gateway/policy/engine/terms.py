"""Finds a creator's own terms (brands, topics) in a text.

This is done in Python, not in Rego: the engines lower-case and replace differently, and a creator's
terms are prepared only once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WORD_GAP = re.compile(r"[\W_]+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
)
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "ı": "i"})
_LISTS = (("brands", "allow"), ("brands", "deny"), ("brands", "exclusive"), ("topics", "deny"))


@dataclass(frozen=True, slots=True)
class Term:
    """One of a creator's own terms, ready to be looked for. `plain` is its form by `plain()`; the
    spaces at its ends are kept only if it is `spaced`, of a script that writes spaces."""

    source: str  # "brands.deny", …
    term: str
    plain: str
    spaced: bool


def plain(text: str) -> str:
    """`text` in lower case, without accents and punctuation, with one space between words and at
    both ends; "" for a text without letters and digits. No spaces are added within scripts that
    have none."""
    if text.isascii():
        folded = text.lower()
    else:
        spread = unicodedata.normalize("NFKD", text)
        kept = "".join(char for char in spread if not unicodedata.combining(char))
        folded = kept.casefold().translate(_LETTERS)
    words = _WORD_GAP.sub(" ", folded).strip()
    return f" {words} " if words else ""


def prepare(settings: Mapping[str, Any]) -> tuple[Term, ...]:
    """The terms in a creator's settings."""
    return tuple(_configured_terms(settings))


def _configured_terms(settings: Mapping[str, Any]) -> Iterator[Term]:
    for group, name in _LISTS:
        for term in (settings.get(group) or {}).get(name) or ():
            form = plain(term)
            if form:
                spaced = _UNSPACED.search(term) is None
                yield Term(f"{group}.{name}", term, form if spaced else form.strip(), spaced)


def find(terms: Sequence[Term], *, forms: Sequence[str], brand: str | None) -> list[dict[str, str]]:
    """`findings.terms` of the input document: the terms that occur in one of `forms` or are
    `brand`."""
    if not terms:
        return []
    texts = [plain(form) for form in dict.fromkeys(forms)]
    promoted = plain(brand) if brand else ""
    matches = []
    for term in terms:
        if any(term.plain in text for text in texts):
            matches.append({"list": term.source, "term": term.term, "in": "text"})
        if promoted and term.plain.strip() == promoted.strip():
            matches.append({"list": term.source, "term": term.term, "in": "brand"})
    return matches
