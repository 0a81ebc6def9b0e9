from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    "number",
    ["FR76 3000 6000 0112 3456 7890 189", "FR7630006000011234567890189", "DE89370400440532013000",
     "fr76 3000 6000 0112 3456 7890 189", "GB82 WEST 1234 5698 7654 32", "BE68 5390 0754 7034",
     "FR76-3000-6000-0112-3456-7890-189", "F R 7 6 3 0 0 0 6 0 0 0 0 1 1 2 3 4 5 6 7 8 9 0 1 8 9"],
)  # fmt: skip
@pytest.mark.parametrize("sentence", ["{}", "IBAN : {} merci", "{} 2 days from today"])
def test_numbers(find: Find, sentence: str, number: str) -> None:
    assert find(sentence.format(number), "en") == [("IBAN_CODE", number)]


@pytest.mark.parametrize(
    "text", ["FR76 3000 6000 0112 3456 7890 188", "XX89370400440532013000", "DE8937040044"]
)
def test_others(find: Find, text: str) -> None:
    assert "IBAN_CODE" not in [kind for kind, _ in find(text)]
