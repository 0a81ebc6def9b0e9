"""Numbers of Portugal."""

from __future__ import annotations

from stdnum.pt import cc, nif

from gateway.pii.placeholders import PASSPORT
from gateway.pii.recognizers.national import PASSPORT_STEMS, NumberFormat

_HOME = ("PT",)

NUMBERS = (
    NumberFormat(
        kind="PT_NIF",
        about="Portuguese tax identification numbers",
        # Nine digits with one check digit: a telephone number passes too often.
        pattern=r"(?:PT ?)?\d{3}( ?)\d{3}\1\d{3}",
        digits=9,
        counts="named",
        words=("nif", "contribuinte", "nipc", "numero fiscal"),
        places=_HOME,
        is_valid=nif.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="PT_CITIZEN_CARD",
        about="Portuguese cartão de cidadão, with its version and check digits",
        pattern=r"\d{8}[ \-]?\d[ \-]?[A-Z][A-Z0-9]\d",
        digits=10,
        counts="home",
        words=("cartao de cidadao", "cartao cidadao", "citizen card", "bilhete de identidade",
               "cc n"),
        places=("pt", "PT"),
        is_valid=cc.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="PT_PASSPORT",
        placeholder=PASSPORT,
        about="Portuguese passports",
        pattern=r"[A-Z]{1,2} ?\d{6}",
        digits=6,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
)  # fmt: skip
