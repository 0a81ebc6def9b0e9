from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.leet import unleet
from gateway.text.tracked import Tracked


@pytest.mark.parametrize(
    ("text", "expected", "count"),
    [
        ("k1ll", "kill", 1),
        ("ki1l he11o", "kill hello", 3),
        ("f4ggot n00b fa99", "faggot noob fa99", 3),
        ("@ss @$$hole", "ass asshole", 4),
        ("$hit 5hit sh!t", "shit shit shit", 3),
        ("a$$ bitche$", "ass bitches", 3),
        ("b@$tard", "bastard", 2),
        ("k|ll", "kill", 1),
        ("m€rde", "merde", 1),
        ("1diot c0nn4rd", "idiot connard", 3),
        ("0bscene", "obscene", 1),
    ],
)
def test_reads(text: str, expected: str, count: int) -> None:
    changes: Counter[str] = Counter()
    assert unleet(Tracked.of(text), changes).text == expected
    assert changes["leet"] == count


@pytest.mark.parametrize(
    "text",
    [
        "2nd 1st 3e 1er 20h 5km 4k",
        "covid19 mp3 mp3s ps5pro web3dev",
        "$50 50$ 20€ €5 us$ a$50",
        "06 39 98 12 34",
        "@sam @lea32 hello@example.com www.n0.example https://a.example/k1ll",
        "4ever 5star 3some 7up",
        "wow!amazing stop!now",
        "a1b2c3d4e5 fr7630006000",
        "10k h10k i18n",
        "c'est 100%",
        "no signs",
    ],
)
def test_leaves(text: str) -> None:
    assert unleet(Tracked.of(text), Counter()).text == text
