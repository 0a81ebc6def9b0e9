"""Texts that an operator never wants to see published."""

from __future__ import annotations

from presidio_analyzer import PatternRecognizer

from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.rule import DENIED


def rule(texts: tuple[str, ...]) -> PatternRule:
    """Whole words, any case. `texts` is not empty."""
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity=DENIED, name="DenyListRecognizer", deny_list=list(texts)
        ),
        about="The operator's own list.",
        gate=Prefilter(),
        checksum=True,
    )
