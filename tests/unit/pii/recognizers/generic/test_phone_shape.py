from __future__ import annotations

import pytest

from gateway.pii.recognizers.generic import phone_shape
from gateway.pii.recognizers.generic.phone_shape import (
    BARE,
    FORMATTED,
    INTERNATIONAL,
    POSSIBLE,
    SHAPED,
    TRUNK,
    regions_of,
    shape,
)


@pytest.mark.parametrize(
    ("value", "score"),
    [
        ("+33 6 12 34 56 78", INTERNATIONAL),
        ("0033612345678", INTERNATIONAL),
        ("+33 (0)6 12 34 56 78", INTERNATIONAL),
        ("+1 555 555 0100", POSSIBLE),
        ("06 12 34 56 78", FORMATTED),
        ("0612345678", TRUNK),
        ("2125550143", BARE),
        ("374 780 163", SHAPED),
        ("2016-12-24", 0.0),
        ("2016 - 2017", 0.0),
        ("731-83-4418", 0.0),
        ("192.168.10.25", 0.0),
        ("77 77 77 77", 0.0),
        ("1 234 500", 0.0),
    ],
)
def test_a_shape_has_a_worth(value: str, score: float) -> None:
    assert shape(value, ("FR", "US")) == score


def test_regions_come_from_languages_and_countries() -> None:
    assert set(regions_of(frozenset())) == {"FR", "US", "GB"}
    assert {"ES", "JP"} <= set(regions_of(frozenset({"es", "JP", "xx", "ZZ"})))


def test_dates_are_borders() -> None:
    text = "on 2017-01-25 01"
    [(start, end)] = phone_shape.dates_in(text, 0, len(text))
    assert text[start:end] == "2017-01-25"


@pytest.mark.parametrize(("digits", "valid"), [("33612345678", True), ("12", False), ("x", False)])
def test_links_name_numbers_without_a_plus(digits: str, valid: bool) -> None:
    assert phone_shape.is_valid_abroad(digits) is valid


@pytest.mark.parametrize(
    ("value", "counts"), [("1 2 3", True), ("2024, 2025, 2026", True), ("1 2 4", False)]
)
def test_counting_is_no_number(value: str, counts: bool) -> None:
    assert phone_shape.counts(value) is counts
