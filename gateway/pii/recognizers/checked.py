"""Identity numbers that Presidio does not know, or not by their checksum: python-stdnum checks."""

from __future__ import annotations

from collections.abc import Callable

from presidio_analyzer import Pattern, PatternRecognizer
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.cn import ric
from stdnum.exceptions import ValidationError
from stdnum.in_ import pan
from stdnum.jp import in_ as my_number
from stdnum.pt import nif

_SCORE = 0.85
_BEFORE, _AFTER = r"(?<![\w.,+\-/=#@])", r"(?![\w/=@])(?![.,\-]\d)"


class CheckedRecognizer(PatternRecognizer):
    """What `pattern` matches and `is_valid` accepts. All digits alike is nobody's number."""

    def __init__(self, kind: str, name: str, pattern: str, is_valid: Callable[[str], bool]) -> None:
        whole = f"{_BEFORE}(?:{pattern}){_AFTER}"
        super().__init__(supported_entity=kind, name=name, patterns=[Pattern(name, whole, _SCORE)])
        self._is_valid = is_valid

    def validate_result(self, pattern_text: str) -> bool | None:
        digits = {char for char in pattern_text if char.isdigit()}
        if not pattern_text.isascii() or len(digits) < 2:
            return False
        return None if self._is_valid(pattern_text) else False


def br_cpf() -> CheckedRecognizer:
    return CheckedRecognizer(
        "BR_CPF", "BrCpfRecognizer", r"\d{3}\.\d{3}\.\d{3}-\d{2}|\d{11}", cpf.is_valid
    )


def ca_sin() -> CheckedRecognizer:
    return CheckedRecognizer("CA_SIN", "CaSinRecognizer", r"\d{3}([ -]?)\d{3}\1\d{3}", sin.is_valid)


def cn_identity() -> CheckedRecognizer:
    return CheckedRecognizer("CN_ID", "CnIdRecognizer", r"\d{17}[\dXx]", _is_cn_identity)


def in_pan() -> CheckedRecognizer:
    return CheckedRecognizer("IN_PAN", "InPanRecognizer", r"[A-Za-z]{5}\d{4}[A-Za-z]", pan.is_valid)


def jp_my_number() -> CheckedRecognizer:
    return CheckedRecognizer(
        "JP_MY_NUMBER", "JpMyNumberRecognizer", r"\d{4}([ -]?)\d{4}\1\d{4}", my_number.is_valid
    )


def pt_nif() -> CheckedRecognizer:
    return CheckedRecognizer("PT_NIF", "PtNifRecognizer", r"\d{3}( ?)\d{3}\1\d{3}", nif.is_valid)


def _is_cn_identity(number: str) -> bool:
    """A date and the check digit; not the county, whose number may have been withdrawn."""
    try:
        ric.get_birth_date(number)
        return bool(ric.calc_check_digit(number) == number[-1].upper())
    except ValidationError:
        return False
