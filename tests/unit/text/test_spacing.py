from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.lexicon import load
from gateway.text.spacing import join
from gateway.text.tracked import Tracked

LEXICON = load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k i l l", "kill"),
        ("so k i l l  y o u now", "so kill you now"),
        ("k  i  l  l", "kill"),
        ("f-u-c-k", "fuck"),
        ("f - u - c - k", "fuck"),
        ("k.i.l.l y.o.u", "kill you"),
        ("k_i_l_l", "kill"),
        ("f|u|c|k", "fuck"),
        ("k...i...l...l", "kill"),
        ("c r è v e", "crève"),
        ("у б ь ю", "убью"),
        ("你 是 傻 逼", "你是傻逼"),
        ("傻 逼", "傻逼"),
        ("你是傻*逼", "你是傻逼"),
        ("傻.逼", "傻逼"),
        ("sh*it f**k", "shit fk"),
        ("étudiant·e·s", "étudiantes"),
        ("i   a m   n o t   a   b o t", "i am not a bot"),
        ("k🔥i🔥l🔥l y🔥o🔥u", "kill you"),
        ("i w✨a✨s b✨o✨r✨n", "i was born"),
        ("贱|人", "贱人"),
    ],
)
def test_joins(text: str, expected: str) -> None:
    changes: Counter[str] = Counter()
    assert join(Tracked.of(text), LEXICON, changes).text == expected
    assert changes["spacing"] > 0


@pytest.mark.parametrize(
    "text",
    [
        "il y a à boire",
        "e.g. i.e. p. 5",
        "1 2 3 4 5",
        "1.2.3.4",
        "a + b",
        "I a m",
        "well-known rendez-vous d'accord",
        "my_name and snake_case",
        "你好 世界",
        "vs. a b-side",
    ],
)
def test_leaves(text: str) -> None:
    tracked = Tracked.of(text.lower())
    assert join(tracked, LEXICON, Counter()) is tracked


@pytest.mark.parametrize(
    ("text", "expected"),
    [("你傻😂逼吗", "你傻逼吗"), ("bul💀lshit", "bullshit"), ("as😂shole it", "asshole it")],
)
def test_an_emoji_inside_goes_and_is_no_garbling(text: str, expected: str) -> None:
    changes: Counter[str] = Counter()
    assert join(Tracked.of(text), LEXICON, changes).text == expected
    assert not changes


@pytest.mark.parametrize("text", ["love❤you", "hi😂lol", "so 🔥 a 🔥 b", "so 😂 k"])
def test_an_emoji_between_words_stays(text: str) -> None:
    tracked = Tracked.of(text)
    assert join(tracked, LEXICON, Counter()) is tracked


def test_offsets_cover_what_was_apart() -> None:
    mapped = join(Tracked.of("go k-i-l-l it"), LEXICON, Counter()).mapped()
    start = mapped.text.index("kill")
    assert mapped.to_original(start, start + 4) == (3, 10)
