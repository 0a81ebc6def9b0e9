from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("AB 12 34 56 C !", "GB", "UK_NINO", "AB 12 34 56 C"),
        ("national insurance AB123456C", "en", "UK_NINO", "AB123456C"),
        ("my NHS number is 943 476 5919", "en", "UK_NHS", "943 476 5919"),
        ("UTR: 1955839661", "en", "UK_UTR", "1955839661"),
        ("passport 925076473", "GB", "UK_PASSPORT", "925076473"),
        ("MORGA753116SM9IJ !", "fr", "UK_DRIVING_LICENCE", "MORGA753116SM9IJ"),
        ("my postcode is sw1a 2aa", "en", "UK_POSTCODE", "sw1a 2aa"),
        ("SW1A 2AA !", "GB", "UK_POSTCODE", "SW1A 2AA"),
        ("number plate AB12 CDE", "en", "UK_PLATE", "AB12 CDE"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("my NHS number is 943 476 5918", "en"),
        ("943 476 5919 !", "GB"),
        ("UTR: 2955839661", "en"),
        ("1955839661 !", "GB"),
        ("MORGA993116SM9IJ !", "en"),
        ("national insurance BG123456C", "en"),
        ("B2 3AM is in the third room", "en"),
        ("order AB12 CDE", "en"),
        ("my car does 0 to 60 in A1 condition", "en"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
