"""Codes of places where a person may be: countries (ISO 3166-1) and subdivisions (ISO 3166-2), both
by the library pycountry, and EU.

A code that is not assigned is refused where it comes in. One that came in before that counts as
unknown, and the unknown takes the strictest rule.
"""

from __future__ import annotations

import re
from typing import Any

import pycountry

CODE = r"[A-Z]{2}(-[A-Z0-9]{1,3})?"
"""The pattern of a code, assigned or not."""
_LONGEST_NAME = 60
"""Characters of a name that is looked up for a suggestion; no country's is longer."""

_RESERVED = {
    **{"EL": "GR", "UK": "GB"},
    **{"FX": "FR", "CP": "FR", "IC": "ES", "EA": "ES", "AC": "SH", "TA": "SH"},
    **{"FR-75": "FR-75C"},
}
"""Codes that ISO 3166 keeps for a country, or for a part of one, and the code that it assigns.
Paris had another until 2021."""
_NOT_IN_ISO_3166 = frozenset({"EU", "XK"})
"""Codes that are taken all the same. XK is Kosovo, in general use."""
_MISTAKEN = {"EN": "GB", "JA": "JP", "KO": "KR", "ZH": "CN", "CS": "CZ", "DA": "DK", "SP": "ES"}
"""Codes of languages, and others that are mistaken for a country's. None is assigned."""

_TERRITORIES = {
    "FR": "BL GF GP MF MQ NC PF PM RE TF WF YT",
    "US": "AS GU MP PR UM VI",
    "NL": "AW BQ CW SX",
    "DK": "FO GL",
    "FI": "AX",
    "NO": "BV SJ",
    "GB": "AI BM FK GG GI GS IM IO JE KY MS PN SH TC VG",
    "AU": "CC CX HM NF",
    "NZ": "CK NU TK",
}
"""Countries, and the territories of theirs that have an ISO 3166-1 code of their own. Whether a law
of the country holds there differs from law to law: the strictest is assumed. Hong Kong, Macao and
Taiwan are not listed: the duties of mainland China do not hold there."""
_COUNTRY_OF = {code: country for country, codes in _TERRITORIES.items() for code in codes.split()}


def jurisdiction(given: str) -> str:
    """The code that is meant by `given`: itself, GR for EL, GB for UK. Raises ValueError, with the
    mend, for what ISO 3166 does not assign."""
    if re.fullmatch(CODE, given) is None:
        raise ValueError(f"must be a code such as FR, US-CA or EU{_suggestion(given)}")
    country, _, within = given.partition("-")
    country = _RESERVED.get(country, country)
    if not within:
        if is_assigned(country):
            return country
        raise ValueError(
            f"{country} is no country in ISO 3166-1{_suggestion(country) or '.'} "
            "Leave it out where the place is not known"
        )
    code = _RESERVED.get(f"{country}-{within}", f"{country}-{within}")
    if is_assigned(code):
        return code
    if _COUNTRY_OF.get(within) == country:
        return within
    if not is_assigned(country):
        return jurisdiction(country)  # raises
    raise ValueError(f"{code} is no subdivision in ISO 3166-2; give {country} if it is not known")


def load_codes() -> None:
    """Read the tables of pycountry now: otherwise the first message of a state waits for them, a
    tenth of a second."""
    is_assigned("FR")
    is_assigned("FR-13")


def is_assigned(code: str) -> bool:
    """Whether ISO 3166 assigns `code` to a country or a subdivision; EU counts as well."""
    if "-" in code:
        subdivisions: Any = pycountry.subdivisions  # untyped
        return subdivisions.get(code=code) is not None
    return code in _NOT_IN_ISO_3166 or pycountry.countries.get(alpha_2=code) is not None


def around(code: str) -> tuple[str, ...]:
    """`code` and what it lies in, the nearest first: US-CA, US; RE, FR; PR, US-PR, US. Whether
    it is assigned is not asked."""
    country, _, within = code.partition("-")
    if within:
        return (code, *around(country))
    state = _COUNTRY_OF.get(code)
    if state is None:
        return (code,)
    subdivision = f"{state}-{code}"
    return (code, subdivision, state) if is_assigned(subdivision) else (code, state)


def _suggestion(given: str) -> str:
    code = _MISTAKEN.get(given.upper())
    if code is None and len(given) <= _LONGEST_NAME:
        try:
            code = pycountry.countries.lookup(given.strip()).alpha_2
        except LookupError:
            code = _RESERVED.get(given.upper())
    return "" if code is None else f"; did you mean {code}?"
