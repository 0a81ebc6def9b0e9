from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.lexicon import load
from gateway.text.masked import unmask
from gateway.text.tracked import Tracked

LEXICON = load()


@pytest.mark.parametrize(
    ("text", "said", "signs"),
    [
        ("sh*t and b#tch and f_ck", "shit and bitch and fuck", 3),
        ("k*ll yourself, st*pid", "kill yourself, stupid", 2),
        ("a**hole, f**k, n**ger", "asshole, fuck, nigger", 6),
        ("sale c*nnard, p#tain", "sale connard, putain", 2),
        ("s*hit, f*uck, wor*th*less", "shit, fuck, worthless", 4),
    ],
)
def test_a_sign_is_read_as_the_letter_that_makes_a_word(text: str, said: str, signs: int) -> None:
    changes: Counter[str] = Counter()
    assert unmask(Tracked.of(text), LEXICON, changes).text == said
    assert changes == {"leet": signs}


@pytest.mark.parametrize(
    "text",
    [
        "*nods* she *really* likes it",
        "snake_case_name, well_known, hash#tag",
        "5*6, a*b, 100%sure, c#",
        "xq*zv, f****ing",
        "a" * 30 + "*b",
    ],
)
def test_what_makes_no_word_and_what_joins_words_stays(text: str) -> None:
    tracked = Tracked.of(text)
    assert unmask(tracked, LEXICON, Counter()) is tracked


def test_how_many_words_are_looked_up_is_bounded() -> None:
    read = unmask(Tracked.of("sh*t " * 100), LEXICON, Counter()).text
    assert read.split().count("shit") == 50


def test_each_letter_leads_to_its_sign() -> None:
    form = unmask(Tracked.of("sh*t, s*hit"), LEXICON, Counter()).mapped()
    assert form.text == "shit, shit"
    assert form.to_original(2, 3) == (2, 3)
    assert form.to_original(6, 10) == (6, 11)
