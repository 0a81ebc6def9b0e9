"""US social security numbers."""

from __future__ import annotations

from presidio_analyzer.predefined_recognizers import UsSsnRecognizer

from gateway.pii.context import context
from gateway.pii.message import Gate
from gateway.pii.pattern_rule import PatternRule


def rule() -> PatternRule:
    return PatternRule(
        recognizer=UsSsnRecognizer(),
        about="3, 2 and 4 digits, apart or beside a word such as “SSN”.",
        gate=Gate(digits=9),
        context=context(en=("ssn", "ssns", "social security", "socialsecurity", "social sec")),
    )
