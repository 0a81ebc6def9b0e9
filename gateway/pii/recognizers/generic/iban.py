"""Bank account numbers."""

from __future__ import annotations

import re
from collections import defaultdict

from presidio_analyzer import Pattern, PatternRecognizer
from stdnum import iban, numdb

from gateway.pii.characters import letters_and_digits_of
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import BANK_ACCOUNT

_PIECE = re.compile(r"(\d+)!?[nac]")
_LEAST_DIGITS = 6  # of an IBAN, its two check digits among them
_SEPARATOR = r"[ .\-\u2010-\u2013]{0,2}"
_QUICK = re.compile(
    rf"(?<![A-Z0-9])[A-Z]{_SEPARATOR}[A-Z]{_SEPARATOR}\d{_SEPARATOR}\d"
    rf"(?:{_SEPARATOR}[A-Z0-9]){{11}}",
    re.IGNORECASE,
)


def _length_patterns() -> list[Pattern]:
    """One pattern for each length, from the registry inside python-stdnum: an IBAN ends where
    its country says, whatever follows it."""
    countries: dict[int, list[str]] = defaultdict(list)
    for _, country, _, info, _ in numdb.get("iban").prefixes:
        length = sum(int(size) for size in _PIECE.findall(str(info.get("bban", ""))))
        if length:
            countries[length].append(_SEPARATOR.join(str(country)))
    return [
        Pattern(
            f"{length + 4} characters",
            rf"(?<![A-Z0-9])(?:{'|'.join(sorted(countries[length]))}){_SEPARATOR}\d{_SEPARATOR}\d"
            rf"(?:{_SEPARATOR}[A-Z0-9]){{{length}}}(?![A-Z0-9])",
            0.5,
        )
        for length in sorted(countries)
    ]


class GroupedIbanRecognizer(PatternRecognizer):
    """Finds IBANs in any case, grouped or not. Presidio's recognizer does not read lower case, and
    takes the word after a grouped IBAN for a part of it."""

    def __init__(self) -> None:
        super().__init__(
            supported_entity="IBAN_CODE", name="GroupedIbanRecognizer", patterns=_length_patterns()
        )

    def validate_result(self, pattern_text: str) -> bool:
        value = letters_and_digits_of(pattern_text)
        if not value.isascii() or sum(map(str.isdigit, value)) < _LEAST_DIGITS:
            return False
        return iban.is_valid(value, check_country=False)


def rule() -> PatternRule:
    return PatternRule(
        recognizer=GroupedIbanRecognizer(),
        placeholder=BANK_ACCOUNT,
        about="A country, check digits and as many characters as that country uses (SWIFT "
        "registry), grouped or not, any case; ISO 7064 checksum.",
        gate=Prefilter(digits=_LEAST_DIGITS, quick=_QUICK),
        checksum=True,
    )
