"""Scores groups of digits as telephone numbers, whatever the words around them."""

from __future__ import annotations

import re
from itertools import pairwise

import phonenumbers

INTERNATIONAL, POSSIBLE, FORMATTED, TRUNK, BARE, SHAPED = 0.9, 0.6, 0.7, 0.65, 0.4, 0.2
"""Scores, in this order: a valid number with a country code; a possible one with a country code; a
number valid in a region, in three or more groups of digits; the same in fewer groups, with its
leading 0; the same without it; anything else with the right number of digits."""

_NANP = ("US",)
_REGIONS = {
    "en": ("US", "GB", "AU", "IN", "IE", "NZ", "ZA"),
    "fr": ("FR", "BE", "CH", "US", "RE", "GP"),
    "de": ("DE", "AT", "CH"),
    "es": ("ES", "MX", "AR", "CO", "CL", "PE"),
    "it": ("IT", "CH"),
    "pt": ("PT", "BR"),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "sv": ("SE",),
    "da": ("DK",),
    "no": ("NO",),
    "fi": ("FI",),
    "cs": ("CZ",),
    "ro": ("RO",),
    "hu": ("HU",),
    "el": ("GR",),
    "tr": ("TR",),
    "ru": ("RU",),
    "uk": ("UA",),
    "zh": ("CN", "TW", "HK"),
    "ja": ("JP",),
    "ko": ("KR",),
    "ar": ("MA", "DZ", "TN", "EG", "SA", "AE"),
    "he": ("IL",),
    "hi": ("IN",),
    "vi": ("VN",),
    "id": ("ID",),
}
_ALWAYS = ("FR", "US", "GB")
_TRUNKLESS = frozenset(
    {"ES", "PT", "PL", "DK", "NO", "CZ", "GR", "HK", "CN", "CL", "MX", "IT", "TN"}
)
"""Regions whose national numbers are dialled without a leading 0."""

_DATE = re.compile(
    r"(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:(?:19|20)\d\d|\d\d)"
    r"|(?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])[-./ ](?:19|20)\d\d"
    r"|(?:1[89]|20)\d\d ?[-/\u2013] ?(?:1[89]|20)\d\d"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
)
_DATES = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d ?[-./,] ?(?:0?[1-9]|1[0-2]) ?[-./,] ?(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01]) ?[-./,] ?(?:0?[1-9]|[12]\d|3[01]) ?[-./,] ?(?:19|20)\d\d)(?!\d)"
)
_OTHER_SHAPES = re.compile(
    r"\d{3}-\d\d-\d{4}"  # SSN
    r"|\d{1,3}(?:\.\d{1,3}){3}"  # IPv4
    r"|(?:\d{1,2} )?\d{1,3}\.\d{1,2}(?: \d{1,3}\.\d{1,2})+(?: \d{1,3})?"  # decimals
    r"|(?:19|20)\d\d(?:[ .,/\-]{1,3}(?:19|20)\d\d)+"  # years
    r"|\d{12,}"
    r"|\d{5}-\d{3,4}"  # postcodes of Brazil and the United States
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}([ .,])\d{3}(?:\1\d{3})*")
_GROUP = re.compile(r"\d+")
_TRUNK_DIGIT = re.compile(r"\(0\)")
_LEAST_DIFFERENT = 3  # distinct digits of a number; fewer are a row of zeros or the like
_LEAST_COUNTED = 3  # numbers of a count such as "1 2 3"; two are always equally spaced


def regions_of(places: frozenset[str]) -> tuple[str, ...]:
    """The regions in which a national number may be meant."""
    regions = dict.fromkeys(_ALWAYS)
    for place in sorted(places):
        if place in _REGIONS:
            regions.update(dict.fromkeys(_REGIONS[place]))
        elif place in phonenumbers.SUPPORTED_REGIONS:
            regions[place] = None
    return tuple(regions)


def dates_in(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The spans of dates in `text[start:end]`. No number extends into one."""
    return [match.span() for match in _DATES.finditer(text, start, end)]


def shape(value: str, regions: tuple[str, ...]) -> float:
    """The score of `value`, digits with signs between them; 0 if it is no telephone number."""
    digits = "".join(str(int(char)) for char in value if char.isdecimal())
    if len(set(digits)) < _LEAST_DIFFERENT or _DATE.fullmatch(value) or counts(value):
        return 0.0
    if "+" in value[:2] or digits.startswith("00"):
        return _score_international(value, digits)
    if _OTHER_SHAPES.fullmatch(value):
        return 0.0
    return _score_national(value, digits, regions)


def counts(value: str) -> bool:
    """Whether the groups of `value` are equally spaced numbers: "1 2 3 4", "2024, 2025, 2026"."""
    groups = [int(group) for group in _GROUP.findall(value)]
    steps = {after - before for before, after in pairwise(groups)}
    return len(groups) >= _LEAST_COUNTED and len(steps) == 1


def is_valid_abroad(digits: str) -> bool:
    """Whether `digits`, with country code and without "+", are a valid number."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse("+" + digits, None))
    except phonenumbers.NumberParseException:
        return False


def _score_international(value: str, digits: str) -> float:
    # "+33 (0)6 …": the trunk digit is written, not dialled.
    without = _TRUNK_DIGIT.sub("", value)
    number = "".join(char for char in without if char.isdecimal()) if without != value else digits
    explicit = "+" in value[:2]
    try:
        parsed = phonenumbers.parse("+" + (number if explicit else number.removeprefix("00")), None)
    except phonenumbers.NumberParseException:
        return SHAPED
    if phonenumbers.is_valid_number(parsed):
        return INTERNATIONAL
    return POSSIBLE if explicit and phonenumbers.is_possible_number(parsed) else SHAPED


def _score_national(value: str, digits: str, regions: tuple[str, ...]) -> float:
    thousands = _THOUSANDS.fullmatch(value) is not None
    for region in regions:
        if _looks_national(digits, region, thousands) and _is_valid_in(digits, region):
            if len(_GROUP.findall(value)) > 2:
                return FORMATTED
            return TRUNK if digits[0] == "0" else BARE
    return 0.0 if thousands and value.endswith("00") else SHAPED


def _looks_national(digits: str, region: str, thousands: bool) -> bool:
    """Quick test of length and prefix that every valid number passes, before phonenumbers
    parses."""
    if region in _NANP:
        national = digits.removeprefix("1")
    elif region in _TRUNKLESS:
        national = digits
    elif digits[0] == "0":
        national, thousands = digits[1:], False
    else:
        return False
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if thousands or metadata is None or metadata.general_desc is None:
        return False
    pattern = metadata.general_desc.national_number_pattern
    return pattern is not None and re.fullmatch(pattern, national) is not None


def _is_valid_in(digits: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, region))
    except phonenumbers.NumberParseException:
        return False
