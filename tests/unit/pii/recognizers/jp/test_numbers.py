from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("6214 9832 0257 !", "ja", "JP_MY_NUMBER", "6214 9832 0257"),
        ("マイナンバーは621498320257です", "ja", "JP_MY_NUMBER", "621498320257"),
        ("法人番号 5835678256246", "ja", "JP_CORPORATE_NUMBER", "5835678256246"),
        ("旅券番号 TK1234567", "ja", "JP_PASSPORT", "TK1234567"),
        ("運転免許証の番号は301234567890", "ja", "JP_DRIVER_LICENSE", "301234567890"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("マイナンバーは6214 9832 0258です", "ja"),
        ("法人番号 4835678256246", "ja"),
        ("5835678256246 !", "ja"),
        ("便名 TK1234567", "ja"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
