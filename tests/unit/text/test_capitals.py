from __future__ import annotations

from collections import Counter

import pytest

from gateway.text.capitals import without_posing_capitals
from gateway.text.lexicon import load
from gateway.text.tracked import Tracked

LEXICON = load()


@pytest.mark.parametrize(
    ("text", "said", "posed"),
    [
        ("kiII them", "kill them", 2),
        ("worthIess", "worthless", 1),
        ("Iick it", "lick it", 1),
        ("IsIand", "Island", 1),
    ],
)
def test_a_capital_that_makes_no_word_is_read_as_the_letter_it_looks_like(
    text: str, said: str, posed: int
) -> None:
    changes: Counter[str] = Counter()
    assert without_posing_capitals(Tracked.of(text), LEXICON, changes).text == said
    assert changes == {"homoglyph": posed}


@pytest.mark.parametrize(
    "text",
    [
        "In Iceland I like it",
        "KILL BILL",
        "McIntyre, LaTeXIt, WiFiIds",
        "iPhone",
        "Iwo Jima III",
        "",
    ],
)
def test_names_and_words_stay(text: str) -> None:
    tracked = Tracked.of(text)
    assert without_posing_capitals(tracked, LEXICON, Counter()) is tracked
