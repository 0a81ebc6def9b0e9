"""Numbers of China."""

from __future__ import annotations

from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from gateway.pii.placeholders import COMPANY_NUMBER, PASSPORT
from gateway.pii.recognizers.national import PASSPORT_STEMS, NumberFormat

_HOME = ("zh", "CN")


def _is_resident(number: str) -> bool:
    """Whether date and check digit of `number` hold. The county is not checked: its code may have
    been withdrawn."""
    try:
        ric.get_birth_date(number)
        return bool(ric.calc_check_digit(number) == number[-1])
    except ValidationError:
        return False


NUMBERS = (
    NumberFormat(
        kind="CN_ID",
        about="Chinese resident identity numbers",
        pattern=r"[1-9]\d{5} ?(?:19|20)\d{6} ?\d{3}[\dX]",
        digits=17,
        counts="anywhere",
        words=("身份证", "公民身份号码", "identity card"),
        places=_HOME,
        is_valid=_is_resident,
        checksum=True,
        read_out=True,
    ),
    NumberFormat(
        kind="CN_USCC",
        placeholder=COMPANY_NUMBER,
        about="Unified social credit codes of Chinese organisations",
        pattern=r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}",
        digits=8,
        counts="home",
        words=("统一社会信用代码", "信用代码", "纳税人识别号", "社会信用", "uscc", "credit code"),
        places=_HOME,
        is_valid=uscc.is_valid,
        checksum=True,
    ),
    NumberFormat(
        kind="CN_PASSPORT",
        placeholder=PASSPORT,
        about="Chinese passports",
        pattern=r"[EGDSPH]\d{8}|E[A-HJ-NP-Z]\d{7}",
        digits=7,
        counts="named",
        words=PASSPORT_STEMS,
        places=_HOME,
    ),
)
