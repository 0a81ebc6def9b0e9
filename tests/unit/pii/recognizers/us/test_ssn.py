from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("731-83-4418", "731-83-4418"),
        ("731 83 4418", "731 83 4418"),
        ("my SSN is 731834418", "731834418"),
        ("7-3-1-8-3-4-4-1-8", "7-3-1-8-3-4-4-1-8"),
        ("7_3_1_8_3_4_4_1_8 !", "7_3_1_8_3_4_4_1_8"),
        ("my social is 7 3 1 8 3 4 4 1 8", "7 3 1 8 3 4 4 1 8"),
        (
            "my ssn is seven three one, eight three, four four one eight",
            "seven three one, eight three, four four one eight",
        ),
    ],
)
def test_numbers(find: Find, text: str, number: str) -> None:
    assert find(text, "en") == [("US_SSN", number)]


@pytest.mark.parametrize(
    "text",
    [
        "000-12-3456",
        "731-00-4418",
        "731834418",
        "731-83 4418",
        "7 3 1 8 3 4 4 1 8",
        "0-0-0-1-2-3-4-5-6",
        "1-2-1-2-1-2-1-2-1",
        "seven three one eight three four four one eight",
    ],
)
def test_others(find: Find, text: str) -> None:
    assert find(text, "en") == []
