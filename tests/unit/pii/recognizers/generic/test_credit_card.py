from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "number",
    ["4111 1111 1111 1111", "4111111111111111", "4111-1111-1111-1111", "4111.1111.1111.1111",
     "4111_1111_1111_1111", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "378282246310005",
     "3782 822463 10005",
     "5555 5555 5555 4444", "2223 0031 2200 3222", "6011 1111 1111 1117", "3530111333300000",
     "4222222222222", "6200000000000005", "3056 930902 5904"],
)  # fmt: skip
@pytest.mark.parametrize("sentence", ["{}", "Ma carte : {}.", "pay {} in 2 days"])
def test_cards(find: Find, sentence: str, number: str) -> None:
    assert find(sentence.format(number), "fr") == [("CREDIT_CARD", number)]


@pytest.mark.parametrize(
    "text", ["4111 1111 1111 1112", "1111111111111117", "4444444444444444x", "0000000000000000"]
)
def test_others(find: Find, text: str) -> None:
    assert ("CREDIT_CARD", text) not in find(text)
