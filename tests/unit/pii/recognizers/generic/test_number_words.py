from __future__ import annotations

import unicodedata

import pytest
from num2words import num2words

from gateway.pii.recognizers.generic.number_words import (
    HAN_NUMERALS,
    HANGUL_NUMERALS,
    JOINERS,
    PLUS,
    number_words,
)

WORDS = number_words()


@pytest.mark.parametrize(
    ("language", "top", "else_said"),
    [("en", 100, set()), ("fr", 100, set()), ("fr_BE", 100, {81}), ("fr_CH", 100, set()),
     ("es", 1000, set()), ("de", 1000, set()), ("pt", 1000, set()), ("pt_BR", 1000, set()),
     ("it", 1000, {hundreds + 18 for hundreds in range(100, 1000, 100)})],
)  # fmt: skip
def test_numbers_are_said_as_num2words_says_them(
    language: str, top: int, else_said: set[int]
) -> None:
    """Where it has a form that nobody uses ("centodicotto"), we read the other."""
    wrong = {
        number
        for number in range(top)
        if WORDS.get(num2words(number, lang=language).replace(" ", "-").replace(",", ""))
        != str(number)
    }
    assert wrong <= else_said


@pytest.mark.parametrize(
    ("word", "digits"),
    [("zero-six", "06"), ("double-five", "55"), ("triple-oh", "000"), ("oh", "0"), ("meia", "6"),
     ("septante-deux", "72"), ("vierunddreissig", "34"), ("fuenf", "5"), ("tres", "3"),
     ("seiscientos-doce", "612"), ("trecentotrentatre", "333"), ("centottantuno", "181")],
)  # fmt: skip
def test_other_ways_to_say_them(word: str, digits: str) -> None:
    assert WORDS[word] == digits


def test_words_of_every_sentence_are_no_numbers() -> None:
    assert WORDS.keys().isdisjoint(JOINERS | PLUS)


def test_han_numerals_are_what_unicode_says() -> None:
    """All of them but the round zeros, and 幺, which is a 1 by ear alone."""
    said = {char: str(int(unicodedata.numeric(char, -1))) for char in HAN_NUMERALS}
    assert {char for char in said if said[char] != HAN_NUMERALS[char]} <= set("幺么○◯")


def test_korean_reads_each_digit_out() -> None:
    assert "".join(HANGUL_NUMERALS.values()) == "001234566789"
    assert all(len(numeral) == 1 for numeral in HANGUL_NUMERALS)
