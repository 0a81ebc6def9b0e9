"""Street addresses as written in English."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import ADDRESS

_KINDS = (
    "Street", "St", "Avenue", "Ave", "Road", "Rd", "Boulevard", "Blvd", "Lane", "Ln", "Drive", "Dr",
    "Court", "Ct", "Place", "Pl", "Terrace", "Ter", "Way", "Parkway", "Pkwy", "Circle", "Cir",
    "Highway", "Hwy", "Square", "Sq", "Crescent", "Close", "Mews", "Grove", "Gardens", "Row",
    "Alley", "Trail", "Loop", "Plaza",
)  # fmt: skip
_KIND = rf"(?:{'|'.join(sorted(_KINDS, key=len, reverse=True))})"
_WORD = (
    r"(?!(?:On|The|Of|In|To|And|By|My|Your|This|That|All|For|A|Is|Are)\b)"
    r"(?:[A-Z][A-Za-z'’\-]{0,30}|\d{1,3}(?:st|nd|rd|th))"
)
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.? ?#?\w{1,6})?"
_PLACE = r",? [A-Z][A-Za-z'’\- ]{1,30}"
# ZIP code; British and Canadian postcodes.
_TOWN = (
    rf"(?:{_PLACE},? [A-Z]{{2}},? (?:\d{{5}}(?:-\d{{4}})?|[A-Z]\d[A-Z] ?\d[A-Z]\d)"
    rf"|(?:{_PLACE}){{0,2}},? [A-Z]{{1,2}}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{{2}}(?!\w))"
)
_STREET = (
    rf"(?<![\w.,:/$€£#\-])\d{{1,5}}[A-Za-z]? (?:[NSEW]\.? )?"
    rf"{_WORD}(?: {_WORD}){{0,3}} {_KIND}(?![\w'’\-])\.?{_UNIT}"
)
_QUICK = re.compile(
    r"\d[A-Za-z]? (?:[NSEW]\.? )?(?:[A-Z][A-Za-z'’\-]{0,30} |\d{1,3}[a-z]{2} ){1,4}"
    rf"{_KIND}(?!\w)"
)


def rule() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="STREET_ADDRESS",
            name="EnStreetRecognizer",
            patterns=[
                Pattern("street", _STREET, 0.65),
                # Scores above a postcode alone, so that the whole address is one hit.
                Pattern("street, town and code", rf"{_STREET}{_TOWN}", 0.95),
            ],
            global_regex_flags=0,
        ),
        placeholder=ADDRESS,
        about="A number, capitalised words and Street, Road, Avenue and the like; with the unit, "
        "town, state and ZIP code or postcode that follow.",
        gate=Prefilter(digits=1, quick=_QUICK),
    )
