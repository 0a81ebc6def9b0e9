"""Numbers of Canada."""

from __future__ import annotations

from stdnum import luhn
from stdnum.ca import bc_phn, sin

from gateway.pii.placeholders import ADDRESS, PASSPORT
from gateway.pii.recognizers.national import PASSPORT_STEMS, NumberFormat

_HOME = ("CA",)
_OUTWARD = "[ABCEGHJ-NPRSTVXY]\\d[ABCEGHJ-NPRSTV-Z]"
_INWARD = "\\d[ABCEGHJ-NPRSTV-Z]\\d"
_HEALTH_DIGITS = 10  # of a health number; in Ontario the letters of its version may follow
_FEMALE_MONTHS = 50  # Quebec adds it to the month of birth of a woman


def _is_health_number(number: str) -> bool:
    """Whether `number` is one of British Columbia, Ontario (with or without its version) or Quebec
    (name and birth)."""
    if number[:4].isalpha():
        month, day = int(number[6:8]), int(number[8:10])
        return 1 <= month % _FEMALE_MONTHS <= 12 and 1 <= day <= 31
    digits = number[:_HEALTH_DIGITS]
    return bool(bc_phn.is_valid(digits) or luhn.is_valid(digits))


NUMBERS = (
    # Nine digits with one check digit: a telephone number passes too often to count at home.
    NumberFormat(
        kind="CA_SIN",
        about="Canadian social insurance numbers",
        pattern=r"\d{3}([ \-]?)\d{3}\1\d{3}",
        digits=9,
        counts="named",
        words=("sin", "social insurance", "assurance sociale", "nas"),
        places=_HOME,
        is_valid=sin.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="CA_HEALTH_NUMBER",
        about="Health insurance numbers of British Columbia, Ontario and Quebec",
        pattern=r"\d{4}[ \-]?\d{3}[ \-]?\d{3}(?:[ \-]?[A-Z]{2})?|[A-Z]{4} ?\d{4} ?\d{4}",
        digits=8,
        counts="named",
        words=("health card", "health number", "health insurance", "ohip", "phn", "msp", "ramq",
               "assurance maladie", "carte sante", "carte soleil"),
        places=_HOME,
        is_valid=_is_health_number,
        checksum=True,
    ),
    NumberFormat(
        kind="CA_POSTCODE",
        placeholder=ADDRESS,
        about="Canadian postcodes",
        # Small letters only with a space or hyphen between the halves: "order a1b2c3" has none.
        pattern=rf"{_OUTWARD}[ \-]{_INWARD}|(?-i:{_OUTWARD}{_INWARD})",
        digits=3,
        quick=r"\d[A-Za-z][ \-]?\d",
        counts="home",
        words=("postal", "postcode", "address", "adresse", "live at", "street",
               "habite", "rue", "avenue"),
        places=_HOME,
    ),
    NumberFormat(
        kind="CA_PASSPORT",
        placeholder=PASSPORT,
        about="Canadian passports",
        pattern=r"[A-Z]{2}\d{6}|[A-Z]\d{6}[A-Z]{2}",
        digits=6,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
)  # fmt: skip
