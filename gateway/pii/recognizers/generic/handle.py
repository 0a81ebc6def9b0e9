"""Names on platforms: "@lea"."""

from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import HANDLE

_HANDLE = r"@(?<![\w@./&=+\-]@)\w(?:[\w.\-]{0,62}\w)?(?!@)"


def rule() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="HANDLE",
            name="HandleRecognizer",
            patterns=[Pattern("handle", _HANDLE, 0.5)],
        ),
        placeholder=HANDLE,
        about="A name behind @. Advisory: who is named on a platform is often meant to be.",
        gate=Prefilter(groups=(("@",),)),
        advisory=True,
        timed=False,
    )
