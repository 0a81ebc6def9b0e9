from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("12345678Z !", "es", "ES_NIF", "12345678Z"),
        ("DNI 12345678Z", "en", "ES_NIF", "12345678Z"),
        ("mi dni es 12.345.678-Z", "es", "ES_NIF", "12.345.678-Z"),
        ("mi NIE: X1234567L", "es", "ES_NIE", "X1234567L"),
        ("NIE X-1234567-L", "en", "ES_NIE", "X-1234567-L"),
        ("el CIF de la empresa es B58378431", "es", "ES_CIF", "B58378431"),
        ("número de la seguridad social 28/12345678/40", "es", "ES_SOCIAL_SECURITY",
         "28/12345678/40"),
        ("Pasaporte AAA123456", "es", "ES_PASSPORT", "AAA123456"),
        ("mi coche tiene la matrícula 1234 BCD", "es", "ES_PLATE", "1234 BCD"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("DNI 12345678A", "es"),
        ("NIE X1234567A", "es"),
        ("el CIF es B58378432", "es"),
        ("seguridad social 28/12345678/41", "es"),
        ("AAA123456 !", "es"),
        ("el modelo 1234 BCD", "es"),
        ("tengo 12345678 y quiero más", "es"),
        ("12345678Z !", "en"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
