from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "number",
    ["2 95 10 99 126 111 93", "295109912611193", "2.95.10.99.126.111.93", "1 85 05 2A 004 123 56",
     "185052B00412383"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["fr", "en"])
def test_numbers_with_their_key(find: Find, place: str, number: str) -> None:
    assert find(f"voici {number} merci", place) == [("FR_NIR", number)]


def test_without_the_key_a_word_must_be_near(find: Find) -> None:
    assert find("numéro de sécu 2 95 10 99 126 111", "en") == [("FR_NIR", "2 95 10 99 126 111")]
    assert find("2 95 10 99 126 111", "en") == []


@pytest.mark.parametrize("text", ["2 95 10 99 126 111 94", "9 95 10 99 126 111 93"])
def test_others(find: Find, text: str) -> None:
    assert "FR_NIR" not in [kind for kind, _ in find(text)]
