from __future__ import annotations

from collections.abc import Callable

Find = Callable[..., list[tuple[str, str]]]


def test_beside_the_word_alone(find: Find) -> None:
    assert find("Mon passeport : 12AB34567") == [("FR_PASSPORT", "12AB34567")]
    assert find("passport 12 AB 34567", "en") == [("FR_PASSPORT", "12 AB 34567")]
    assert find("Mon code : 12AB34567") == []
