"""Numbers of the United States, except social security and taxpayer numbers (ssn.py, itin.py)."""

from __future__ import annotations

from stdnum.us import ein, rtn

from gateway.pii.placeholders import BANK_ACCOUNT, COMPANY_NUMBER, PASSPORT
from gateway.pii.recognizers.national import DRIVING_LICENCE_STEMS, PASSPORT_STEMS, NumberFormat

_HOME = ("US",)

NUMBERS = (
    NumberFormat(
        kind="US_EIN",
        placeholder=COMPANY_NUMBER,
        about="US employer identification numbers, with a prefix that the IRS gives out",
        pattern=r"\d{2}-?\d{7}",
        digits=9,
        counts="named",
        words=("ein", "fein", "employer identification", "employer id",
               "federal tax id"),
        places=_HOME,
        is_valid=ein.is_valid,
    ),
    NumberFormat(
        kind="US_PASSPORT",
        placeholder=PASSPORT,
        about="US passports",
        pattern=r"[A-Z]\d{8}|\d{9}",
        digits=8,
        counts="named",
        words=PASSPORT_STEMS,
        places=(*_HOME, "en"),
    ),
    NumberFormat(
        kind="US_DRIVER_LICENSE",
        about="US driver's licences, in the forms of the states",
        pattern=r"[A-Z]{1,2}\d{4,13}|[A-Z]\d{2,4}(?:[ \-]\d{2,4}){2,3}|\d{7,12}|\d{2}[A-Z]{3}\d{5}",
        digits=4,
        counts="named",
        words=DRIVING_LICENCE_STEMS,
        places=_HOME,
    ),
    NumberFormat(
        kind="US_BANK_ROUTING",
        placeholder=BANK_ACCOUNT,
        about="US bank routing numbers",
        pattern=r"\d{9}|\d{4}-\d{4}-\d",
        digits=9,
        counts="named",
        words=("routing", "aba", "rtn", "transit number"),
        places=_HOME,
        is_valid=rtn.is_valid,
        checksum=True,
    ),
)  # fmt: skip
