"""Payment card numbers."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer
from stdnum import luhn

from gateway.pii.characters import digits_of
from gateway.pii.context import context
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import CARD

# Issuer prefixes (ISO/IEC 7812), "d" for any digit, and how many digits a number has in all.
_ISSUERS = (
    ("visa", ("4",), (19, 16, 13)),
    ("mastercard", ("5[1-5]", "222[1-9]", "22[3-9]d", "2[3-6]dd", "27[01]d", "2720"), (16,)),
    ("amex", ("3[47]",), (15,)),
    ("diners", ("30[0-5]", "309", "3[689]d"), (16, 14)),
    ("jcb", ("35dd",), (16,)),
    ("jcb, old", ("2131", "1800"), (15,)),
    ("discover", ("6011", "65dd", "64[4-9]d"), (19, 16)),
    ("unionpay", ("62dd",), (19, 16)),
    ("maestro", ("50dd", "5[6-9]dd", "6[37]dd", "0604"), (19, 18, 17, 16, 15, 13, 12)),
    ("mir", ("220[0-4]",), (16,)),
)
_DIGIT = re.compile(r"\[[^\]]*\]|d|\d")
_SEPARATOR = r"[ .,_*|/\-\u2010-\u2013]?"
_QUICK = re.compile(rf"\d(?:{_SEPARATOR}\d){{11}}")


def _issuer_patterns() -> list[Pattern]:
    """One pattern for each issuer and length. Any two digits may have a separator between them."""
    return [
        Pattern(
            f"{issuer}, {length}",
            rf"(?<![\d.])(?:{'|'.join(_number_form(prefix, length) for prefix in prefixes)})(?!\d)",
            0.95,
        )
        for issuer, prefixes, lengths in _ISSUERS
        for length in lengths
    ]


def _number_form(prefix: str, length: int) -> str:
    first = [r"\d" if digit == "d" else digit for digit in _DIGIT.findall(prefix)]
    return _SEPARATOR.join(first) + rf"(?:{_SEPARATOR}\d){{{length - len(first)}}}"


class CardRecognizer(PatternRecognizer):
    """Finds card numbers by issuer. Presidio's recognizer lacks half of the issuers and takes any 3
    to 5 digits for a group."""

    def __init__(self) -> None:
        super().__init__(
            supported_entity="CREDIT_CARD", name="CardRecognizer", patterns=_issuer_patterns()
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        """Refuse a wrong checksum, and leave the score of the rest: 14 digits may also be a
        SIRET."""
        digits = digits_of(pattern_text)
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
        placeholder=CARD,
        about="12 to 19 digits with an issuer's prefix and a Luhn checksum, however grouped.",
        gate=Prefilter(digits=12, quick=_QUICK),
        context=CONTEXT,
        checksum=True,
        in_context=1.0,
    )
