"""What the identity numbers of all countries have in common: one table for each country, in
<country>/numbers.py, and the rule that is made from a row of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.context import context, fold
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.pattern_rule import PatternRule

Counts = Literal["anywhere", "home", "named"]
"""Its form is nobody else's; it counts where it belongs or beside its name; beside its name
alone: it looks like any number, so that even a checksum lets too much pass."""

PASSPORT = (
    "passport", "passeport", "pasaporte", "reisepass", "passaporto", "passaporte", "paspoort",
    "护照", "護照", "여권", "旅券", "パスポート", "паспорт",
)  # fmt: skip
DRIVING = (
    "driver's licen", "drivers licen", "driver licen", "driving licen", "driver's permit",
    "dl number", "dl no", "dmv",
)  # fmt: skip

_SCORE, _AT_HOME = 0.85, 0.05
_LONG = 6
# Letters and digits of Latin scripts: Chinese and Japanese write no space before a number.
_LATIN = r"A-Za-z0-9_\u00c0-\u024f"
_AFTER = rf"(?![{_LATIN}/=@])(?![.,\-]\d)"
_BEFORE = rf"(?<![{_LATIN}.,+\-/=#@])"
_BEFORE_NAMED = rf"(?<![{_LATIN},+\-/=@])(?<!\d\.)"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """`pattern` is read in any case. `is_valid` is given its letters and digits alone, in upper
    case; `checksum` says that it computes one. `places` as in `ScannedText`. `words` are stems, as
    in `Context`, in any spelling. `digits`: the least that a match holds;
    `quick`: what is in each, if few texts with so many digits have it."""

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

    @property
    def name(self) -> str:
        return "".join(part.title() for part in self.kind.split("_")) + "Recognizer"


class NationalRecognizer(PatternRecognizer):
    """What the pattern matches and the country accepts. All digits alike is nobody's number."""

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
        value = "".join(char for char in pattern_text if char.isalnum())
        digits = [char for char in value if char.isdigit()]
        if not _is_plain(value) or (len(digits) >= _LONG and len(set(digits)) < 2):
            return False
        if self._is_valid is not None and not self._is_valid(value.upper()):
            return False
        return None


def certain(presidios: PatternRecognizer) -> Callable[[str], bool]:
    """The checksum of a recognizer of Presidio's."""
    return lambda number: presidios.validate_result(number) is True


def _is_plain(value: str) -> bool:
    """Digits and Latin letters as documents have them; Korean plates name a place."""
    return all(char.isascii() or not char.isdigit() for char in value)


def rule(number: NumberFormat) -> PatternRule:
    words = context(local=[fold(word) for word in number.words])
    places = frozenset(number.places)

    def belongs(message: ScannedText, start: int, end: int) -> bool:
        if number.counts == "home" and not message.places.isdisjoint(places):
            return True
        return words.supports(message.text, start, end)

    anywhere = number.counts == "anywhere"
    return PatternRule(
        recognizer=NationalRecognizer(number),
        about=f"{number.about}{_WHERE[number.counts]}",
        gate=Prefilter(
            digits=number.digits,
            quick=re.compile(number.quick) if number.quick else None,
            home=places if number.counts == "home" else frozenset(),
            named=() if anywhere else words.stems,
        ),
        context=words,
        checksum=number.checksum,
        # Beside its name it is above the parts of it that pass the checksum of a card.
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
