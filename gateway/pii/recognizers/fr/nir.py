"""NIR, the French social security number."""

from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer
from stdnum.fr import nir

from gateway.pii.characters import letters_and_digits_of
from gateway.pii.context import context
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import IDENTITY_NUMBER

_S = r"[ .\-\u2010-\u2013]{0,2}"
# Sex, year, month (also fictive ones), department with 2A and 2B, commune, order.
_BODY = (
    rf"[1-478]{_S}\d{_S}\d{_S}(?:0{_S}[1-9]|1{_S}[0-2]|[2-9]{_S}\d){_S}"
    rf"(?:\d{_S}\d|2{_S}[AB])(?:{_S}\d){{6}}"
)


class NirRecognizer(PatternRecognizer):
    """Finds NIR numbers; the key of two digits makes one certain."""

    def __init__(self) -> None:
        super().__init__(
            supported_entity="FR_NIR",
            name="FrNirRecognizer",
            patterns=[
                Pattern("with key", rf"(?<!\d){_BODY}(?:{_S}\d){{2}}(?!\d)", 0.5),
                Pattern("without key", rf"(?<!\d){_BODY}(?!\d)", 0.1),
            ],
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        value = letters_and_digits_of(pattern_text).upper()
        if not value.isascii():
            return False
        return None if len(value) == 13 else nir.is_valid(value)


def rule() -> PatternRule:
    return PatternRule(
        recognizer=NirRecognizer(),
        placeholder=IDENTITY_NUMBER,
        about="13 digits (Corsica: 2A, 2B) and a key of two; without the key only beside a word "
        "such as “sécurité sociale”.",
        gate=Prefilter(digits=12),
        context=context(
            fr=("nir", "secu", "securite sociale", "numero de securite", "immatricul", "insee",
                "assure", "carte vitale", "vitale", "ameli", "cpam"),
            en=("social security", "insurance number"),
        ),
        checksum=True,
    )  # fmt: skip
