"""Numbers of Italy."""

from __future__ import annotations

from stdnum.it import codicefiscale, iva

from gateway.pii.placeholders import COMPANY_NUMBER, PASSPORT, PLATE
from gateway.pii.recognizers.national import PASSPORT_STEMS, NumberFormat

_HOME = ("it", "IT")
# Where two people would have the same code, some digits are written as letters.
_DIGIT = "[0-9LMNPQRSTUV]"
_LEAST_DIGITS = 4  # of the seven that a code usually has


def _is_fiscal_code(value: str) -> bool:
    return sum(map(str.isdigit, value)) >= _LEAST_DIGITS and bool(codicefiscale.is_valid(value))


NUMBERS = (
    NumberFormat(
        kind="IT_FISCAL_CODE",
        about="Italian codice fiscale of people",
        pattern=rf"[A-Z]{{3}} ?[A-Z]{{3}} ?{_DIGIT}{{2}}[ABCDEHLMPRST]{_DIGIT}{{2}} ?"
        rf"[A-Z]{_DIGIT}{{3}}[A-Z]",
        digits=_LEAST_DIGITS,
        quick=r"[A-Za-z]{3} ?[\dL-Vl-v]{2}[A-Ta-t][\dL-Vl-v]{2} ?[A-Za-z][\dL-Vl-v]{3}[A-Za-z]",
        counts="anywhere",
        words=("fiscale", "cf"),
        places=_HOME,
        is_valid=_is_fiscal_code,
        checksum=True,
    ),
    NumberFormat(
        kind="IT_VAT_CODE",
        placeholder=COMPANY_NUMBER,
        about="Italian partita IVA",
        pattern=r"(?:IT ?)?\d{11}",
        digits=11,
        counts="named",
        words=("partita iva", "p.iva", "p. iva", "piva", "p iva", "vat"),
        places=_HOME,
        is_valid=iva.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="IT_IDENTITY_CARD",
        about="Italian identity cards",
        pattern=r"[A-Z]{2} ?\d{7}|\d{7} ?[A-Z]{2}|[A-Z]{2} ?\d{5} ?[A-Z]{2}",
        digits=5,
        counts="named",
        words=("carta d'identita", "carta di identita", "carta identita", "documento d'identita",
               "identity card", "id card"),
        places=_HOME,
    ),
    NumberFormat(
        kind="IT_DRIVER_LICENSE",
        about="Italian driving licences",
        pattern=r"[A-Z]{2}\d{7}[A-Z]|U1[BCDEFGHLJKMNPRSTUWYXZ0-9]{7}[A-Z]",
        digits=1,
        counts="named",
        words=("patente", "licenza di guida", "driving licen"),
        places=_HOME,
    ),
    NumberFormat(
        kind="IT_PASSPORT",
        placeholder=PASSPORT,
        about="Italian passports",
        pattern=r"[A-Z]{2} ?\d{7}",
        digits=7,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
    NumberFormat(
        kind="IT_PLATE",
        placeholder=PLATE,
        about="Italian plates",
        pattern=r"[A-HJ-NPR-TV-Z]{2} ?\d{3} ?[A-HJ-NPR-TV-Z]{2}",
        digits=3,
        counts="named",
        words=("targa", "targata", "targato"),
        places=_HOME,
    ),
)  # fmt: skip
