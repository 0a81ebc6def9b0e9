"""Payment card numbers."""

from __future__ import annotations

from presidio_analyzer import Pattern
from presidio_analyzer.predefined_recognizers import CreditCardRecognizer
from stdnum import luhn

from gateway.pii.context import context
from gateway.pii.message import Gate
from gateway.pii.rule import PatternRule

# Issuer prefixes (ISO/IEC 7812) and how many digits follow them, longest first.
_ISSUERS = {
    "visa": (r"4", (18, 15, 12)),
    "mastercard": (r"5{s}[1-5]|2{s}2{s}2{s}[1-9]|2{s}2{s}[3-9]{s}\d|2{s}[3-6]{s}\d{s}\d"
                   r"|2{s}7{s}[01]{s}\d|2{s}7{s}2{s}0", None),
    "amex": (r"3{s}[47]", (13,)),
    "diners": (r"3{s}0{s}[0-5]|3{s}0{s}9|3{s}[689]{s}\d", (11, 13)),
    "jcb": (r"3{s}5{s}\d{s}\d", (12,)),
    "jcb15": (r"2{s}1{s}3{s}1|1{s}8{s}0{s}0", (11,)),
    "discover": (r"6{s}0{s}1{s}1|6{s}5{s}\d{s}\d|6{s}4{s}[4-9]{s}\d", (12, 15)),
    "unionpay": (r"6{s}2{s}\d{s}\d", (15, 12)),
    "maestro": (r"5{s}0{s}[0-9]{s}\d|5{s}[6-9]{s}\d{s}\d|6{s}[37]{s}\d{s}\d|0{s}6{s}0{s}4",
                (15, 14, 13, 12, 11, 9, 8)),
    "mir": (r"2{s}2{s}0{s}[0-4]", (12,)),
}  # fmt: skip
_SEPARATOR = r"[ .\-\u2010-\u2013]?"


def _patterns() -> list[Pattern]:
    patterns = []
    for issuer, (template, lengths) in _ISSUERS.items():
        prefix = template.replace("{s}", _SEPARATOR)
        if issuer == "mastercard":
            heads = prefix.split("|")
            tails = [heads[0] + rf"(?:{_SEPARATOR}\d){{14}}"]
            tails += [head + rf"(?:{_SEPARATOR}\d){{12}}" for head in heads[1:]]
            bodies = ["|".join(tails)]
        else:
            bodies = [rf"(?:{prefix})(?:{_SEPARATOR}\d){{{length}}}" for length in lengths or ()]
        patterns += [Pattern(issuer, rf"(?<![\d.])(?:{body})(?!\d)", 0.95) for body in bodies]
    return patterns


class CardRecognizer(CreditCardRecognizer):
    """Presidio's, with the issuers it lacks, and any digit apart from the next."""

    def __init__(self) -> None:
        super().__init__(patterns=_patterns())

    def validate_result(self, pattern_text: str) -> bool | None:
        """Leaves the score: 14 digits may be a SIRET just as well."""
        digits = "".join(char for char in pattern_text if char.isdigit())
        if len(set(digits)) > 1 and digits.isascii() and luhn.is_valid(digits):
            return None
        return False


CONTEXT = context(
    en=("credit", "card", "visa", "mastercard", "amex", "debit"),
    fr=("carte", "bancaire", "cb"),
    es=("tarjeta",),
    de=("karte", "kreditkarte"),
    it=("carta",),
    pt=("cartao",),
    zh=("信用卡", "银行卡"),
    ar=("بطاقة",),
)


def rule() -> PatternRule:
    return PatternRule(
        recognizer=CardRecognizer(),
        about="12 to 19 digits with an issuer's prefix and a Luhn checksum, however grouped.",
        gate=Gate(digits=12),
        context=CONTEXT,
        checksum=True,
        in_context=1.0,
    )
