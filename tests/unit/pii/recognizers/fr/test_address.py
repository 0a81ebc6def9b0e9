from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("au 12 rue de la Paix demain", "12 rue de la Paix"),
        ("12 bis, rue de la Paix", "12 bis, rue de la Paix"),
        ("320, boulevard Roy", "320, boulevard Roy"),
        ("57, rue Gabrielle Da Costa", "57, rue Gabrielle Da Costa"),
        ("3 av. du Général Leclerc", "3 av. du Général Leclerc"),
        ("12 place de la République", "12 place de la République"),
        ("au 12 rue de la paix", "12 rue de la paix"),
        ("J'habite chemin Timothée Morin", "chemin Timothée Morin"),
        ("8 rue d'Alésia, apt 4", "8 rue d'Alésia, apt 4"),
    ],
)
def test_streets(find: Find, text: str, street: str) -> None:
    assert find(text, "fr") == [("STREET_ADDRESS", street)]


@pytest.mark.parametrize(
    ("place", "text", "city"),
    [
        ("fr", "à 75002 Paris", "75002 Paris"),
        ("fr", "97490 Saint-Denis", "97490 Saint-Denis"),
        ("fr", "12119 Lecomte-sur-Grenier", "12119 Lecomte-sur-Grenier"),
        ("fr", "17000 La Rochelle", "17000 La Rochelle"),
        ("en", "in 69002 lyon", "69002 lyon"),
        ("en", "Lyon (69002)", "Lyon (69002)"),
        ("en", "my address: 12119 Gaudin", "12119 Gaudin"),
    ],
)
def test_postcodes_with_their_city(find: Find, place: str, text: str, city: str) -> None:
    assert find(text, place) == [("POSTCODE_CITY", city)]


@pytest.mark.parametrize(
    "text",
    ["la rue de Rivoli est belle", "la place de la République", "5 cours de danse",
     "2 places libres",
     "25000 Personnes", "10000 Bravo", "20000 EUR", "99999 Ville", "12345", "$75002 Paris"],
)  # fmt: skip
def test_others(find: Find, text: str) -> None:
    assert find(text, "fr") == []


def test_elsewhere_a_city_must_be_known_or_told(find: Find) -> None:
    assert find("12119 Gaudin", "en") == []
