"""A text as it was read: its forms, with the offsets that map each back to the submitted text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mapped:
    """A form of a text. `origins[i]` is the offset, in code points of the submitted text, of
    the character that produced `text[i]`; one more element marks the end. Ascending.
    `ends[i]` is where the submitted characters that produced `text[i]` end, given only when
    some character was made of several (a letter and its combining accent); otherwise each is
    one character long."""

    text: str
    origins: tuple[int, ...]
    ends: tuple[int, ...] | None = None

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the submitted text that produced `text[start:end]`, widened over
        dropped characters inside it, never over those after it."""
        if end <= start:
            return self.origins[start], self.origins[start]
        last = self.origins[end - 1] + 1 if self.ends is None else self.ends[end - 1]
        return self.origins[start], last

    def from_original(self, start: int, end: int) -> tuple[int, int]:
        """The span of this form that covers the submitted span `start:end`."""
        last = bisect_left(self.origins, end)
        if self.ends is None:
            return bisect_left(self.origins, start), last
        return min(bisect_right(self.ends, start), last), last


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A kind of hiding or garbling that reading undid: "zero_width", "bidi", "tag",
    "variation_selector", "homoglyph", "full_width", "styled" (maths alphabets, circled letters,
    flags as letters), "combining" (stacked marks), "encoded" (base64, references, escapes, rot13,
    upside down), "markup" (inside words), "leet", "repeat", "spacing"."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadText:
    """The forms of one text, made once, by `gateway.text`.

    `clean` is the submitted text without hidden code points, in NFC: what may be published.
    `normalised` is for detectors: NFKC, confusables undone, case kept.
    `folded` is for word lists: normalised, lower case, accents folded, leet and repeats undone.
    """

    original: str
    clean: Mapped
    normalised: Mapped
    folded: Mapped
    language: str  # BCP 47 primary subtag, "und" when undecided
    language_score: float
    changes: tuple[TextChange, ...] = ()
