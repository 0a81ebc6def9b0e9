"""Numbers of Japan."""

from __future__ import annotations

from stdnum.jp import cn, in_

from gateway.pii.placeholders import COMPANY_NUMBER, PASSPORT
from gateway.pii.recognizers.national import DRIVING_LICENCE_STEMS, PASSPORT_STEMS, NumberFormat

_HOME = ("ja", "JP")

NUMBERS = (
    NumberFormat(
        kind="JP_MY_NUMBER",
        about="Japanese individual numbers",
        pattern=r"\d{4}([ \-]?)\d{4}\1\d{4}",
        digits=12,
        counts="home",
        words=("マイナンバー", "個人番号", "my number"),
        places=_HOME,
        is_valid=in_.is_valid,
        checksum=True,
        read_out=True,
    ),
    NumberFormat(
        kind="JP_CORPORATE_NUMBER",
        placeholder=COMPANY_NUMBER,
        about="Japanese corporate numbers",
        pattern=r"T?\d([ \-]?)\d{4}\1\d{4}\1\d{4}",
        digits=13,
        counts="named",
        words=("法人番号", "登録番号", "インボイス", "corporate number"),
        places=_HOME,
        is_valid=lambda number: bool(cn.is_valid(number.lstrip("T"))),
        checksum=True,
    ),
    NumberFormat(
        kind="JP_PASSPORT",
        placeholder=PASSPORT,
        about="Japanese passports",
        pattern=r"[A-Z]{2} ?\d{7}",
        digits=7,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
    NumberFormat(
        kind="JP_DRIVER_LICENSE",
        about="Japanese driving licences",
        pattern=r"\d{12}|\d{4}([ \-])\d{4}\1\d{4}",
        digits=12,
        counts="named",
        words=("運転免許", "免許証", *DRIVING_LICENCE_STEMS),
        places=_HOME,
    ),
)
