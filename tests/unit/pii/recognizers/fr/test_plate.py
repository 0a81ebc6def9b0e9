from __future__ import annotations

from collections.abc import Callable

import pytest

Find = Callable[..., list[tuple[str, str]]]


@pytest.mark.parametrize(
    ("place", "text", "plate"),
    [
        ("fr", "vu AB-123-CD hier", "AB-123-CD"),
        ("en", "seen AB-123-CD today", "AB-123-CD"),
        ("fr", "vu AB 123 CD hier", "AB 123 CD"),
        ("fr", "ma plaque ab-123-cd", "ab-123-cd"),
        ("fr", "ma plaque : AB123CD", "AB123CD"),
        ("fr", "vu 219-LWW-01", "219-LWW-01"),
        ("fr", "immatriculée 1234 AB 2A", "1234 AB 2A"),
    ],
)
def test_plates(find: Find, place: str, text: str, plate: str) -> None:
    assert find(text, place) == [("FR_PLATE", plate)]


@pytest.mark.parametrize(
    "text", ["AB 123 CD", "UX330UA", "25-DEC-16", "15 to 30 min by car", "AB123CD", "a-123-b"]
)
def test_others(find: Find, text: str) -> None:
    assert find(text, "en") == []
