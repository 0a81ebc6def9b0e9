"""Internet addresses."""

from __future__ import annotations

import re

from presidio_analyzer.predefined_recognizers import IpRecognizer

from gateway.pii.message import Gate, Message
from gateway.pii.rule import PatternRule

_GROUPS = 3
_QUICK = re.compile(r"\d\.\d{1,3}\.\d|::|[0-9a-fA-F]:[0-9a-fA-F]{1,4}:")


def _accepts(message: Message, start: int, end: int) -> bool:
    """Not a version number ("v1.2.3.4"), nor a short IPv6 form without digits ("a::b")."""
    text = message.text
    value = text[start:end]
    if ":" in value and value.count(":") < _GROUPS and not any(c.isdigit() for c in value):
        return False
    before = text[max(0, start - 9) : start].lower().rstrip(" .:")
    return not before.endswith((" v", "version", "(v")) and before != "v"


def rule() -> PatternRule:
    return PatternRule(
        recognizer=IpRecognizer(),
        about="IPv4 and IPv6 addresses and networks.",
        gate=Gate(quick=_QUICK),
        accepts=_accepts,
    )
