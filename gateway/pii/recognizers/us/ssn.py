"""US social security numbers."""

from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import UsSsnRecognizer
from stdnum.us import ssn

from gateway.pii.characters import digits_of
from gateway.pii.context import context
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import IDENTITY_NUMBER

CONTEXT = context(
    en=(
        "ssn",
        "ssns",
        "social security",
        "socialsecurity",
        "social sec",
        "my social",
        "your social",
    )
)
_LEAST_DIFFERENT = 4  # distinct digits: fewer are a row of zeros or a made-up number


class JoinedRecognizer(PatternRecognizer):
    """Finds numbers without hyphens, as they are once a disguise is undone."""

    def __init__(self, *, said: bool) -> None:
        joined = r"\d{9}", 0.65
        apart = r"\d(?:[ ,.\-]{0,2}\d){8}", 0.1
        form, score = apart if said else joined
        super().__init__(
            supported_entity="US_SSN",
            name="SaidSsnRecognizer" if said else "JoinedSsnRecognizer",
            patterns=[Pattern("nine digits", rf"(?<![\d.,])(?:{form})(?![.,\-]?\d)", score)],
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        digits = digits_of(pattern_text)
        if not digits.isascii() or len(set(digits)) < _LEAST_DIFFERENT or not ssn.is_valid(digits):
            return False
        return None


def joined_rule(*, said: bool) -> PatternRule:
    """The rule for numbers in disguise: `said` in words, or else set apart by signs. Other numbers
    of nine digits are not written that way."""
    return PatternRule(
        recognizer=JoinedRecognizer(said=said),
        placeholder=IDENTITY_NUMBER,
        about="9 digits without their hyphens.",
        gate=Prefilter(digits=9),
        context=CONTEXT,
    )


def rule() -> PatternRule:
    return PatternRule(
        recognizer=UsSsnRecognizer(),
        placeholder=IDENTITY_NUMBER,
        about="3, 2 and 4 digits, apart or beside a word such as “SSN”.",
        gate=Prefilter(digits=9),
        context=CONTEXT,
    )
