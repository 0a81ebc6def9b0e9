"""`NumberFormat`, a row of a country's table of identity numbers (<country>/numbers.py), and the
detection rule that is made from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.characters import letters_and_digits_of
from gateway.pii.context import context, fold
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import IDENTITY_NUMBER, PlaceholderWord

Counts = Literal["anywhere", "home", "named"]
"""Where a match counts. "anywhere": nothing else is written in this form. "home": in a message that
belongs to one of the format's `places`, or beside its name. "named": only beside its name, because
its form is that of many numbers, too many of which also pass the checksum."""

PASSPORT_STEMS = (
    "passport", "passeport", "pasaporte", "reisepass", "passaporto", "passaporte", "paspoort",
    "护照", "護照", "여권", "旅券", "パスポート", "паспорт",
)  # fmt: skip
"""Stems that name a passport, as `NumberFormat.words` takes them."""
DRIVING_LICENCE_STEMS = (
    "driver's licen", "drivers licen", "driver licen", "driving licen", "driver's permit",
    "dl number", "dl no", "dmv",
)  # fmt: skip
"""Stems that name a driving licence, in English."""

_SCORE = 0.85
"""Score of a match that counts, as of any hit beside its name (`PatternRule.in_context`)."""
_AT_HOME = 0.05
"""Added to the score at home: where two countries share a form, the one at home wins."""
_LEAST_DIGITS_OF_ONE_KIND = 6
"""A value of one repeated digit is refused from this many digits on: nobody has such a number."""
# Letters and digits of Latin scripts: Chinese and Japanese write no space before a number.
_LATIN = r"A-Za-z0-9_\u00c0-\u024f"
_AFTER = rf"(?![{_LATIN}/=@])(?![.,\-]\d)"
_BEFORE = rf"(?<![{_LATIN}.,+\-/=#@])"
_BEFORE_NAMED = rf"(?<![{_LATIN},+\-/=@])(?<!\d\.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """One kind of identity number, and all that its detection, its placeholder and its line in the
    reference need.

    `pattern` is matched in any case. `is_valid` gets the letters and digits of a match alone, in
    upper case; `checksum` says that it computes one. `places` as in `ScannedText`. `words` are
    stems that name the number, as in `ContextWords`, in any spelling. `digits` is the least number
    of digits of a match; `quick` a piece of every match, given where few texts with so many digits
    have one. `read_out`: people also write it in Chinese or Korean numerals. `placeholder` is the
    word that stands in for it once it is stripped.
    """

    kind: str
    about: str
    pattern: str
    digits: int
    counts: Counts
    words: tuple[str, ...]
    places: tuple[str, ...]
    is_valid: Callable[[str], bool] | None = None
    checksum: bool = False
    quick: str = ""
    read_out: bool = False
    placeholder: PlaceholderWord = IDENTITY_NUMBER

    @property
    def name(self) -> str:
        """Name of its recognizer, which findings carry: "PtNifRecognizer" for PT_NIF."""
        return "".join(part.title() for part in self.kind.split("_")) + "Recognizer"


class NationalRecognizer(PatternRecognizer):
    """Matches the pattern of one number format, and refuses a value that the country's check
    refuses or that repeats one digit."""

    def __init__(self, number: NumberFormat) -> None:
        before = _BEFORE_NAMED if number.counts == "named" else _BEFORE
        whole = f"{before}(?:{number.pattern}){_AFTER}"
        super().__init__(
            supported_entity=number.kind,
            name=number.name,
            patterns=[Pattern(number.kind, whole, _SCORE)],
        )
        self._is_valid = number.is_valid

    def validate_result(self, pattern_text: str) -> bool | None:
        value = letters_and_digits_of(pattern_text)
        digits = [char for char in value if char.isdigit()]
        repeats = len(digits) >= _LEAST_DIGITS_OF_ONE_KIND and len(set(digits)) < 2
        if not _has_ascii_digits(value) or repeats:
            return False
        if self._is_valid is not None and not self._is_valid(value.upper()):
            return False
        return None


def certain(presidios: PatternRecognizer) -> Callable[[str], bool]:
    """The checksum of one of Presidio's own recognizers, as `NumberFormat.is_valid`."""
    return lambda number: presidios.validate_result(number) is True


def _has_ascii_digits(value: str) -> bool:
    """Whether all digits are ASCII, as on documents. Letters may be of any script: Korean licences
    name a place."""
    return all(char.isascii() or not char.isdigit() for char in value)


def rule(number: NumberFormat) -> PatternRule:
    """The detection rule of one number format."""
    words = context(local=[fold(word) for word in number.words])
    places = frozenset(number.places)

    def belongs(message: ScannedText, start: int, end: int) -> bool:
        if number.counts == "home" and not message.places.isdisjoint(places):
            return True
        return words.supports(message.text, start, end)

    anywhere = number.counts == "anywhere"
    return PatternRule(
        recognizer=NationalRecognizer(number),
        placeholder=number.placeholder,
        about=f"{number.about}{_WHERE[number.counts]}",
        gate=Prefilter(
            digits=number.digits,
            quick=re.compile(number.quick) if number.quick else None,
            home=places if number.counts == "home" else frozenset(),
            named=() if anywhere else words.stems,
        ),
        context=words,
        checksum=number.checksum,
        # Beside its name the number scores above a part of it that passes the checksum of a card.
        in_context=1.0 if number.checksum else _SCORE,
        home=places,
        at_home=_AT_HOME,
        accepts=None if anywhere else belongs,
    )


_WHERE = {
    "anywhere": ".",
    "home": ": where it belongs, or beside its name.",
    "named": ": beside its name.",
}
