"""US taxpayer numbers of people without a social security number."""

from __future__ import annotations

from presidio_analyzer.predefined_recognizers import UsItinRecognizer

from gateway.pii.context import context
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import IDENTITY_NUMBER


def rule() -> PatternRule:
    return PatternRule(
        recognizer=UsItinRecognizer(),
        placeholder=IDENTITY_NUMBER,
        about="9 digits from 9 on with the groups the IRS gives out.",
        gate=Prefilter(digits=9),
        context=context(en=("itin", "taxpayer", "tax id", "taxid", "tin")),
    )
