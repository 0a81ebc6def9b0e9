"""French passports."""

from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.context import context
from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import PASSPORT


def rule() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="FR_PASSPORT",
            name="FrPassportRecognizer",
            patterns=[Pattern("passport", r"(?<![\w\-])\d{2} ?[A-Z]{2} ?\d{5}(?![\w\-])", 0.3)],
        ),
        placeholder=PASSPORT,
        about="2 digits, 2 letters, 5 digits beside the word passport.",
        gate=Prefilter(digits=7),
        context=context(en=("passport",), fr=("passeport",), es=("pasaporte",), de=("reisepass",)),
    )
