from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("my SIN is 123 456 782", "CA", "CA_SIN", "123 456 782"),
        ("assurance sociale : 123456782", "fr", "CA_SIN", "123456782"),
        ("health card 9698 658 215", "en", "CA_HEALTH_NUMBER", "9698 658 215"),
        ("numéro d\x27assurance maladie LEAD 8505 1234", "fr", "CA_HEALTH_NUMBER",
         "LEAD 8505 1234"),
        ("K1A 0B1 !", "CA", "CA_POSTCODE", "K1A 0B1"),
        ("my postal code is k1a 0b1", "en", "CA_POSTCODE", "k1a 0b1"),
        ("passport AB123456", "CA", "CA_PASSPORT", "AB123456"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("my SIN is 123 456 783", "CA"),
        ("123 456 782 !", "CA"),
        ("health card 9698 658 216", "en"),
        ("assurance maladie LEAD 8599 9934", "fr"),
        ("K1A 0B1 !", "fr"),
        ("ship it in 3 to 5 days, order A1B2C3", "en"),
        ("flight AB123456", "CA"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
