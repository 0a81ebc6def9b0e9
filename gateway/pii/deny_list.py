"""The operator's deny-list: texts that are always found."""

from __future__ import annotations

from presidio_analyzer import PatternRecognizer

from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import REMOVED
from gateway.pii.rule import DENIED


def rule(texts: tuple[str, ...]) -> PatternRule:
    """The rule that finds each of `texts` as whole words in any case. `texts` is not empty."""
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity=DENIED, name="DenyListRecognizer", deny_list=list(texts)
        ),
        placeholder=REMOVED,
        about="The operator's own list.",
        gate=Prefilter(),
        checksum=True,
    )
