"""US bank accounts: an account number that is named as one, or stands beside a routing number."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer
from stdnum.us import rtn

from gateway.pii.characters import digits_of
from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import BANK_ACCOUNT

# The clearing house allows 4 to 17 digits; with fewer than 6 a number may be anything.
_ACCOUNT = r"(?<![\w.,#@/\-])(?:\d{6,17}|\d{2,9}(?:[ \-]\d{2,9}){1,4})(?![\w@]|[.,\-]\d)"
_LEAST_DIGITS, _MOST_DIGITS = 6, 17  # of an account number that counts
_NAME = r"(?:account|acct|acc|a/c)"
_WHAT = r"(?:numbers?|num|nbr|nr|no|#)"
_LABEL_BEFORE = re.compile(
    rf"(?<!\w){_NAME}(?:[ .]{{0,2}}{_WHAT}[ .]{{0,2}}|[ .]{{0,2}}(?=[:=#]))"
    r"(?:\(\w{1,9}\) ?)?(?:is|was|are)?[ :=#\-]{0,3}$"
)
_BARE_LABEL_BEFORE = re.compile(rf"(?<!\w){_NAME}[ .:=#\-]{{1,3}}$")
_LABEL_AFTER = re.compile(
    rf"^,? (?:is|as) (?:my|our|the|his|her|their) (?:\w{{1,9}} )?{_NAME} ?{_WHAT}"
)
_BANK = re.compile(
    r"(?<!\w)(?:bank\w{0,3}|checking|chequing|savings?|routing|aba|rtn|wire|direct deposit|ach|"
    r"payroll|deposit|zelle|venmo|chase|wells fargo|citi\w{0,4}|credit union)(?!\w)"
)
_ROUTING_WORD = re.compile(r"(?<!\w)(?:routing|aba|rtn|transit|r/n)(?!\w)")
_ROUTING = re.compile(r"(?<!\d)(\d{4}-?\d{4}-?\d)(?!\d)")
_JOINED = re.compile(r"^\W{1,4}(?:and |then )?$")
_WINDOW = 150  # characters around a number in which a bank or a routing number is looked for
_LABEL_CHARS = 40  # characters before a number in which its label is looked for


class BankNumberRecognizer(PatternRecognizer):
    """Finds numbers of 6 to 17 digits; `_is_account` decides by the text around them."""

    def __init__(self) -> None:
        super().__init__(
            supported_entity="US_BANK_NUMBER",
            name="UsBankNumberRecognizer",
            patterns=[Pattern("digits, in groups or not", _ACCOUNT, 0.85)],
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        digits = digits_of(pattern_text)
        if (
            not digits.isascii()
            or not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS
            or len(set(digits)) < 2
        ):
            return False
        return None


def _is_account(message: ScannedText, start: int, end: int) -> bool:
    """Whether the number is named as an account where a bank is mentioned, or follows a routing
    number directly."""
    lower = message.lower
    if len(lower) != len(message.text):  # a letter is longer in lower case: offsets would shift
        lower = message.text
    before = lower[max(0, start - _WINDOW) : start]
    if _follows_routing(before):
        return True
    after = lower[end : end + _WINDOW]
    named = _LABEL_BEFORE.search(before[-_LABEL_CHARS:]) or _LABEL_AFTER.search(after)
    if named is not None and (_BANK.search(before) or _BANK.search(after)):
        return True
    bare = _BARE_LABEL_BEFORE.search(before[-_LABEL_CHARS:])
    return bool(named or bare) and (_has_routing(before) or _has_routing(after))


def _follows_routing(before: str) -> bool:
    numbers = list(_ROUTING.finditer(before))
    if not numbers or not _is_routing(numbers[-1][1]):
        return False
    last = numbers[-1]
    said = _ROUTING_WORD.search(before, max(0, last.start() - _WINDOW), last.start())
    return said is not None and _JOINED.match(before[last.end() :]) is not None


def _has_routing(text: str) -> bool:
    return any(_is_routing(match[1]) for match in _ROUTING.finditer(text))


def _is_routing(number: str) -> bool:
    return bool(rtn.is_valid(number.replace("-", "")))


def rule() -> PatternRule:
    return PatternRule(
        recognizer=BankNumberRecognizer(),
        placeholder=BANK_ACCOUNT,
        about="6 to 17 digits named as an account number where a bank, a deposit or a valid "
        "routing number (ABA checksum) is spoken of, or right behind a named routing number.",
        gate=Prefilter(
            digits=_LEAST_DIGITS,
            groups=(("account", "acct", "acc ", "acc.", "acc:", "a/c", "routing", "aba", "rtn",
                     "transit", "r/n"),),
        ),
        accepts=_is_account,
    )  # fmt: skip
