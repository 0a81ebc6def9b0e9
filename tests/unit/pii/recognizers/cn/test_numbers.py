from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.pii.recognizers import NATIONAL

Find = Callable[..., list[tuple[str, str]]]

KINDS = {number.kind for number in NATIONAL}


@pytest.mark.parametrize(
    ("text", "place", "kind", "number"),
    [
        ("360426199101010071 !", "zh", "CN_ID", "360426199101010071"),
        ("身份证号36042619910101104X。", "zh", "CN_ID", "36042619910101104X"),
        ("91110000600037341L !", "zh", "CN_USCC", "91110000600037341L"),
        ("护照E12345678", "zh", "CN_PASSPORT", "E12345678"),
    ],
)  # fmt: skip
def test_numbers(find: Find, text: str, place: str, kind: str, number: str) -> None:
    assert (kind, number) in find(text, place)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("身份证号 360426199101010072", "zh"),
        ("身份证号 360426199113010071", "zh"),
        ("统一社会信用代码91110000600037342L", "zh"),
        ("航班E12345678", "zh"),
        ("id1360426199101010071", "zh"),
        ("3604261991010100719", "zh"),
    ],
)  # fmt: skip
def test_others(find: Find, text: str, place: str) -> None:
    assert [kind for kind, _ in find(text, place) if kind in KINDS] == []
