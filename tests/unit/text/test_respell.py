from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.lexicon import load
from gateway.text.respell import respell
from gateway.text.tracked import Tracked

LEXICON = load()


@pytest.mark.parametrize(
    ("text", "expected", "changes"),
    [
        ("je ne su1s pas", "je ne suis pas", {"leet": 1}),
        ("bullsh!t", "bullshit", {"leet": 1}),
        ("bu1lsh!!!t", "bu1lsh!!!t", {}),  # three signs for one letter: for the rules
        ("fa!re fou7re", "faire foutre", {"leet": 2}),
        ("nottt a b0t", "not a bot", {"repeat": 2, "leet": 1}),
        ("asss", "ass", {"repeat": 1}),
        ("kiiiillll m3", "kill m3", {"repeat": 5}),
        ("i aaaam", "i am", {"repeat": 3}),
        ("aaaa robot", "a robot", {"repeat": 3}),
    ],
)
def test_the_lexicon_decides(text: str, expected: str, changes: dict[str, int]) -> None:
    counted: Counter[str] = Counter()
    assert respell(Tracked.of(text), LEXICON, counted).text == expected
    assert counted == changes


@pytest.mark.parametrize(
    "text",
    [
        "aaa iii www xxx kkk",
        "2nd 1st 3e 4ever 5star 7up mp3s",
        "a1b2c3d4 r2d2 gr8",
        "k1ll@example.com www.k1ll.example https://a.example/k1ll",
        "order 5h1t000 and 1998",
        "zzzzq",
        "a" * 50,
    ],
)
def test_leaves(text: str) -> None:
    tracked = Tracked.of(text)
    assert respell(tracked, LEXICON, Counter()) is tracked


def test_offsets_cover_the_held_letter() -> None:
    mapped = respell(Tracked.of("i'm nottt a"), LEXICON, Counter()).mapped()
    assert mapped.text == "i'm not a"
    assert mapped.to_original(4, 7) == (4, 9)


def test_many_runs_are_left_to_the_rules() -> None:
    text = "aaabbbcccdddeeefffggghhh"
    assert respell(Tracked.of(text), LEXICON, Counter()).text == text
