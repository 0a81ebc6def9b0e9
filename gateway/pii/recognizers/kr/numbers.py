"""Numbers of Korea."""

from __future__ import annotations

from presidio_analyzer.predefined_recognizers import KrBrnRecognizer

from gateway.pii.placeholders import COMPANY_NUMBER, PASSPORT
from gateway.pii.recognizers.national import (
    DRIVING_LICENCE_STEMS,
    PASSPORT_STEMS,
    NumberFormat,
    certain,
)

_HOME = ("ko", "KR")

NUMBERS = (
    # Numbers given out since October 2020 have no check digit, so none is checked.
    NumberFormat(
        kind="KR_RRN",
        about="Korean registration numbers of residents and foreigners: a date, and who they are",
        pattern=r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-?[1-8]\d{6}",
        digits=13,
        counts="home",
        words=("주민등록번호", "주민번호", "외국인등록번호", "resident registration", "rrn",
               "foreigner registration"),
        places=_HOME,
        read_out=True,
    ),
    NumberFormat(
        kind="KR_BRN",
        placeholder=COMPANY_NUMBER,
        about="Korean business registration numbers",
        pattern=r"\d{3}-?\d{2}-?\d{5}",
        digits=10,
        counts="named",
        words=("사업자등록번호", "사업자번호", "사업자", "business registration", "brn"),
        places=_HOME,
        is_valid=certain(KrBrnRecognizer()),
        checksum=True,
    ),
    NumberFormat(
        kind="KR_PASSPORT",
        placeholder=PASSPORT,
        about="Korean passports",
        pattern=r"[MSRODG]\d{8}|[MSRODG]\d{3}[A-Z]\d{4}",
        digits=7,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
    NumberFormat(
        kind="KR_DRIVER_LICENSE",
        about="Korean driving licences",
        pattern=r"(?:\d{2}|[가-힣]{2})[ \-]?\d{2}[ \-]?\d{6}[ \-]?\d{2}",
        digits=10,
        counts="named",
        words=("운전면허", "면허번호", *DRIVING_LICENCE_STEMS),
        places=_HOME,
    ),
)  # fmt: skip
