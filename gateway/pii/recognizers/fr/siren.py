"""SIREN and SIRET, the numbers of French businesses."""

from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer
from stdnum.fr import siren, siret

from gateway.pii.characters import digits_of
from gateway.pii.context import context
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import COMPANY_NUMBER
from gateway.pii.recognizers.fr import PLACES

_S = r"[ .\-\u2010-\u2013]"
CONTEXT = context(
    fr=("siren", "siret", "rcs", "entreprise", "societe", "immatricul", "registre", "sirene",
        "tva", "micro-entreprise", "auto-entreprise", "autoentrepr", "etablissement", "insee"),
    en=("business number", "company number", "registration"),
)  # fmt: skip


class SirenRecognizer(PatternRecognizer):
    """Finds SIREN numbers and the VAT numbers made from them. The Luhn checksum lets one number in
    ten pass, so it never raises the score."""

    def __init__(self) -> None:
        super().__init__(
            supported_entity="FR_SIREN",
            name="FrSirenRecognizer",
            patterns=[
                Pattern(
                    "grouped",
                    rf"(?<![\d.,])(?<!\d[ -])\d{{3}}({_S})\d{{3}}\1\d{{3}}(?!{_S}?\d)(?![.,]\d)",
                    0.45,
                ),
                Pattern("plain", r"(?<![\w.,+\-/=#@()])\d{9}(?![\w/=@])(?![.,\-]\d)", 0.35),
                Pattern("spaced", rf"(?<!\d)(?<!\d[ .\-])\d(?:{_S}?\d){{8}}(?!{_S}?\d)", 0.1),
                Pattern("tva", r"(?<![A-Z0-9])FR ?\d\d ?\d{3} ?\d{3} ?\d{3}(?!\d)", 0.8),
            ],
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        digits = digits_of(pattern_text)
        if not digits.isascii() or not siren.is_valid(digits[-9:]) or len(set(digits)) < 3:
            return False
        if len(digits) == 11:  # a VAT number has a key of its own
            return int(digits[:2]) == (12 + 3 * (int(digits[2:]) % 97)) % 97
        return None


class SiretRecognizer(PatternRecognizer):
    """Finds SIRET numbers: a SIREN and the number of an establishment."""

    def __init__(self) -> None:
        super().__init__(
            supported_entity="FR_SIRET",
            name="FrSiretRecognizer",
            patterns=[
                Pattern("grouped", r"(?<!\d)\d{3} \d{3} \d{3} \d{5}(?!\d)", 0.97),
                Pattern("SIRET", rf"(?<!\d)(?<!\d\.)\d(?:{_S}?\d){{13}}(?!\d)", 0.9),
            ],
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        digits = digits_of(pattern_text)
        if not digits.isascii() or len(set(digits)) < 3:
            return False
        # Two checksums, or La Poste's own rule: one number in a hundred passes by chance.
        return None if siret.is_valid(digits) else False


def siren_rule() -> PatternRule:
    return PatternRule(
        recognizer=SirenRecognizer(),
        placeholder=COMPANY_NUMBER,
        about="9 digits with a Luhn checksum, in French texts or beside a word such as “SIREN”; "
        "VAT numbers made from one.",
        gate=Prefilter(digits=9),
        context=CONTEXT,
        home=PLACES,
        at_home=0.35,
    )


def siret_rule() -> PatternRule:
    return PatternRule(
        recognizer=SiretRecognizer(),
        placeholder=COMPANY_NUMBER,
        about="14 digits with the checksums of the SIREN and of the whole; La Poste's exception.",
        gate=Prefilter(digits=14),
        context=CONTEXT,
        checksum=True,
        in_context=1.0,
        home=PLACES,
        at_home=0.08,
    )
