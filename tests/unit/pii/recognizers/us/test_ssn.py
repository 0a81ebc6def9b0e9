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
    ],
)
def test_numbers(find: Find, text: str, number: str) -> None:
    assert find(text, "en") == [("US_SSN", number)]


@pytest.mark.parametrize("text", ["000-12-3456", "731-00-4418", "731834418", "731-83 4418"])
def test_others(find: Find, text: str) -> None:
    assert find(text, "en") == []
