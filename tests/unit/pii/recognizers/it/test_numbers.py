from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("RSSMRA85T10A562S !", "it", "IT_FISCAL_CODE", "RSSMRA85T10A562S"),
        ("my code is rss mra 85t10 a562s", "en", "IT_FISCAL_CODE", "rss mra 85t10 a562s"),
        ("partita IVA 07643520567", "it", "IT_VAT_CODE", "07643520567"),
        ("P.IVA IT07643520567", "it", "IT_VAT_CODE", "IT07643520567"),
        ("la mia carta d’identità è CA12345AB".replace("’", "\x27"), "it", "IT_IDENTITY_CARD",
         "CA12345AB"),
        ("patente U1B234567X", "it", "IT_DRIVER_LICENSE", "U1B234567X"),
        ("Passaporto YA1234567", "it", "IT_PASSPORT", "YA1234567"),
        ("un\x27auto targata AB 123 CD", "it", "IT_PLATE", "AB 123 CD"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("codice fiscale RSSMRA85T10A562T", "it"),
        ("partita IVA 07643520568", "it"),
        ("07643520567 !", "it"),
        ("CA12345AB !", "it"),
        ("volo AZ1234567", "it"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
