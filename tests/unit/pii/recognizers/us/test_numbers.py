from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("our EIN is 91-1144442", "en", "US_EIN", "91-1144442"),
        ("my passport number is 340020013", "US", "US_PASSPORT", "340020013"),
        ("driver\x27s license: D1234567", "US", "US_DRIVER_LICENSE", "D1234567"),
        ("drivers license F255-921-50-094", "en", "US_DRIVER_LICENSE", "F255-921-50-094"),
        ("routing number 111000025", "en", "US_BANK_ROUTING", "111000025"),
        ("routing # 1110-0002-5", "en", "US_BANK_ROUTING", "1110-0002-5"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("our EIN is 07-1144442", "en"),
        ("91-1144442 !", "en"),
        ("340020013 !", "en"),
        ("my driver dropped me at D1234567", "en"),
        ("routing number 111000026", "en"),
        ("111000025 !", "US"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
