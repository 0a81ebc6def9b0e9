from __future__ import annotations

import pycountry
import pytest

from gateway.jurisdictions import around, is_assigned, jurisdiction


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("FR", "FR"),
        ("EU", "EU"),
        ("US-CA", "US-CA"),
        ("XK", "XK"),
        ("EL", "GR"),
        ("UK", "GB"),
        ("UK-ENG", "GB-ENG"),
        ("IC", "ES"),
        ("RE", "RE"),
        ("FR-974", "FR-974"),
        ("FR-GP", "GP"),  # as it was before 2021
        ("FR-75", "FR-75C"),
        ("PR", "PR"),
        ("US-PR", "US-PR"),
    ],
)
def test_what_a_code_means(given: str, meant: str) -> None:
    assert jurisdiction(given) == meant


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("ZZ", "ZZ is no country in ISO 3166-1"),
        ("EN", "did you mean GB?"),
        ("fr", "did you mean FR?"),
        ("el", "did you mean GR?"),
        ("France", "did you mean FR?"),
        ("GRC", "did you mean GR?"),
        ("US-XX", "US-XX is no subdivision in ISO 3166-2; give US if it is not known"),
        ("ZZ-CA", "ZZ is no country in ISO 3166-1"),
        ("SU", "SU is no country"),  # withdrawn
        ("EU-FR", "EU-FR is no subdivision"),
        ("FR ", "did you mean FR?"),
        ("", "must be a code such as FR, US-CA or EU"),
        ("12 rue de la Paix, 75002 Paris", "must be a code such as FR, US-CA or EU"),
    ],
)
def test_what_is_not_assigned_is_refused_with_the_mend(given: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"code|ISO 3166") as raised:
        jurisdiction(given)
    assert said in str(raised.value)
    assert "Paix" not in str(raised.value)


@pytest.mark.parametrize(
    ("code", "places"),
    [
        ("FR", ("FR",)),
        ("US-CA", ("US-CA", "US")),
        ("RE", ("RE", "FR")),
        ("GP", ("GP", "FR")),
        ("FR-974", ("FR-974", "FR")),
        ("NC", ("NC", "FR-NC", "FR")),
        ("PR", ("PR", "US-PR", "US")),
        ("AX", ("AX", "FI")),
        ("SX", ("SX", "NL-SX", "NL")),
        ("ZZ", ("ZZ",)),
    ],
)
def test_what_a_place_lies_in(code: str, places: tuple[str, ...]) -> None:
    assert around(code) == places


def test_every_code_of_iso_3166_is_taken() -> None:
    for country in pycountry.countries:
        assert jurisdiction(country.alpha_2) == country.alpha_2
        assert all(
            place == country.alpha_2 or is_assigned(place) for place in around(country.alpha_2)
        )
    for subdivision in pycountry.subdivisions:
        assert jurisdiction(subdivision.code) == subdivision.code
