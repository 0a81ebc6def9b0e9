from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]

NUMBERS = (
    ("es", "ES_NIF", "12345678Z", "DNI"),
    ("es", "ES_NIE", "X1234567L", "NIE"),
    ("it", "IT_FISCAL_CODE", "RSSMRA85T10A562S", "codice fiscale"),
    ("pl", "PL_PESEL", "44051401359", "PESEL"),
    ("DE", "DE_TAX_ID", "86095742719", "Steuer-ID"),
    ("de", "DE_SOCIAL_SECURITY", "15070649C103", "Rentenversicherungsnummer"),
    ("fi", "FI_PERSONAL_IDENTITY_CODE", "131052-308T", "henkilötunnus"),
    ("sv", "SE_PERSONNUMMER", "811218-9876", "personnummer"),
    ("tr", "TR_NATIONAL_ID", "10000000146", "kimlik"),
    ("IN", "IN_AADHAAR", "2341 2341 2346", "aadhaar"),
    ("GB", "UK_NINO", "AB 12 34 56 C", "national insurance"),
)


@pytest.mark.parametrize(("place", "kind", "number", "word"), NUMBERS)
def test_numbers_count_where_they_belong_or_beside_their_name(
    find: Find, place: str, kind: str, number: str, word: str
) -> None:
    assert (kind, number) in find(f"{number} !", place)
    assert (kind, number) in find(f"{word} {number}", "en")
    assert kind not in [found for found, _ in find(f"{number} !", "en", "US")]
    assert kind not in [found for found, _ in find(f"{number} !")]
