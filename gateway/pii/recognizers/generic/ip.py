"""Internet addresses."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import IpRecognizer

from gateway.pii.message import Prefilter, ScannedText
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import IP_ADDRESS

_SURE_COLONS = 3  # from so many colons on, an IPv6 address needs no digit
_DOTS, _COLONS = 3, 2  # of any IPv4 and IPv6 address, at least
_QUICK = re.compile(r"\.\d{1,3}\.\d|::|:[0-9a-fA-F]{1,4}:")


def _is_address(message: ScannedText, start: int, end: int) -> bool:
    """Whether the match is neither a version number ("v1.2.3.4") nor a short IPv6 form without
    digits ("a::b")."""
    text = message.text
    value = text[start:end]
    if ":" in value and value.count(":") < _SURE_COLONS and not any(c.isdigit() for c in value):
        return False
    before = text[max(0, start - 9) : start].lower().rstrip(" .:")
    return not before.endswith((" v", "version", "(v")) and before != "v"


def defanged() -> PatternRule:
    octet = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
    dot = r"(?: ?[(\[{](?:\.|dot|point)[)\]}] ?| dot | point | \. )"
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="IP_ADDRESS",
            name="DefangedIpRecognizer",
            patterns=[Pattern("IPv4", rf"(?<!\d){octet}(?:{dot}{octet}){{3}}(?!\d)", 0.6)],
        ),
        placeholder=IP_ADDRESS,
        about="IPv4 addresses with their dots in brackets, in words or apart.",
        gate=Prefilter(digits=4, groups=((" . ", "dot", "point", "[.", "(.", "{."),)),
    )


def rule() -> PatternRule:
    return PatternRule(
        recognizer=IpRecognizer(),
        placeholder=IP_ADDRESS,
        about="IPv4 and IPv6 addresses and networks.",
        gate=Prefilter(times=((".", _DOTS), (":", _COLONS)), quick=_QUICK),
        accepts=_is_address,
    )
