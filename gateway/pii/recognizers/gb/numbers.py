"""Numbers of the United Kingdom."""

from __future__ import annotations

from stdnum.gb import nhs, utr

from gateway.pii.placeholders import ADDRESS, PASSPORT, PLATE
from gateway.pii.recognizers.national import DRIVING_LICENCE_STEMS, PASSPORT_STEMS, NumberFormat

_HOME = ("GB",)
_PREFIXES = r"(?!BG|GB|NK|KN|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
_OUTWARD = r"(?:[A-PR-UWYZ](?:\d[A-HJKPSTUW\d]?|[A-HK-Y]\d[ABEHMNPRVWXY\d]?))"

NUMBERS = (
    NumberFormat(
        kind="UK_NINO",
        about="British national insurance numbers",
        pattern=rf"{_PREFIXES} ?\d{{2}} ?\d{{2}} ?\d{{2}} ?[A-D]",
        digits=6,
        counts="home",
        words=("national insurance", "nino", "ni number", "ni no"),
        places=_HOME,
    ),
    NumberFormat(
        kind="UK_NHS",
        about="British NHS numbers",
        pattern=r"\d{3}[ \-]?\d{3}[ \-]?\d{4}",
        digits=10,
        counts="named",
        words=("nhs", "national health"),
        places=_HOME,
        is_valid=nhs.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="UK_UTR",
        about="British unique taxpayer references",
        pattern=r"\d{5} ?\d{5}K?|\d{2} \d{5} \d{3}",
        digits=10,
        counts="named",
        words=("utr", "unique taxpayer", "taxpayer reference", "self assessment",
               "self-assessment", "hmrc"),
        places=_HOME,
        is_valid=lambda number: bool(utr.is_valid(number.rstrip("K"))),
        checksum=True,
    ),
    NumberFormat(
        kind="UK_PASSPORT",
        placeholder=PASSPORT,
        about="British passports",
        pattern=r"\d{9}|[A-Z]{2}\d{7}",
        digits=7,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
    NumberFormat(
        kind="UK_DRIVING_LICENCE",
        about="British driving licences: surname, date of birth and initials in 16 characters",
        pattern=r"(?=[A-Z]+9*\d)[A-Z9]{5} ?\d(?:0[1-9]|1[0-2]|5[1-9]|6[0-2])"
        r"(?:0[1-9]|[12]\d|3[01])\d ?[A-Z][A-Z9][A-Z0-9] ?[A-Z]{2}",
        digits=6,
        quick=r"[A-Za-z9] ?\d[0156]\d[0-3]\d\d ?[A-Za-z]",
        counts="anywhere",
        words=(*DRIVING_LICENCE_STEMS, "dvla"),
        places=_HOME,
    ),
    NumberFormat(
        kind="UK_POSTCODE",
        placeholder=ADDRESS,
        about="British postcodes",
        pattern=rf"(?-i:{_OUTWARD} ?\d[ABD-HJLNP-UW-Z]{{2}})|{_OUTWARD} \d[ABD-HJLNP-UW-Z]{{2}}",
        digits=2,
        quick=r"\d[A-Za-z]{2}(?![A-Za-z])",
        counts="home",
        words=("postcode", "post code", "postal", "address", "live at", "live in",
               "lives at", "road", "street", "avenue", "flat"),
        places=_HOME,
    ),
    NumberFormat(
        kind="UK_PLATE",
        placeholder=PLATE,
        about="British plates since 2001",
        pattern=r"(?-i:[A-HJ-PR-Y]{2}(?:0[1-9]|[1-7]\d) ?[A-HJ-PR-Z]{3})"
        r"|[A-HJ-PR-Y]{2}(?:0[1-9]|[1-7]\d) [A-HJ-PR-Z]{3}",
        digits=2,
        quick=r"\d\d ?[A-Za-z]{3}(?![A-Za-z])",
        counts="home",
        words=("plate", "number plate", "registration", "reg", "vehicle"),
        places=_HOME,
    ),
)  # fmt: skip
