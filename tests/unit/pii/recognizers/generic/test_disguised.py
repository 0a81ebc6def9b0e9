from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("place", "number"),
    [
        ("fr", "zéro six douze trente-quatre cinquante-six soixante-dix-huit"),
        ("fr", "zero six, un deux, trois quatre, cinq six, sept huit"),
        ("fr", "06 douze trente quatre cinquante six soixante dix-huit"),
        ("fr", "zéro six quatre-vingt-douze vingt et un quatre-vingts trois deux"),
        ("en", "two one two five five five zero one four three"),
        ("fr", "zéro six 12 34 56 78"),
        ("fr", "O6 12 34 56 78"),
        ("fr", "O6l2345678"),
        ("fr", "+33 6 I2 34 56 78"),
    ],
)
def test_numbers(find: Find, place: str, number: str) -> None:
    assert find(f"voici {number} !", place) == [("PHONE_NUMBER", number)]


def test_cards(find: Find) -> None:
    assert find("4111 1111 1111 1lll") == [("CREDIT_CARD", "4111 1111 1111 1lll")]
    spoken = "four one one one " + "one " * 11 + "one"
    assert find(spoken) == [("CREDIT_CARD", spoken)]


@pytest.mark.parametrize(
    "text",
    ["un deux trois quatre cinq six sept huit neuf dix", "one two three four five six seven",
     "six hours and forty two minutes", "20l6 was a good year", "B2O 10O 3O"],
)  # fmt: skip
def test_others(find: Find, text: str) -> None:
    assert find(text) == []
