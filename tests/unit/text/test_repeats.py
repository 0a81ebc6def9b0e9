from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.repeats import collapse
from gateway.text.tracked import Tracked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("heeellooo", "hello"),
        ("coool", "cool"),
        ("goooood looove nooo", "good love no"),
        ("fuuuck fuckkk", "fuck fuck"),
        ("killll asssshole", "kill asshole"),
        ("bitchhh stoppp", "bitch stop"),
        ("merdeeee ouiiii", "merde oui"),
        ("дуууурак", "дурак"),
        ("傻傻傻逼", "傻逼"),
        ("xxxxxxx", "xxx"),
    ],
)
def test_collapses(text: str, expected: str) -> None:
    changes: Counter[str] = Counter()
    assert collapse(Tracked.of(text), changes).text == expected
    assert changes["repeat"] == len(text) - len(expected)


@pytest.mark.parametrize(
    "text", ["www.example", "xxx", "kkk", "hello class", "10000 000", "哈哈哈", "!!!!"]
)
def test_leaves(text: str) -> None:
    tracked = Tracked.of(text)
    assert collapse(tracked, Counter()) is tracked


def test_the_whole_run_is_covered() -> None:
    mapped = collapse(Tracked.of("so fuuuck it"), Counter()).mapped()
    assert mapped.to_original(3, 7) == (3, 9)
    mapped = collapse(Tracked.of("nooooo"), Counter()).mapped()
    assert mapped.to_original(0, 2) == (0, 6)
